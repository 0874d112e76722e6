"""Bringing in what agents wrote: which transcripts there are, what is new of them, what is at risk."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from reenact import ingest
from reenact.archive.agents import SOURCES
from reenact.archive.values import Risk
from reenact.errors import UsageError

if TYPE_CHECKING:
    from reenact.archive.facade import Archive
    from reenact.sources import Source

Tell = Callable[[ingest.Progress], None]


def find(archive: Archive, *, agents: Iterable[str], paths: Iterable[str]) -> list[ingest.Found]:
    """Gives the transcripts of some agents, or below given paths, newest first."""
    chosen = _sources(agents)
    named = list(paths)
    if not named:
        return ingest.newest_first(ingest.everywhere(chosen, archive.environment))
    for path in named:
        if not os.path.lexists(path):
            raise UsageError(f"there is no {path}", hint="name an agent, a folder or a transcript")
    return ingest.newest_first(item for path in named for item in ingest.below(chosen, os.path.abspath(path)))


def catch_up(
    archive: Archive,
    found: list[ingest.Found] | None,
    *,
    everything: bool,
    again: bool,
    seconds: float | None,
    progress: Tell | None,
) -> ingest.Report:
    """Imports what is new or changed among `found` (else among all transcripts of this machine)."""
    items = archive.find() if found is None else found
    rest: list[ingest.Found] = []
    if not everything:
        items, rest = ingest.first_part(items, archive.path, is_kept=lambda item: _is_kept(archive, item))
    archive.store.catch_up()
    end = None if seconds is None else archive.clock.now() + int(seconds * 1_000_000)

    def is_over() -> bool:
        return end is not None and archive.clock.now() >= end

    backfill = ingest.Backfill(
        archive.store, never=archive.settings.imports.never, again=again, progress=progress, is_over=is_over
    )
    ingest.begin(archive.store, SOURCES)
    report = backfill.run(items)
    ingest.derive_all(archive.store, SOURCES, progress=progress, is_over=is_over)
    return ingest.Report(
        agents=report.agents,
        problems=report.problems,
        left_out=len(rest),
        left_out_bytes=sum(item.transcript.size for item in rest),
        postponed=report.postponed,
    )


def problems(archive: Archive, *, agents: Iterable[str], paths: Iterable[str]) -> list[ingest.Problem]:
    """Gives what looks like a transcript and cannot be read as one."""
    chosen, named = _sources(agents), [os.path.abspath(path) for path in paths]
    roots = [(source, root) for source in chosen for root in (named or source.roots(archive.environment))]
    return list(ingest.problems(roots))


def risks(archive: Archive) -> list[Risk]:
    """Gives the transcripts that their agents will delete of their own accord, soonest first."""
    found = []
    for item in ingest.everywhere(SOURCES, archive.environment):
        retention = item.source.retention(archive.environment, item.transcript)
        if retention is not None:
            found.append(Risk(agent=item.source.agent, retention=retention, kept=_is_kept(archive, item)))
    return sorted(found, key=lambda risk: risk.retention.deletes_at)


def _is_kept(archive: Archive, item: ingest.Found) -> bool:
    place = archive.store.place(item.transcript.path)
    return place is not None and (place.size, place.mtime_ns) == (
        item.transcript.size,
        item.transcript.mtime_ns,
    )


def _sources(agents: Iterable[str]) -> tuple[Source, ...]:
    names = list(agents)
    known = {source.agent: source for source in SOURCES}
    for name in names:
        if name not in known:
            raise UsageError(f"{name} is no agent", hint=f"agents: {', '.join(known)}")
    return tuple(known[name] for name in names) or SOURCES

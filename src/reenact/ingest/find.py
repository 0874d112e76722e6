"""Finds transcripts: below the agents' own folders, or where the user points."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress

import msgspec

from reenact.sources import Environment, Source, Transcript


class Found(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A transcript and the source that reads it."""

    source: Source
    transcript: Transcript


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Something that looks like a transcript and cannot be read as one."""

    agent: str
    path: str
    reason: str


def everywhere(sources: Iterable[Source], environment: Environment) -> Iterator[Found]:
    """Yields every transcript below the folders that the agents' variables and the settings name."""
    for source in sources:
        for root in _distinct(source.roots(environment)):
            yield from _below(source, root)


def below(sources: Iterable[Source], path: str) -> Iterator[Found]:
    """Yields every transcript of any source below a path that the user named."""
    for source in sources:
        yield from _below(source, path)


def _below(source: Source, root: str) -> Iterator[Found]:
    """Yields what one source finds; a folder that stops it stops no other, and `problems` names it."""
    with suppress(OSError):
        for transcript in source.transcripts(root):
            yield Found(source=source, transcript=transcript)


def problems(roots: Iterable[tuple[Source, str]]) -> Iterator[Problem]:
    """Yields what below those roots cannot be read, each path once."""
    seen = set()
    for source, root in roots:
        for path, reason in _problems(source, root):
            if path not in seen:
                seen.add(path)
                yield Problem(agent=source.agent, path=path, reason=reason)


def _problems(source: Source, root: str) -> Iterator[tuple[str, str]]:
    try:
        yield from source.problems(root)
    except OSError as error:
        yield str(error.filename or root), error.strerror or "it cannot be read"


def newest_first(found: Iterable[Found]) -> list[Found]:
    """Gives each transcript place once, latest change first."""
    by_path = {(item.source.agent, item.transcript.path): item for item in found}
    return sorted(by_path.values(), key=lambda item: item.transcript.mtime_ns, reverse=True)


def _distinct(roots: Iterable[str]) -> Iterator[str]:
    seen = set()
    for root in roots:
        real = os.path.realpath(root)
        if real not in seen:
            seen.add(real)
            yield root

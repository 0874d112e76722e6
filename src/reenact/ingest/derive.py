"""Kept bytes to events: runs a source's parser over an original and hands the store what it became.

Imports and rebuilds take this one way, so that what an import shows is what a rebuild shows.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing

import msgspec

from reenact import ids
from reenact.events import FORMAT, Event, Origin
from reenact.events.bodies import ParseWarning, SessionStarted, WorkspaceChanged
from reenact.ingest.lines import cut, document
from reenact.ingest.merge import Merge
from reenact.ingest.projects import root_of
from reenact.sources import Draft, Line, Parsed, Parser, Setting, Source
from reenact.store import Derived, Deriving, Generation, Original, Store

_TAIL = 64 * 1024
_SHOWN = 4096  # bytes of a line that a warning shows
_TIMESTAMP = re.compile(rb'"timestamp"\s*:\s*"([0-9T:.Z+-]{10,40})"')


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What deriving one original gave."""

    events: int = 0
    warnings: int = 0
    skipped: bool = False


def derive(store: Store, source: Source, original: Original, *, force: bool = False) -> Outcome:
    """Brings the cached events of an original up to its kept bytes; does nothing where they are."""
    wanted = made_from(source, original)
    have = store.derived(original.key.id)
    if have == wanted and not force:
        return Outcome(skipped=True)
    run = _Run(store, source, original)
    with store.derive(original.key.id, wanted, fresh=force or not _extends(wanted, have)) as deriving:
        run.into(deriving)
    return Outcome(events=run.events, warnings=run.warnings)


def made_from(source: Source, original: Original) -> Derived:
    """Gives what an original's events would be made from now."""
    sidecars = ids.derive(*(f"{name}={digest}" for name, digest in sorted(original.sidecars.items())))
    return Derived(
        parser=f"{source.agent}/{source.parser_version}",
        lengths=tuple(generation.length for generation in original.generations),
        sidecars=sidecars,
    )


def _extends(wanted: Derived, have: Derived | None) -> bool:
    """Tells whether only bytes were added to a single generation since the events were made."""
    return (
        have is not None
        and have.parser == wanted.parser
        and have.sidecars == wanted.sidecars
        and len(have.lengths) == len(wanted.lengths) == 1
        and have.lengths[0] <= wanted.lengths[0]
    )


class _Run:
    """One pass over all generations of an original."""

    def __init__(self, store: Store, source: Source, original: Original) -> None:
        self._store = store
        self._source = source
        self._original = original
        self._sequence: Counter[str] = Counter()
        self._merge = Merge() if len(original.generations) > 1 else None
        self._directories: set[str] = set()
        self._defects = 0
        self.events = 0
        self.warnings = 0

    def into(self, deriving: Deriving) -> None:
        sidecars = self._store.sidecars(self._original.key.id)
        key = self._original.key
        dispositions: Counter[str] = Counter()
        unknown: Counter[tuple[str, str]] = Counter()
        for generation in self._in_order():
            self._defects = 0
            if self._merge is not None:
                self._merge.begin()
            parser = self._source.parser(
                Setting(agent=key.agent, key=key.key, hints=key.hints, sidecars=sidecars)
            )
            version = ""
            with closing(self._store.open_original(key.id, generation.number)) as stream:
                for line in document(stream) if key.layout == "document" else cut(stream):
                    parsed = self._parsed(parser, line)
                    dispositions[parsed.disposition] += 1
                    version = parsed.agent_version or version
                    for name in parsed.unknown:
                        unknown[name, version] += 1
                    self._take(deriving, generation, line, parsed)
        for session, count in self._merge.removed().items() if self._merge is not None else ():
            deriving.removed(session, count)
        self.warnings = dispositions["warning"]
        deriving.count(dispositions, unknown=unknown)

    def _parsed(self, parser: Parser, line: Line) -> Parsed:
        """Gives what a line became; one that the parser fails at is a warning, and the rest goes on."""
        try:
            return parser.feed(line)
        except Exception as error:  # noqa: BLE001 - a source is a plug-in: its defect costs one line
            return Parsed(disposition="warning", drafts=self._defect(line, error))

    def _defect(self, line: Line, error: Exception) -> tuple[Draft, ...]:
        session = next(reversed(self._sequence), None)
        if session is None:  # nothing tells yet whose line it is; it is counted
            return ()
        raw = line.data[:_SHOWN].decode("utf-8", "replace")
        body = ParseWarning(
            message=f"the {self._source.agent} source failed: {type(error).__name__}: {error}",
            category="defect",
            raw=raw,
            size=line.length,
        )
        self._defects += 1
        record = f"defect:{ids.derive(str(self._defects), raw)}"
        return (Draft(session=session, record=record, body=body, completeness="partial"),)

    def _take(self, deriving: Deriving, generation: Generation, line: Line, parsed: Parsed) -> None:
        for header in parsed.headers:
            deriving.header(header)
        for identity, draft in self._new(parsed):
            if isinstance(draft.body, SessionStarted | WorkspaceChanged) and draft.body.cwd:
                self._remember_project(draft.body.cwd)
            self._sequence[draft.session] += 1
            deriving.add(self._event(generation, line, draft, identity))
            self.events += 1

    def _new(self, parsed: Parsed) -> Iterator[tuple[str, Draft]]:
        if self._merge is not None:
            return self._merge.new(parsed.drafts)
        return ((ids.event_id(draft.session, draft.record), draft) for draft in parsed.drafts)

    def _remember_project(self, cwd: str) -> None:
        """Looks for the project of a directory the first time it is met; what was found then stays."""
        if cwd not in self._directories:
            self._directories.add(cwd)
            root = None if self._store.project_of(cwd) else root_of(cwd)
            if root is not None:
                self._store.remember_project(cwd, root)

    def _event(self, generation: Generation, line: Line, draft: Draft, identity: str) -> Event:
        return Event(
            v=FORMAT,
            seq=self._sequence[draft.session],
            id=identity,
            session=draft.session,
            ts=draft.ts,
            recorded_at=generation.kept_at,
            loop=draft.loop,
            turn=draft.turn,
            lane=draft.lane,
            parent=ids.event_id(draft.session, draft.parent) if draft.parent else None,
            source_kind=draft.source_kind,
            completeness=draft.completeness,
            origin=Origin(
                original=self._original.key.id,
                offset=line.offset,
                length=line.length,
                generation=generation.number,
            ),
            body=draft.body,
        )

    def _in_order(self) -> Iterator[Generation]:
        """Yields generations oldest content first, by what they hold and not by when they were kept.

        Of those that end at the same moment the longest comes first: the others lack rows of it.
        """
        generations = self._original.generations
        if self._merge is None:
            return iter(generations)
        return iter(sorted(generations, key=lambda g: (self._latest(g), -g.length, g.digest)))

    def _latest(self, generation: Generation) -> bytes:
        """Gives the last timestamp in a generation's tail; ISO texts order like the times they name."""
        with closing(self._store.open_original(self._original.key.id, generation.number)) as stream:
            stream.seek(max(0, generation.length - _TAIL))
            found = _TIMESTAMP.findall(stream.read())
        return max(found, default=b"")

"""Kept bytes to events: runs a source's parser over an original and hands the store what it became.

Imports and rebuilds take this one way, so that what an import shows is what a rebuild shows.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing

import msgspec

from reenact import clock, ids
from reenact.events import FORMAT, Event, Header, Origin
from reenact.events.bodies import ParseWarning, SessionStarted, WorkspaceChanged
from reenact.ingest.hindsight import of_states
from reenact.ingest.lines import cut, document
from reenact.ingest.merge import Merge
from reenact.ingest.projects import root_of
from reenact.sources import Draft, Line, Parsed, Parser, Setting, Source
from reenact.store import Derived, Deriving, Generation, Original, Store

_TAIL = 64 * 1024
_SHOWN = 4096  # bytes of a line that a warning shows
_HEAD = 4096
_TIMESTAMP = re.compile(rb'"(?:timestamp|lastUpdated)"\s*:\s*"([0-9T:.Z+-]{10,40})"')


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What deriving one original gave."""

    events: int = 0
    warnings: int = 0
    skipped: bool = False


class Warm:
    """Passes that can go on where they ended, so that what grows is not read from its first line again."""

    def __init__(self, most: int = 24) -> None:
        self._most = most
        self._runs: dict[str, _Run] = {}

    def take(self, source: Source, original: Original, have: Derived | None) -> _Run | None:
        """Gives the pass that made the events held, where it can go on."""
        run = self._runs.pop(original.key.id, None)
        return run if run is not None and have is not None and run.continues(source, original, have) else None

    def put(self, run: _Run, made: Derived) -> None:
        """Keeps a pass; the one that rested longest is let go."""
        if run.rest(made):
            self._runs[run.key] = run
            if len(self._runs) > self._most:
                del self._runs[next(iter(self._runs))]


def derive(
    store: Store, source: Source, original: Original, *, force: bool = False, warm: Warm | None = None
) -> Outcome:
    """Brings the cached events of an original up to its kept bytes; does nothing where they are."""
    wanted = made_from(source, original)
    have = store.derived(original.key.id)
    if have == wanted and not force:
        return Outcome(skipped=True)
    fresh = force or not _extends(wanted, have)
    run = None if warm is None or fresh else warm.take(source, original, have)
    with store.derive(original.key.id, wanted, fresh=fresh, since=have if run else None) as deriving:
        if run is None or not deriving.resumes:
            run = _Run(store, source, original)
            run.into(deriving)
        else:
            run.more(deriving, original)
    if warm is not None:
        warm.put(run, wanted)
    return Outcome(events=run.events, warnings=run.warnings)


def made_from(source: Source, original: Original) -> Derived:
    """Gives what an original's events would be made from now."""
    return Derived(
        parser=f"{source.agent}/{source.parser_version}",
        lengths=tuple(generation.length for generation in original.generations),
        sidecars=original.beside,
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
        self._dispositions: Counter[str] = Counter()
        self._unknown: Counter[tuple[str, str]] = Counter()
        self._headers: dict[str, Header] = {}
        self._version = ""
        self._parser: Parser | None = None
        self._made: Derived | None = None
        self._last: Line | None = None
        self._end = "held"
        self.events = 0
        self.warnings = 0

    @property
    def key(self) -> str:
        return self._original.key.id

    def continues(self, source: Source, original: Original, have: Derived) -> bool:
        """Tells whether this pass ended where the events held end, and would go on as it began."""
        return source is self._source and have == self._made and original.key == self._original.key

    def rest(self, made: Derived) -> bool:
        """Ends a pass for now; tells whether it can go on: over one generation of lines, its end clear."""
        self._made = made
        last = self._last
        is_clear = last is None or last.terminated or self._end == "held"
        return self._merge is None and self._original.key.layout == "lines" and is_clear

    def more(self, deriving: Deriving, original: Original) -> None:
        """Goes on with what was added behind the last whole line."""
        number, offset, last = 0, 0, self._last
        if last is not None and last.terminated:
            number, offset = last.number, last.offset + last.length + 1
        elif last is not None:  # it was held: it counts as what it becomes
            number, offset = last.number - 1, last.offset
            self._dispositions["held"] -= 1
        self._original = original
        self.events, before = 0, self._dispositions["warning"]
        generation = original.generations[0]
        given: set[str] = set()
        with closing(self._store.open_original(self.key, generation.number)) as stream:
            stream.seek(offset)
            for line in cut(stream, number=number, offset=offset):
                self._line(deriving, generation, line, given)
        self.warnings = self._dispositions["warning"] - before
        deriving.count(+self._dispositions, unknown=self._unknown)

    def into(self, deriving: Deriving) -> None:
        """Reads everything from the first line on."""
        sidecars = self._store.sidecars(self._original.key.id)
        key = self._original.key
        hindsight = of_states(self._store, self._source, self._original)
        for generation in self._in_order():
            self._defects = 0
            if self._merge is not None:
                self._merge.begin()
            setting = Setting(agent=key.agent, key=key.key, hints=key.hints, sidecars=sidecars)
            self._parser = (hindsight or self._source).parser(setting)
            self._version = ""
            with closing(self._store.open_original(key.id, generation.number)) as stream:
                for line in document(stream) if key.layout == "document" else cut(stream):
                    self._line(deriving, generation, line, None)
        for session, count in self._merge.removed().items() if self._merge is not None else ():
            deriving.removed(session, count)
        self.warnings = self._dispositions["warning"]
        deriving.count(self._dispositions, unknown=self._unknown)

    def _line(self, deriving: Deriving, generation: Generation, line: Line, given: set[str] | None) -> None:
        """Takes one line; `given` are the sessions whose header was given, where the pass goes on."""
        assert self._parser is not None
        parsed = self._parsed(self._parser, line)
        self._last, self._end = line, parsed.disposition
        self._dispositions[parsed.disposition] += 1
        self._version = parsed.agent_version or self._version
        for name in parsed.unknown:
            self._unknown[name, self._version] += 1
        for header in parsed.headers:
            self._headers[header.id] = header
            deriving.header(header)
        if given is not None:
            for session in {draft.session for draft in parsed.drafts} - given:
                deriving.header(self._headers[session])
                given.add(session)
        self._take(deriving, generation, line, parsed)

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
            ts=clock.plausible(draft.ts),
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
        """Gives the last timestamp in a generation's tail; ISO texts order like the times they name.

        A document may tell at its head when it was changed, and that may be later than all it holds.
        """
        key = self._original.key
        with closing(self._store.open_original(key.id, generation.number)) as stream:
            head = stream.read(_HEAD) if key.layout == "document" else b""
            stream.seek(max(0, generation.length - _TAIL))
            found = _TIMESTAMP.findall(head + stream.read())
        return max(found, default=b"")

"""An archive in memory, for tests and for looking at something once: plain, slow, nothing derived twice."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import BinaryIO

import msgspec

from reenact.clock import Clock
from reenact.errors import AmbiguousSessionError, ArchiveBusyError, ArchiveError, SessionNotFoundError
from reenact.events import Event, Header, blob_hash, bodies, decode
from reenact.query import Query
from reenact.store import memory_search, reckon
from reenact.store.ledger import QUARTER, price_for
from reenact.store.memory_feed import MemoryFeed
from reenact.store.memory_kept import MemoryOriginals
from reenact.store.memory_parts import MemoryDeriving, MemoryTail, MemoryWriter
from reenact.store.memory_search import fits, of_session, ranks
from reenact.store.notes import with_tags
from reenact.store.part import RECORDED
from reenact.store.pricing import Pricer
from reenact.store.reckon import Part, Reckoning
from reenact.store.totals import Spans, can_tell, sum_up
from reenact.store.values import (
    Annotation,
    Arrival,
    Damage,
    Derived,
    Drift,
    Entry,
    Feed,
    Filter,
    Found,
    Hit,
    Kept,
    Original,
    OriginalKey,
    Place,
    Removal,
    Rollup,
    SessionRow,
    Settled,
    Size,
    Total,
    Warned,
)


class MemoryStore:
    """See `store.protocol.Store`."""

    def __init__(self, *, clock: Clock, pricer: Pricer) -> None:
        self._clock = clock
        self._pricer = pricer
        self._kept = MemoryOriginals(clock)
        self._deriveds: dict[str, tuple[Derived, MemoryDeriving]] = {}
        self._recorded: dict[str, Part] = {}
        self._indexed: dict[str, int] = {}
        self._running: set[str] = set()
        self._blobs: dict[str, bytes] = {}
        self._removed: dict[str, str] = {}
        self._projects: dict[str, str] = {}
        self._derived_by: str | None = None
        self._annotations: dict[str, list[Annotation]] = {}
        self._arrived = MemoryFeed()

    # -- originals ------------------------------------------------------------------------------

    def keep(
        self,
        key: OriginalKey,
        content: BinaryIO,
        *,
        place: Place,
        sidecars: Mapping[str, bytes] | None = None,
    ) -> Kept:
        return self._kept.keep(key, content.read(), place=place, sidecars=sidecars or {})

    def place(self, path: str) -> Place | None:
        return self._kept.places.get(path)

    def settled(self) -> Mapping[str, Settled]:
        return {}  # nothing is known without looking

    def original(self, original: str) -> Original | None:
        return self._kept.original(original)

    def originals(self) -> Iterator[Original]:
        for name in sorted(self._kept.items):
            found = self.original(name)
            if found is not None:
                yield found

    def open_original(self, original: str, generation: int) -> BinaryIO:
        return io.BytesIO(self._kept.content(original, generation))

    def sidecars(self, original: str) -> Mapping[str, bytes]:
        return self._kept.sidecars(original)

    # -- derived --------------------------------------------------------------------------------

    def derived(self, original: str) -> Derived | None:
        found = self._deriveds.get(original)
        return found[0] if found else None

    @contextlib.contextmanager
    def derive(
        self, original: str, made_from: Derived, *, fresh: bool, since: Derived | None = None
    ) -> Iterator[MemoryDeriving]:
        del fresh, since  # all events are given each time
        if self.original(original) is None:
            raise ArchiveError(f"no original {original!r} is kept")
        deriving = MemoryDeriving(self._removed, original)
        yield deriving
        self._deriveds[original] = (made_from, deriving)

    # -- recorded -------------------------------------------------------------------------------

    def writer(self, header: Header) -> MemoryWriter:
        if header.id in self._running:
            raise ArchiveBusyError(header.id, "it is being recorded")
        if self.is_removed(header.id):
            raise ArchiveError(f"session {header.id} was removed")
        self._running.add(header.id)
        part = self._recorded.setdefault(header.id, Part(original=RECORDED, header=header, events=[]))
        return MemoryWriter(part, self._running)

    def seal(self, *, idle_before: int) -> int:
        del idle_before  # memory has nothing to pack
        return 0

    def put_blob(self, data: bytes) -> str:
        name = blob_hash(data)
        self._blobs[name] = data
        return name

    def blob(self, name: str, *, most: int | None = None) -> bytes | None:
        found = self._blobs.get(name)
        return None if found is None or (most is not None and len(found) > most) else found

    # -- reading --------------------------------------------------------------------------------

    def catch_up(self) -> None:
        self._indexed = {session: len(part.events) for session, part in self._recorded.items()}

    def _reckon(self) -> Reckoning:
        parts: dict[str, list[Part]] = {}
        for _, deriving in self._deriveds.values():
            for session, part in deriving.parts.items():
                parts.setdefault(session, []).append(part)
        for session, part in self._recorded.items():
            if session in self._indexed:
                events = part.events[: self._indexed[session]]
                parts.setdefault(session, []).append(msgspec.structs.replace(part, events=events))
        return Reckoning(
            {
                name: reckon.session_of(found, recorded=RECORDED)
                for name, found in sorted(parts.items())
                if name not in self._removed
            },
            price_for=lambda agent: price_for(self._pricer, agent),
            project_of=self._projects.get,
        )

    def sessions(self, filter: Filter) -> list[SessionRow]:  # noqa: A002 - the field's word
        reckoning = self._reckon()
        rows = [
            reckoning.row(name, path=self._kept.path(session.original), is_running=name in self._running)
            for name, session in reckoning.sessions.items()
        ]
        rows = with_tags(rows, self._annotations)
        rows = [row for row in rows if fits(row, reckoning.sessions[row.id].events, filter)]
        rows.sort(key=lambda row: ranks(row, filter.order))
        return rows[filter.offset :][: filter.limit]

    def count(self, filter: Filter) -> int:  # noqa: A002
        """Gives how many sessions fit, whatever the filter's limit and offset."""
        return len(self.sessions(msgspec.structs.replace(filter, limit=None, offset=0)))

    def resolve(self, name: str) -> str:
        rows = self.sessions(Filter())
        if name == "last":
            mains = [row for row in rows if row.kind != "subagent" and not row.hidden]
            if not mains:
                raise SessionNotFoundError(name)
            return mains[0].id
        found = [row for row in rows if name in {row.id, row.native_id}]
        if not found and name:
            found = [row for row in rows if row.id.startswith(name) or row.native_id.startswith(name)]
        mains = [row for row in found if row.kind != "subagent"]
        if len(found) > 1 and len(mains) == 1:
            found = mains
        if len(found) > 1:
            raise AmbiguousSessionError(name, dict(sorted((row.id, row.native_id) for row in found)))
        if not found:
            raise SessionNotFoundError(name)
        return found[0].id

    def events(self, session: str, *, start: int = 1, stop: int | None = None) -> Iterator[Event]:
        found = self._reckon().sessions.get(session)
        for event in found.events if found else ():
            if event.seq >= start and (stop is None or event.seq < stop):
                yield event

    def tail(self, session: str, *, after: int = 0) -> MemoryTail:
        part = self._recorded.get(session)
        return MemoryTail(part.events if part is not None else [], after=after)

    def feed(self) -> Feed:
        return self._arrived.state(self._reckon())

    def arrivals(self, after: int) -> list[Arrival]:
        return self._arrived.behind(after, self._reckon())

    def version(self) -> int:
        return self._arrived.state(self._reckon()).last

    def find_event(self, event: str, *, session: str | None = None) -> Found | None:
        for name, found in self._reckon().sessions.items():
            if session in {None, name}:
                for candidate in found.events:
                    if candidate.id == event:
                        return Found(session=name, seq=candidate.seq)
        return None

    def entries(self, filter: Filter) -> Iterator[Entry]:  # noqa: A002
        fitting = {row.id for row in self.sessions(of_session(filter))}
        found = [
            entry
            for entry in self._reckon().entries()
            if entry.session in fitting
            and filter.model in {None, entry.model}
            and (filter.since is None or (entry.ts is not None and entry.ts >= filter.since))
            and (filter.until is None or (entry.ts is not None and entry.ts < filter.until))
        ]
        yield from found[: filter.limit]

    def rollups(self, filter: Filter) -> list[Rollup]:  # noqa: A002
        untimed = msgspec.structs.replace(filter, since=None, until=None, limit=None)
        return [
            row
            for row in reckon.rollups(list(self.entries(untimed)))
            if (filter.since is None or (row.bucket is not None and row.bucket > filter.since - QUARTER))
            and (filter.until is None or (row.bucket is not None and row.bucket < filter.until))
        ]

    def totals(self, filter: Filter, *, spans: Spans | None = None) -> list[Total] | None:  # noqa: A002
        return sum_up(self.rollups(filter), spans=spans) if can_tell(filter) else None

    def limits(self, *, since: int | None = None) -> list[tuple[str, Event]]:
        return [
            (session.header.agent, decode(text.encode()))
            for session in self._reckon().sessions.values()
            if since is None or (session.summary.ended_at or 0) >= since
            for text in session.summary.limits.values()
        ]

    def drift(self) -> list[Drift]:
        found: dict[tuple[str, str, str], list[tuple[int, str]]] = {}
        for original, (_, deriving) in self._deriveds.items():
            agent = self._kept.items[original].key.agent
            for (name, version), count in deriving.unknown.items():
                found.setdefault((agent, name, version), []).append((count, self._kept.path(original) or ""))
        return [
            Drift(
                agent=agent,
                name=name,
                version=version,
                count=sum(count for count, _ in seen),
                path=min(path for _, path in seen),
            )
            for (agent, name, version), seen in sorted(found.items())
        ]

    def warnings(self, *, limit: int = 100) -> list[Warned]:
        found = [
            Warned(
                session=row.id,
                seq=event.seq,
                path=row.source_path or "",
                category=event.body.category,
                message=event.body.message,
                offset=event.origin.offset if event.origin else None,
                size=event.body.size,
            )
            for row in self.sessions(Filter())
            for event in self.events(row.id)
            if isinstance(event.body, bodies.ParseWarning)
        ]
        return found[:limit]

    def dispositions(self, original: str) -> Mapping[str, int]:
        found = self._deriveds.get(original)
        return found[1].dispositions if found else {}

    @property
    def read_only(self) -> str | None:
        return None

    def annotate(
        self,
        session: str,
        *,
        text: str | None = None,
        target: str | None = None,
        add: Sequence[str] = (),
        remove: Sequence[str] = (),
    ) -> None:
        told = Annotation(
            at=self._clock.now(), text=text, target=target, add=tuple(add), remove=tuple(remove)
        )
        self._annotations.setdefault(session, []).append(told)

    def annotations(self, session: str) -> tuple[Annotation, ...]:
        return tuple(self._annotations.get(session, ()))

    def derived_by(self) -> str | None:
        return self._derived_by

    def note_derived_by(self, parsers: str) -> None:
        self._derived_by = parsers

    def project_of(self, cwd: str) -> str | None:
        return self._projects.get(cwd)

    def remember_project(self, cwd: str, root: str) -> None:
        self._projects.setdefault(cwd, root)

    # -- searching ------------------------------------------------------------------------------

    def index_text(
        self, *, seconds: float | None = None, tell: Callable[[int, int], None] | None = None
    ) -> bool:
        del seconds, tell  # every search looks at every event
        return True

    def search(
        self, query: Query, *, limit: int = 20, rank: bool = False, before: str | None = None
    ) -> list[Hit]:
        return memory_search.search(self._all(), query, limit=limit, rank=rank, before=before)

    def values(self, field: str) -> dict[str, int]:
        return memory_search.values(self._all(), field)

    def scan(self, query: Query, *, limit: int = 20) -> Iterator[Hit]:
        return memory_search.scan(self._all(), query, limit=limit)

    def _all(self) -> list[tuple[SessionRow, list[Event]]]:
        reckoning = self._reckon()
        return [(row, reckoning.sessions[row.id].events) for row in self.sessions(Filter())]

    # -- care -----------------------------------------------------------------------------------

    def verify(self) -> Iterator[Damage]:
        yield from ()

    def clear_cache(self) -> None:
        self._deriveds, self._indexed, self._kept.places = {}, {}, {}
        self._derived_by = None

    def remove(self, sessions: Iterable[str], *, with_forks: bool = False) -> Removal:
        rows = {row.id: row for row in self.sessions(Filter())}
        wanted = list(sessions)
        for session in wanted:
            if session not in rows:
                raise SessionNotFoundError(session)
        taken: set[str] = set()
        forks: set[str] = set()
        while wanted:
            session = wanted.pop()
            if session not in taken:
                taken.add(session)
                below = [rows[child] for child in rows[session].children]
                wanted += [row.id for row in below if row.kind == "subagent" or with_forks]
                forks |= {row.id for row in below if row.kind == "fork"}
        if forks - taken:
            raise ArchiveError(f"forks share the past of what is to be removed: {sorted(forks - taken)}")
        if taken & self._running:
            raise ArchiveBusyError(", ".join(sorted(taken & self._running)), "it is being recorded")
        return Removal(sessions=tuple(sorted(taken)), bytes_freed=self._delete(taken))

    def _delete(self, sessions: set[str]) -> int:
        freed = 0
        for original, (_, deriving) in list(self._deriveds.items()):
            if not deriving.parts.keys() & sessions:
                continue
            for session in deriving.parts.keys() & sessions:
                del deriving.parts[session]
                self._removed[session] = original
            if not deriving.parts:
                self._removed[original] = original
                freed += self._kept.delete(original)
                del self._deriveds[original]
        for session in sessions:
            self._removed.setdefault(session, "")
            self._recorded.pop(session, None)
        return freed

    def is_removed(self, session: str) -> bool:
        return session in self._removed

    def removed(self) -> Collection[str]:
        return self._removed.keys()

    def readmit(self, sessions: Iterable[str]) -> int:
        named = set(sessions)
        lifted = [name for name, original in self._removed.items() if name in named or original in named]
        for session in lifted:
            original = self._removed.pop(session)
            self._removed.pop(original, None)
            if original in self._deriveds:
                made_from, deriving = self._deriveds[original]
                made_from = msgspec.structs.replace(made_from, parser="*readmitted")
                self._deriveds[original] = (made_from, deriving)
        return len(lifted)

    def gc(self) -> int:
        return 0

    def sizes(self) -> list[Size]:
        return [Size(part="originals", apparent=self._kept.size(), on_disk=0, files=0)]

    def sync(self) -> None:
        """There is nothing that could be lost."""

    def close(self) -> None:
        """There is nothing to close."""

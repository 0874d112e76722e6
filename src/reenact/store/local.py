"""The archive in a folder: truth in plain files, all derived in one index. One file per capability."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from reenact.clock import Clock
from reenact.errors import ArchiveBusyError, ArchiveError, ReadOnlyArchiveError
from reenact.events import Event, Header
from reenact.query import Query
from reenact.store import collect, defects, feed, frames, notes, query, removal, sizes, totals, verify
from reenact.store.blobs import Blobs
from reenact.store.catch_up import catch_up
from reenact.store.derive import LocalDeriving
from reenact.store.index import Index
from reenact.store.journal import Journal, Note
from reenact.store.layout import Card, Layout, safe
from reenact.store.local_search import Alive, LocalSearch
from reenact.store.manifest import NAME
from reenact.store.originals import Originals
from reenact.store.outwork import Parcel, receive, take_over
from reenact.store.places import Places
from reenact.store.pricing import Pricer
from reenact.store.recorded import Segments
from reenact.store.sql import fetch_one
from reenact.store.summary import storable
from reenact.store.tail import LocalTail
from reenact.store.text_index import Tell
from reenact.store.totals import Spans
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
from reenact.store.writer import LocalWriter

_DERIVED_BY = "derived by"


class LocalStore:
    """See `store.protocol.Store`."""

    def __init__(
        self, layout: Layout, *, clock: Clock, pricer: Pricer, card: Card | None, read_only: str | None
    ) -> None:
        self._layout = layout
        self._clock = clock
        self._pricer = pricer
        self._reason = read_only
        self.card = card
        self._journal = Journal(layout.journal, read_only=read_only is not None)
        self._originals = Originals(layout, clock)
        self._segments = Segments(layout)
        self._reads = frames.Reads(self._segments.read, self._originals.read)
        self._blobs = Blobs(layout)
        self._index = Index(layout.core)
        self._places = Places(layout, self._index)
        alive = lambda: self.alive()  # noqa: E731, PLW0108 - it is set later
        self._search = LocalSearch(
            self._index, self._segments, self._originals.read, alive=alive, tags=self._tags
        )
        self.alive: Alive = frozenset

    @property
    def read_only(self) -> str | None:
        """Tells why nothing can be kept (what is derived still can, where the cache is writable)."""
        return self._reason

    def _writable(self) -> None:
        if self._reason is not None:
            raise ReadOnlyArchiveError(str(self._layout.root), self._reason)

    # -- originals ------------------------------------------------------------------------------

    def keep(
        self,
        key: OriginalKey,
        content: BinaryIO,
        *,
        place: Place,
        sidecars: Mapping[str, bytes] | None = None,
    ) -> Kept:
        self._writable()
        seen = self._places.get(place.path)
        before = (seen.place, seen.generation) if seen and seen.original == key.id else None
        kept = self._originals.keep(key, content, place=place, sidecars=sidecars or {}, before=before)
        if kept.generation or sidecars:
            folder, manifest = self._originals.needed(key.id)
            name = manifest.generation(kept.generation).file if kept.generation else NAME
            self._places.remember(
                place, original=manifest.original(), generation=kept.generation, file=folder / name
            )
        return kept

    def place(self, path: str) -> Place | None:
        seen = self._places.get(path)
        return None if seen is None else seen.place

    def settled(self) -> Mapping[str, Settled]:
        return self._places.settled()

    def original(self, original: str) -> Original | None:
        manifest = self._originals.manifest(original)
        return None if manifest is None else manifest.original()

    def originals(self) -> Iterator[Original]:
        for folder in self._originals.folders():
            found = self.original(folder.name)
            if found is not None:
                yield found

    def open_original(self, original: str, generation: int) -> BinaryIO:
        return self._originals.open(original, generation)

    def sidecars(self, original: str) -> Mapping[str, bytes]:
        return self._originals.sidecars(original)

    # -- derived --------------------------------------------------------------------------------

    def derived(self, original: str) -> Derived | None:
        row = fetch_one(
            self._index.reader, "SELECT parser, lengths, sidecars FROM original WHERE id=?", (original,)
        )
        if row is None:
            return None
        lengths = msgspec.json.decode(row[1], type=tuple[int, ...])
        return Derived(parser=row[0], lengths=lengths, sidecars=row[2])

    @contextlib.contextmanager
    def derive(
        self, original: str, made_from: Derived, *, fresh: bool, since: Derived | None = None
    ) -> Iterator[LocalDeriving]:
        _, manifest = self._originals.needed(original)
        with self._index.writing() as connection:
            self._places.flush()
            deriving = LocalDeriving(
                connection,
                original,
                fresh=fresh,
                resumes=since is not None and since == self.derived(original),
                pricer=self._pricer,
                is_removed=self._journal.removed(),
                project_of=self._journal.project,
                read=self._originals.read,
            )
            yield deriving
            path = manifest.places[-1] if manifest.places else None
            deriving.finish(made_from, manifest.key.agent, path)

    def workplace(self) -> tuple[Path, Path, int]:
        """Gives the archive's folder, that of its cache and the time, for those who work elsewhere for it."""
        return self._layout.root, self._layout.cache, self._clock.now()

    def take_over(self, parcel: Parcel) -> bool:
        """Takes what a worker kept and derived; False where the deriving has to be done again here."""
        self._writable()
        for cwd, root in parcel.projects.items():
            self.remember_project(cwd, root)
        with self._index.writing() as connection:
            receive(parcel, self._originals, self._places)
            return take_over(connection, parcel, self._pricer, self._journal, self._originals.read)

    # -- recorded -------------------------------------------------------------------------------

    def writer(self, header: Header) -> LocalWriter:
        self._writable()
        safe(header.id)
        if self.is_removed(header.id):
            raise ArchiveError(f"session {header.id} was removed", hint="record under another id")
        return LocalWriter(self._layout, header, before_sync=self._blobs.sync)

    def seal(self, *, idle_before: int) -> int:
        self._writable()
        return self._segments.seal(idle_before=idle_before)

    def put_blob(self, data: bytes) -> str:
        self._writable()
        return self._blobs.put(data)

    def blob(self, name: str, *, most: int | None = None) -> bytes | None:
        return self._blobs.get(name, most=most)

    # -- reading --------------------------------------------------------------------------------

    def catch_up(self) -> None:
        """Brings the index up to segments, tombstones and prices as they are now.

        While another process writes to the index, or where it cannot be written, it stays as it is.
        """
        if not self._index.can_write:
            return
        with contextlib.suppress(ArchiveBusyError):
            catch_up(self._index, self._segments, self._journal, self._pricer, self._originals.read)

    def sessions(self, filter: Filter) -> list[SessionRow]:  # noqa: A002 - the field's word
        filter = self._tagged(filter)  # noqa: A001
        rows = query.sessions(
            self._index.reader, filter, running=self._segments.running(), asking=self._search.asked(filter)
        )
        return notes.with_tags(rows, self._journal.annotations())

    def _tagged(self, wanted: Filter) -> Filter:
        """Gives a filter that names the sessions with its tag."""
        if wanted.tag is None:
            return wanted
        found = {session for session, tags in self._tags().items() if wanted.tag in tags}
        named = found if wanted.sessions is None else found & set(wanted.sessions)
        return msgspec.structs.replace(wanted, tag=None, sessions=tuple(sorted(named)))

    def _tags(self) -> dict[str, tuple[str, ...]]:
        """Gives the sessions that have tags, of their own events or noted beside them."""
        found = query.tags(self._index.reader)
        for session, told in self._journal.annotations().items():
            found[session] = notes.tagged(found.get(session, ()), told)
        return found

    def count(self, filter: Filter) -> int:  # noqa: A002
        filter = self._tagged(filter)  # noqa: A001
        return query.count(
            self._index.reader, filter, running=self._segments.running(), asking=self._search.asked(filter)
        )

    def resolve(self, name: str) -> str:
        return query.resolve(self._index.reader, name)

    def events(self, session: str, *, start: int = 1, stop: int | None = None) -> Iterator[Event]:
        connection = self._index.reader
        row = fetch_one(connection, "SELECT part FROM session WHERE id=?", (session,))
        if row is not None:
            yield from frames.events(connection, row[0], start=start, stop=stop, reads=self._reads)

    def tail(self, session: str, *, after: int = 0) -> LocalTail:
        return LocalTail(self._layout, safe(session), after=after)

    def feed(self) -> Feed:
        return feed.state(self._index.reader)

    def arrivals(self, after: int) -> list[Arrival]:
        return feed.arrivals(self._index.reader, after)

    def version(self) -> int:
        return self._index.version()

    def find_event(self, event: str, *, session: str | None = None) -> Found | None:
        """Tells where an event is, in one session or in any."""
        connection = self._index.reader
        part = None
        if session is not None:
            row = fetch_one(connection, "SELECT part FROM session WHERE id=?", (session,))
            if row is None:
                return None
            part = row[0]
        return frames.find(connection, event, part, reads=self._reads)

    def entries(self, filter: Filter) -> Iterator[Entry]:  # noqa: A002
        filter = self._tagged(filter)  # noqa: A001
        return query.entries(self._index.reader, filter, asking=self._search.asked(filter))

    def rollups(self, filter: Filter) -> list[Rollup]:  # noqa: A002
        """Gives the ledger's sums by session, model and quarter of an hour."""
        filter = self._tagged(filter)  # noqa: A001
        return query.rollups(self._index.reader, filter, asking=self._search.asked(filter))

    def totals(self, filter: Filter, *, spans: Spans | None = None) -> list[Total] | None:  # noqa: A002
        filter = self._tagged(filter)  # noqa: A001
        return totals.totals(self._index.reader, filter, spans=spans, asking=self._search.asked(filter))

    def limits(self, *, since: int | None = None) -> list[tuple[str, Event]]:
        return query.limits(self._index.reader, since)

    def drift(self) -> list[Drift]:
        return defects.drift(self._index.reader)

    def warnings(self, *, limit: int = 100) -> list[Warned]:
        return defects.warnings(self._index.reader, limit=limit)

    def dispositions(self, original: str) -> Mapping[str, int]:
        row = fetch_one(self._index.reader, "SELECT dispositions FROM original WHERE id=?", (original,))
        return {} if row is None else msgspec.json.decode(row[0], type=dict[str, int])

    def annotate(
        self,
        session: str,
        *,
        text: str | None = None,
        target: str | None = None,
        add: Sequence[str] = (),
        remove: Sequence[str] = (),
    ) -> None:
        note = Note(
            op="annotate",
            id=session,
            text=storable(text or ""),
            target=target or "",
            add=tuple(map(storable, add)),
            remove=tuple(map(storable, remove)),
            at=self._clock.now(),
        )
        self._journal.append([note])

    def annotations(self, session: str) -> tuple[Annotation, ...]:
        return tuple(self._journal.annotations().get(session, ()))

    def derived_by(self) -> str | None:
        return self._index.noted(_DERIVED_BY)

    def note_derived_by(self, parsers: str) -> None:
        if self._index.can_write:
            self._index.note(_DERIVED_BY, parsers)

    def project_of(self, cwd: str) -> str | None:
        return self._journal.project(storable(cwd))

    def remember_project(self, cwd: str, root: str) -> None:
        cwd, root = storable(cwd), storable(root)
        if self.read_only or self._journal.project(cwd) is not None:
            return
        self._journal.append([Note(op="project", cwd=cwd, root=root, at=self._clock.now())])
        with self._index.writing() as connection:
            connection.execute("UPDATE session SET project=? WHERE cwd=?", (root, cwd))

    def is_removed(self, session: str) -> bool:
        return session in self._journal.removed()

    # -- searching ------------------------------------------------------------------------------

    def index_text(self, *, seconds: float | None = None, tell: Tell | None = None) -> bool:
        return self._search.index_text(seconds=seconds, tell=tell)

    def search(
        self, query: Query, *, limit: int = 20, rank: bool = False, before: str | None = None
    ) -> list[Hit]:
        return self._search.search(query, limit=limit, rank=rank, before=before)

    def values(self, field: str) -> dict[str, int]:
        return self._search.values(field)

    def scan(self, query: Query, *, limit: int = 20) -> Iterator[Hit]:
        return self._search.scan(query, iter(self.sessions(Filter())), limit=limit)

    # -- care -----------------------------------------------------------------------------------

    def verify(self) -> Iterator[Damage]:
        yield from verify.originals(self._layout, self._originals)
        yield from verify.segments(self._layout, self._segments)
        yield from verify.blobs(self._blobs)
        if self._journal.count_damaged():
            yield Damage(
                where=str(self._layout.journal),
                reason=f"{self._journal.count_damaged()} line(s) cannot be read",
                severity="note",
            )
        yield from verify.index(self._index.reader, self._layout, self._originals)

    def clear_cache(self) -> None:
        self._places.flush()
        self._search.texts.clear()
        self._index.clear()

    def remove(self, sessions: Iterable[str], *, with_forks: bool = False) -> Removal:
        self._writable()
        self._places.flush()
        removing = removal.plan(self._index.reader, sessions, with_forks=with_forks)
        removed = removal.carry_out(
            removing,
            self._index,
            self._layout,
            self._journal,
            pricer=self._pricer,
            read=self._originals.read,
            now=self._clock.now(),
        )
        self._search.index_text(seconds=0, tell=None)
        return removed

    def removed(self) -> Collection[str]:
        return self._journal.removed().keys()

    def readmit(self, sessions: Iterable[str]) -> int:
        self._writable()
        return removal.readmit(sessions, self._index, self._journal, now=self._clock.now())

    def gc(self) -> int:
        self._writable()
        before = self.sizes()
        with self._index.writing():  # no import and no removal meanwhile
            collect.originals(self._layout, self._originals, self._journal.removed(), self._clock.now())
            collect.segments(self._layout, self._journal.removed())
            collect.blobs(self._layout, self._blobs, self._segments, self._clock.now())
        self._search.texts.compact()
        self._index.vacuum()
        now = {size.part: size.apparent for size in self.sizes()}
        return sum(max(0, size.apparent - now[size.part]) for size in before)  # the index may have grown

    def sizes(self) -> list[Size]:
        self._index.settle()
        return sizes.of(self._layout)

    def sync(self) -> None:
        """Makes all that was kept survive the death of the machine."""
        self._originals.sync()
        self._blobs.sync()
        with contextlib.suppress(ArchiveBusyError):  # it is compared once more then
            self._places.flush()

    def close(self) -> None:
        self.sync()
        self._search.texts.close()
        self._index.close()

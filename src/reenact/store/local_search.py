"""How a store in a folder is searched: by its text index, or by reading every frame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping

import apsw

from reenact.errors import ArchiveError
from reenact.query import Query
from reenact.store import frames, search, session_query
from reenact.store.index import Index
from reenact.store.packing import ReadOriginal, Unpacker
from reenact.store.recorded import Segments
from reenact.store.sql import fetch
from reenact.store.text_index import Tell, TextIndex
from reenact.store.values import Filter, Hit, SessionRow

Alive = Callable[[], frozenset[str]]
"""Gives the sessions whose agents are at work on them now."""
Tags = Callable[[], Mapping[str, Collection[str]]]
"""Gives the sessions that have tags, with them."""


class LocalSearch:
    """Holds the text index of one store."""

    def __init__(
        self, index: Index, segments: Segments, read: ReadOriginal, *, alive: Alive, tags: Tags
    ) -> None:
        self._alive = alive
        self._tags = tags
        self._index = index
        self._segments = segments
        self._reads = frames.Reads(segments.read, read)
        self.texts = TextIndex(index, self._reads)

    def asking(self) -> session_query.Asking:
        """Gives where the answers to a query on sessions are."""
        return session_query.Asking(
            core=self._index.reader,
            shards=self.texts.shards(),
            running=self._segments.running() | self._alive(),
            tags=self._tags,
        )

    def asked(self, wanted: Filter) -> session_query.Asking | None:
        """Gives it where a filter holds a query."""
        return None if wanted.query is None else self.asking()

    def index_text(self, *, seconds: float | None, tell: Tell | None) -> bool:
        return self.texts.catch_up(seconds=seconds, tell=tell)

    def values(self, field: str) -> dict[str, int]:
        found: Counter[str] = Counter()
        for shard in self.texts.shards():
            for text, count in shard.counts(field):
                found[text] += count
        return dict(found)

    def search(self, query: Query, *, limit: int, rank: bool, before: str | None) -> list[Hit]:
        asking = self.asking()
        try:
            found = search.rows(
                asking.shards,
                query,
                lambda leaf: session_query.parts_of(leaf, asking),
                limit=limit,
                rank=rank,
                before=before,
            )
        except (apsw.CorruptError, apsw.NotADBError) as error:
            self.texts.clear()
            raise ArchiveError(
                f"the text index was damaged and is dropped: {error}", hint="search again: it is made anew"
            ) from error
        return search.hits(self._index.reader, found, query, self._reads)

    def scan(self, query: Query, sessions: Iterator[SessionRow], *, limit: int) -> Iterator[Hit]:
        """Yields hits, sessions of the latest activity first, in each the latest event first."""
        wanted = search.literals(query.root)
        left, alive = limit, self._alive()
        for row in sessions:
            part = self._part(row.id)
            if part is None or (wanted and not self._may_hold(part, wanted)):
                continue
            facts = search.facts_of(row, alive=alive)
            events = frames.events(self._index.reader, part, reads=self._reads)
            for event, seen in reversed(list(search.scan_session(events, facts, query))[-left:]):
                yield search.hit(event, seen.said, query, cursor="", moment=seen.moment)
                left -= 1
            if not left:
                return

    def _part(self, session: str) -> int | None:
        rows = fetch(self._index.reader, "SELECT part FROM session WHERE id=?", (session,))
        return rows[0][0] if rows else None

    def _may_hold(self, part: int, wanted: list[bytes]) -> bool:
        """Tells whether one of a part's frames may hold the texts; a recorded one always may."""
        unpacker = Unpacker(self._index.reader, self._reads.original)
        rows = self._index.reader.execute(
            "SELECT generation, base, span, data FROM frame WHERE part=?", (part,)
        )
        return any(
            data is None or search.may_hold(unpacker.frame(part, data, generation, base, span), wanted)
            for generation, base, span, data in rows
        )

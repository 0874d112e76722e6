"""What was said, searched: queries as they are meant here and now, over an index that is up to date."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from typing import TYPE_CHECKING

import msgspec

from reenact.archive.zones import zone
from reenact.query import leaves, of_session, parse
from reenact.store import Filter, SessionRow

if TYPE_CHECKING:
    from reenact.clock import Clock
    from reenact.ingest import Found
    from reenact.query import Query
    from reenact.store import Hit, Store


class Texts:
    """The texts of one archive."""

    def __init__(self, store: Store, clock: Clock, timezone: Callable[[], str]) -> None:
        self._store = store
        self._clock = clock
        self._timezone = timezone

    def query(self, text: str, *, scan: bool = False) -> Query:
        """Reads a query, in the viewer's zone.

        Raises:
            QuerySyntaxError: it cannot be read.
        """
        return parse(text, now=self._clock.now(), timezone=zone(self._timezone()).key, scan=scan)

    def index(self, *, seconds: float | None = None, tell: Callable[[int, int], None] | None = None) -> bool:
        """Brings the text index up to the events, for some time or to the end; tells whether it is there."""
        return self._store.index_text(seconds=seconds, tell=tell)

    def _renew(self) -> None:
        """Brings the text index up to date; what the disk has no room for is not found."""
        with suppress(OSError):
            self.index()

    def beside(self, found: Sequence[Found]) -> AbstractContextManager[None]:
        """Has texts indexed while transcripts are imported in this block, where they are many."""
        from reenact.ingest import indexing

        return indexing.beside(self._store, found)

    def search(
        self, text: str, *, limit: int = 20, rank: bool = False, scan: bool = False, before: str | None = None
    ) -> list[Hit]:
        """Gives the events that fit a query, newest first.

        Args:
            text: the query.
            limit: at most so many.
            rank: the best of the newest few thousand first.
            scan: read every event whole: regular expressions, signs, parts of words.
            before: the cursor of a hit behind which to go on.

        Raises:
            QuerySyntaxError: the query cannot be read.
        """
        query = self.query(text, scan=scan)
        if scan:
            return list(self._store.scan(query, limit=limit))
        self._renew()
        return self._store.search(query, limit=limit, rank=rank, before=before)

    def sessions(self, text: str, where: Filter | None = None) -> list[SessionRow]:
        """Gives the sessions that fit a query, and a filter, latest activity first."""
        query = self.query(text)
        if not all(of_session(leaf) for leaf in leaves(query.root)):
            self._renew()
        return self._store.sessions(msgspec.structs.replace(where or Filter(), query=query))

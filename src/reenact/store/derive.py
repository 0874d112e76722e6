"""One transcript's events into the index, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping

import apsw
import msgspec

from reenact.events import Event, Header
from reenact.store import feed, ledger, lineage
from reenact.store.packing import ReadOriginal
from reenact.store.part import PartBuilder, drop_part
from reenact.store.pricing import Pricer
from reenact.store.sessions import ProjectOf, completed, settle
from reenact.store.sql import fetch
from reenact.store.summary import storable
from reenact.store.values import Derived

BROKEN = "*broken"
"""In the place of the parser's name: the events that were given do not continue those held."""


class LocalDeriving:
    """See `store.protocol.Deriving`. Sessions with a tombstone are passed over."""

    def __init__(
        self,
        connection: apsw.Connection,
        original: str,
        *,
        fresh: bool,
        pricer: Pricer,
        is_removed: Mapping[str, str],
        project_of: ProjectOf,
        read: ReadOriginal,
        resumes: bool = False,
    ) -> None:
        self.resumes = resumes
        self._connection = connection
        self._original = original
        self._pricer = pricer
        self._is_removed = is_removed
        self._project_of = project_of
        self._read = read
        self._builders: dict[str, PartBuilder] = {}
        self._dispositions: dict[str, int] = {}
        self._held = {
            session: number
            for number, session in fetch(
                connection, "SELECT n, session FROM part WHERE original=?", (original,)
            )
        }
        self._fresh = fresh
        if fresh:
            for session, number in self._held.items():
                drop_part(connection, number, session)
        connection.execute("DELETE FROM drift WHERE original=?", (original,))

    def header(self, header: Header) -> None:
        if header.id in self._is_removed:
            return
        builder = self._builders.get(header.id)
        if builder is None:
            price = ledger.price_for(self._pricer, header.agent)
            builder = PartBuilder(
                self._connection, header.id, self._original, price, resume=self.resumes, read=self._read
            )
            self._builders[header.id] = builder
        builder.header = header if builder.header is None else completed(builder.header, header)

    def add(self, event: Event) -> None:
        builder = self._builders.get(event.session)
        if builder is not None:
            builder.add(event)
        elif event.session not in self._is_removed:
            raise ValueError(f"event {event.id} of {event.session} came before a header of its session")

    def removed(self, session: str, count: int) -> None:
        if session in self._builders:
            self._builders[session].removed = count

    def count(self, dispositions: Mapping[str, int], *, unknown: Mapping[tuple[str, str], int]) -> None:
        self._dispositions = dict(dispositions)
        self._connection.executemany(
            "INSERT OR REPLACE INTO drift VALUES (?,?,?,?)",
            [
                (self._original, storable(name), storable(version), count)
                for (name, version), count in unknown.items()
            ],
        )

    def agents(self) -> dict[str, str]:
        """Gives the agent of every session that has events here."""
        return {name: builder.header.agent for name, builder in self._builders.items() if builder.header}

    def finish(self, made_from: Derived, agent: str, path: str | None) -> None:
        """Settles all that the events concern."""
        is_broken = self._close()
        sessions = {*self._builders} if self.resumes else {*self._held, *self._builders}
        for session in () if self._fresh or self.resumes else self._held.keys() - self._builders.keys():
            drop_part(self._connection, self._held[session], session)
        settle_all(self._connection, sessions, self._pricer, self._project_of, self._read)
        self._tell(made_from, agent, path, is_broken=is_broken)

    def close_parts(self, made_from: Derived, agent: str, path: str | None) -> None:
        """Stores what is left and settles nothing: the rows go to another index."""
        self._tell(made_from, agent, path, is_broken=self._close())

    def _close(self) -> bool:
        """Stores what is left; tells whether less was given than is held."""
        is_broken = any(builder.count < builder.held for builder in self._builders.values())
        for builder in self._builders.values():
            builder.finish()
        return is_broken

    def _tell(self, made_from: Derived, agent: str, path: str | None, *, is_broken: bool) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO original VALUES (?,?,?,?,?,?,?)",
            (
                self._original,
                agent,
                storable(path) if path else None,
                BROKEN if is_broken else made_from.parser,
                msgspec.json.encode(made_from.lengths).decode(),
                made_from.sidecars,
                msgspec.json.encode(self._dispositions).decode(),
            ),
        )


def settle_all(
    connection: apsw.Connection,
    sessions: set[str],
    pricer: Pricer,
    project_of: ProjectOf,
    read: ReadOriginal,
) -> None:
    """Brings rows, ledger, sums and lineage up to what the parts of these sessions hold now."""
    connection.execute("INSERT OR IGNORE INTO meta VALUES (?,?)", (ledger.PRICES, pricer.price_version))
    connection.executemany(
        "INSERT OR IGNORE INTO touched_session VALUES (?)", [(session,) for session in sessions]
    )
    for session in sorted(sessions):
        settle(connection, session, pricer, project_of, read)
    ledger.resolve(connection, pricer)
    touched = fetch(connection, "SELECT s.id FROM touched_session t CROSS JOIN session s ON s.id=t.id")
    for (session,) in touched:
        ledger.sum_up(connection, session)
    lineage.resolve(connection)
    feed.finish(connection)

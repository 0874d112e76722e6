"""Brings the index up to what is true now: segments, tombstones, prices."""

from __future__ import annotations

from collections.abc import Iterable

import apsw
import msgspec

from reenact.store import ledger
from reenact.store.derive import settle_all
from reenact.store.index import Index
from reenact.store.journal import Journal
from reenact.store.packing import ReadOriginal
from reenact.store.part import drop_part
from reenact.store.pricing import Pricer
from reenact.store.recorded import Follower, Segments, changed_pieces
from reenact.store.sql import fetch, fetch_one


def catch_up(index: Index, segments: Segments, journal: Journal, pricer: Pricer, read: ReadOriginal) -> None:
    """Does what is to be done in one transaction; takes no lock where there is nothing.

    Raises:
        ArchiveBusyError: another process is writing to the index.
    """
    reader = index.reader
    if (
        not (changed_pieces(reader, segments).keys() - journal.removed().keys())
        and not removed_sessions(reader, journal)
        and not removed_originals(reader, journal)
        and price_version(reader) == pricer.price_version
    ):
        return
    with index.writing() as connection:
        removed = removed_sessions(connection, journal)
        drop(connection, removed)
        forget(connection, removed_originals(connection, journal))
        changed = {
            session: pieces
            for session, pieces in changed_pieces(connection, segments).items()
            if session not in journal.removed()
        }
        touched = Follower(connection, segments, pricer).follow(changed)
        settle_all(connection, touched | removed, pricer, journal.project, read)
        if price_version(connection) != pricer.price_version:
            ledger.reprice(connection, pricer)
            connection.execute(
                "INSERT OR REPLACE INTO meta VALUES (?,?)", (ledger.PRICES, pricer.price_version)
            )


def price_version(connection: apsw.Connection) -> str | None:
    """Gives the price list by which the index's money was computed."""
    row = fetch_one(connection, "SELECT value FROM meta WHERE name=?", (ledger.PRICES,))
    return None if row is None else str(row[0])


def removed_sessions(connection: apsw.Connection, journal: Journal) -> set[str]:
    """Gives the sessions that have a tombstone and are still in the index."""
    return _removed(connection, "session", journal)


def removed_originals(connection: apsw.Connection, journal: Journal) -> set[str]:
    """Gives the originals that have a tombstone and are still in the index."""
    return _removed(connection, "original", journal)


def _removed(connection: apsw.Connection, table: str, journal: Journal) -> set[str]:
    rows = fetch(
        connection,
        f"SELECT id FROM {table} WHERE id IN (SELECT value FROM json_each(?))",
        (msgspec.json.encode(list(journal.removed())).decode(),),
    )
    return {row[0] for row in rows}


def forget(connection: apsw.Connection, originals: Iterable[str]) -> None:
    """Takes originals out of the index, and where they were seen."""
    for original in originals:
        for statement in (
            "DELETE FROM place WHERE original=?",
            "DELETE FROM drift WHERE original=?",
            "DELETE FROM original WHERE id=?",
        ):
            connection.execute(statement, (original,))


def drop(connection: apsw.Connection, sessions: set[str]) -> None:
    """Takes sessions out of the index; they are settled after this."""
    for session in sessions:
        for (number,) in fetch(connection, "SELECT n FROM part WHERE session=?", (session,)):
            drop_part(connection, number, session)
        connection.execute("DELETE FROM segment WHERE session=?", (session,))

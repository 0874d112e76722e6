"""The ledger in the index: which session owns which response, what it cost, and the sums of it.

Each session keeps its own best record of each key. Who owns a key and which record holds is worked
out again for every key that a transaction touched, from what is held then, so that the order of
imports cannot matter.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import apsw
import msgspec

from reenact.events import Event, Tokens, bodies
from reenact.events.blocks import Quality
from reenact.store.pricing import Pricer
from reenact.store.sql import fetch, fetch_one
from reenact.store.tokens import COLUMNS, NAMES, QUALITIES, SUMS, from_columns, stated, to_columns
from reenact.store.values import Sums
from reenact.usage import better

QUARTER = 15 * 60 * 1_000_000
"""Microseconds of one rollup bucket."""
PRICES = "price_version"
"""Where the index says by which price list its money was computed."""
_BATCH = 2000
_RECORD = f"event, seq, ts, model, {NAMES}, quality, final, inherited, owned, cost, stated_cost"
_COLUMNS = [name.strip() for name in _RECORD.split(",")]

Price = Callable[[str | None, Tokens, int | None, int | None], int | None]
"""(model, tokens, ts, stated cost) → pico-USD."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What one session says of one response."""

    event: str
    seq: int
    ts: int | None
    model: str | None
    tokens: Tokens
    quality: Quality
    final: bool
    inherited: bool
    stated_cost: int | None


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """A session that holds a key, with its place in the order of owners."""

    session: int
    id: str
    rank: tuple[bool, int, bool, bool, int, str]
    agent: str
    record: Record


def price_for(pricer: Pricer, agent: str) -> Price:
    """Gives the price of one agent's responses: by the price list, else what the source states."""

    def price(model: str | None, tokens: Tokens, ts: int | None, stated_cost: int | None) -> int | None:
        if not tokens.total:
            return 0
        cost = pricer(model, tokens, ts, agent)
        return stated_cost if cost is None else cost

    return price


class Book:
    """Collects the usage of one session and writes it in batches, so that memory stays bounded."""

    def __init__(self, connection: apsw.Connection, session: str, price: Price, *, is_new: bool) -> None:
        self._connection = connection
        self._session = session
        self._price = price
        self._is_new = is_new
        self._records: dict[str, Record] = {}

    def add(self, event: Event, body: bodies.UsageRecorded) -> None:
        record = Record(
            event=event.id,
            seq=event.seq,
            ts=event.ts,
            model=body.model,
            tokens=body.tokens,
            quality=body.quality,
            final=body.final,
            inherited=body.inherited,
            stated_cost=stated(body.cost),
        )
        held = self._records.get(body.key)
        self._records[body.key] = record if held is None else merge(held, record)
        if len(self._records) >= _BATCH:
            self.flush()

    def flush(self) -> None:
        if not self._records:
            return
        number = session_number(self._connection, self._session)
        for key, record in self._records.items():
            best = record
            if not self._is_new:
                held = _held(self._connection, key, number)
                best = record if held is None else merge(held, record)
            _write(self._connection, key, number, best, self._price)
        self._connection.executemany(
            "INSERT OR IGNORE INTO touched_key VALUES (?)", [(key,) for key in self._records]
        )
        self._records, self._is_new = {}, False


def merge(held: Record, new: Record) -> Record:
    """Gives the record that holds of two that one session has of one response."""
    best = better(held, new)
    inherited = held.inherited and new.inherited
    cost = new.stated_cost if best.stated_cost is None else best.stated_cost
    return msgspec.structs.replace(best, inherited=inherited, stated_cost=cost)


def session_number(connection: apsw.Connection, session: str) -> int:
    """Gives the number that stands for a session in the tables; makes the row where there is none."""
    row = fetch_one(connection, "SELECT n FROM session WHERE id=?", (session,))
    if row is not None:
        return int(row[0])
    connection.execute("INSERT INTO session(id) VALUES (?)", (session,))
    return connection.last_insert_rowid()


def drop_session(connection: apsw.Connection, session: str) -> None:
    """Empties a session's ledger; its keys are worked out again."""
    where = "WHERE session=(SELECT n FROM session WHERE id=?)"
    connection.execute(f"INSERT OR IGNORE INTO touched_key SELECT key FROM ledger {where}", (session,))
    connection.execute(f"DELETE FROM ledger {where}", (session,))


def resolve(connection: apsw.Connection, pricer: Pricer) -> None:
    """Works out the owner and the best record of every touched key; marks the sessions it concerns."""
    connection.execute(
        "INSERT OR IGNORE INTO touched_key SELECT l.key FROM touched_session t "
        "CROSS JOIN session s ON s.id=t.id AND s.shares=1 CROSS JOIN ledger l ON l.session=s.n "
        "WHERE EXISTS (SELECT 1 FROM ledger o WHERE o.key=l.key AND o.session<>l.session)"
    )
    connection.execute(
        "INSERT OR IGNORE INTO touched_session SELECT s.id FROM touched_key t "
        "CROSS JOIN ledger l ON l.key=t.key CROSS JOIN session s ON s.n=l.session"
    )
    uncommon = fetch(
        connection,
        "SELECT l.key FROM touched_key t CROSS JOIN ledger l ON l.key=t.key GROUP BY l.key "
        "HAVING count(*)>1 OR max(l.own IS NOT NULL) OR max(l.owned=l.inherited)",
    )
    for (key,) in uncommon:
        _resolve_key(connection, pricer, key)
    connection.execute("DELETE FROM touched_key")


def _resolve_key(connection: apsw.Connection, pricer: Pricer, key: str) -> None:
    holders = _holders(connection, key)
    owners = [holder for holder in holders if not holder.record.inherited]
    owner = min(owners, key=lambda holder: holder.rank, default=None)
    best = reduce(better, (holder.record for holder in holders))
    for holder in holders:
        price = price_for(pricer, holder.agent)
        _write(
            connection,
            key,
            holder.session,
            holder.record,
            price,
            owned=holder is owner,
            best=best if holder is owner else None,
        )
        if len(holders) > 1:
            connection.execute("UPDATE session SET shares=1 WHERE n=? AND shares=0", (holder.session,))


def _holders(connection: apsw.Connection, key: str) -> list[Holder]:
    rows = fetch(
        connection,
        "SELECT s.n, s.id, s.agent, s.started_at, s.ended_at, s.declared, "
        f"l.own, {', '.join('l.' + name for name in _COLUMNS)} "
        "FROM ledger l JOIN session s ON s.n=l.session WHERE l.key=?",
        (key,),
    )
    return [
        Holder(
            session=row[0],
            id=row[1],
            agent=row[2] or "",
            rank=rank(row[3], row[4], is_fork=row[5] == "fork", session=row[1]),
            record=_record(row[6], row[7:]),
        )
        for row in rows
    ]


def rank(
    started_at: int | None, ended_at: int | None, *, is_fork: bool, session: str
) -> tuple[bool, int, bool, bool, int, str]:
    """Gives a session's place among those that hold a response: the earliest comes first.

    Forks that copy their parent with its times begin when it began; then one that says that it is a
    fork comes later, and else the one that was active last.
    """
    return (started_at is None, started_at or 0, is_fork, ended_at is None, ended_at or 0, session)


def _held(connection: apsw.Connection, key: str, session: int) -> Record | None:
    row = fetch_one(
        connection, f"SELECT own, {_RECORD} FROM ledger WHERE key=? AND session=?", (key, session)
    )
    return None if row is None else _record(row[0], row[1:])


def _record(own: str | None, row: tuple[object, ...]) -> Record:
    if own is not None:
        return msgspec.json.decode(own, type=Record)
    values = dict(zip(_COLUMNS, row, strict=True))
    tokens = from_columns([values.pop(name) for name in COLUMNS])
    return msgspec.convert(
        {
            **{name: value for name, value in values.items() if name not in {"owned", "cost"}},
            "tokens": tokens,
            "quality": QUALITIES[int(str(values["quality"]))],
            "final": bool(values["final"]),
            "inherited": bool(values["inherited"]),
        },
        Record,
    )


def _write(
    connection: apsw.Connection,
    key: str,
    session: int,
    record: Record,
    price: Price,
    *,
    owned: bool | None = None,
    best: Record | None = None,
) -> None:
    """Writes a session's record; the columns tell the `best` one where that is another's."""
    shown = best or record
    cost = shown.stated_cost if record.stated_cost is None else record.stated_cost
    own = None
    if (shown.tokens, shown.model, shown.quality, cost) != (
        record.tokens,
        record.model,
        record.quality,
        record.stated_cost,
    ):
        own = msgspec.json.encode(record).decode()
    connection.execute(
        f"INSERT OR REPLACE INTO ledger(key, session, {_RECORD}, own) "
        f"VALUES ({','.join('?' * (len(_COLUMNS) + 3))})",
        (
            key,
            session,
            record.event,
            record.seq,
            record.ts,
            shown.model,
            *to_columns(shown.tokens),
            QUALITIES.index(shown.quality),
            record.final,
            record.inherited,
            not record.inherited if owned is None else owned,
            price(shown.model, shown.tokens, record.ts, cost),
            cost,
            own,
        ),
    )


def sum_up(connection: apsw.Connection, session: str) -> None:
    """Makes a session's rollups and sums from what it owns now."""
    number = session_number(connection, session)
    connection.execute("DELETE FROM rollup WHERE session=?", (number,))
    connection.execute(
        f"INSERT INTO rollup SELECT session, ts/{QUARTER}*{QUARTER}, model, count(*), {SUMS}, max(quality), "
        f"ifnull(sum(cost),0), sum(cost IS NULL) FROM ledger WHERE session=? AND owned=1 "
        f"GROUP BY ts/{QUARTER}, model",
        (number,),
    )
    row = (
        fetch_one(
            connection,
            f"SELECT {SUMS}, max(quality), ifnull(sum(cost_known),0), ifnull(sum(unpriced),0) "
            "FROM rollup WHERE session=?",
            (number,),
        )
        or ()
    )
    *tokens, quality, known, unpriced = row
    own = Sums(
        tokens=from_columns(tokens),
        quality=QUALITIES[quality or 0],
        cost=None if unpriced else known,
        cost_known=known,
    )
    row = fetch_one(connection, f"SELECT {SUMS} FROM ledger WHERE session=? AND owned=0", (number,)) or ()
    connection.execute(
        "UPDATE session SET own=?, inherited=? WHERE n=?",
        (
            msgspec.json.encode(own).decode(),
            msgspec.json.encode(from_columns(row)).decode(),
            number,
        ),
    )


def reprice(connection: apsw.Connection, pricer: Pricer) -> None:
    """Computes all money again, for a price list that changed."""
    rows = fetch(
        connection,
        f"SELECT l.n, s.agent, l.model, l.ts, l.stated_cost, {', '.join('l.' + name for name in COLUMNS)} "
        "FROM ledger l JOIN session s ON s.n=l.session",
    )
    for number, agent, model, ts, stated_cost, *tokens in rows:
        cost = price_for(pricer, agent or "")(model, from_columns(tokens), ts, stated_cost)
        connection.execute("UPDATE ledger SET cost=? WHERE n=?", (cost, number))
    for (session,) in fetch(connection, "SELECT id FROM session"):
        sum_up(connection, session)

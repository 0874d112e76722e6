"""What importing met and did not understand, as `doctor` asks for it."""

from __future__ import annotations

import apsw

from reenact.store.sql import fetch
from reenact.store.values import Drift, Warned


def drift(connection: apsw.Connection) -> list[Drift]:
    """Gives row types and fields that the parsers did not know."""
    rows = fetch(
        connection,
        "SELECT o.agent, d.name, d.version, sum(d.count), min(o.path) FROM drift d "
        "JOIN original o ON o.id=d.original GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
    )
    return [
        Drift(agent=agent, name=name, version=version, count=count, path=path or "")
        for agent, name, version, count, path in rows
    ]


def warnings(connection: apsw.Connection, *, limit: int) -> list[Warned]:
    """Gives damaged records, those of the latest sessions first."""
    rows = fetch(
        connection,
        "SELECT s.id, w.seq, ifnull(o.path, ''), w.category, w.message, w.offset, w.size FROM warning w "
        "JOIN session s ON s.part=w.part LEFT JOIN original o ON o.id=s.original "
        "ORDER BY s.ended_at DESC, s.id, w.seq LIMIT ?",
        (limit,),
    )
    names = ("session", "seq", "path", "category", "message", "offset", "size")
    return [Warned(**dict(zip(names, row, strict=True))) for row in rows]

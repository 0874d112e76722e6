"""A query's tree as a condition on sessions.

What a session has as a whole is asked of its row in `core.db`; anything else is true of a session
where the text index has it of one of its events.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import apsw
import msgspec

from reenact.query import (
    And,
    Compare,
    Field,
    Is,
    Leaf,
    Node,
    Not,
    Or,
    Pattern,
    Since,
    Until,
    Words,
    fits,
)
from reenact.store.sql import fetch
from reenact.store.text_match import expression
from reenact.store.text_shard import Shard

_MOST = 2**63 - 1
_RARE = 20
"""One of so many values is rare."""
_MANY = 2_000
"""So many sessions are walked to faster than sorted."""
_BY_VALUE = {"tool", "kind", "role", "branch"}


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """Where the answers are."""

    core: apsw.Connection
    shards: list[Shard]
    running: Collection[str]
    tags: Callable[[], Mapping[str, Collection[str]]]
    """Gives the sessions that have tags, with them."""


def condition(node: Node, asking: Asking, values: list[object]) -> str:
    """Gives the condition on `session s`; what it binds is added to `values`, in order."""
    match node:
        case Not(part=part):
            return f"NOT {condition(part, asking, values)}"
        case And(parts=parts):
            return f"({' AND '.join([condition(part, asking, values) for part in parts])})"
        case Or(parts=parts):
            return f"({' OR '.join([condition(part, asking, values) for part in parts])})"
        case _:
            return _of_leaf(node, asking, values)


def parts_of(leaf: Leaf, asking: Asking) -> str:
    """Gives the parts of the sessions that fit, as a JSON list."""
    values: list[object] = []
    where = condition(leaf, asking, values)
    rows = fetch(
        asking.core,
        f"SELECT json_group_array(s.part) FROM session s WHERE s.part IS NOT NULL AND {where}",
        values,
    )
    return str(rows[0][0])


def _of_leaf(leaf: Leaf, asking: Asking, values: list[object]) -> str:
    match leaf:
        case Field(name="agent" | "project" as name) as field:
            known = _distinct(asking.core, "session", name)
            fitting = [text for text in known if fits(field, text)]
            return _one_of(f"s.{name}", fitting, values, is_rare=len(fitting) * _RARE < len(known))
        case Field(name="model") as field:
            fitting = [text for text in _distinct(asking.core, "session_model", "model") if fits(field, text)]
            return of_models(asking.core, fitting, values)
        case Field(name="tag") as field:
            tagged = asking.tags().items()
            values.append(_json([name for name, tags in tagged if any(fits(field, tag) for tag in tags)]))
            return "s.id IN (SELECT value FROM json_each(?))"
        case Is(what="live"):
            values.append(_json(sorted(asking.running)))
            return "s.id IN (SELECT value FROM json_each(?))"
        case Is(what="subagent" | "fork" as kind):
            values.append(kind)
            return "+s.kind=?"  # the order of the list, not the kind, leads to the rows
        case Since(moment=moment) | Until(moment=moment):
            values.append(moment)
            return f"(s.ended_at IS NOT NULL AND s.ended_at{'>=' if isinstance(leaf, Since) else '<'}?)"
        case Compare():
            values.append(min(leaf.number, _MOST))
            return _comparison(leaf)
        case Words() | Field() | Is() | Pattern():
            values.append(_json(_parts_with(leaf, asking.shards)))
            return "ifnull(s.part IN (SELECT value FROM json_each(?)), 0)"
        case _:
            return "1"


def of_models(core: apsw.Connection, models: list[str], values: list[object]) -> str:
    """Gives the condition that a session used one of some models.

    Few sessions are looked up by their models; where there are many, the list is walked.
    """
    values.append(_json(models))
    chosen = "model IN (SELECT value FROM json_each(?))"
    (count,) = fetch(
        core,
        f"SELECT count(*) FROM (SELECT 1 FROM session_model WHERE {chosen} LIMIT {_MANY})",
        (_json(models),),
    )[0]
    if count < _MANY:
        return f"s.n IN (SELECT session FROM session_model WHERE {chosen})"
    return f"EXISTS (SELECT 1 FROM session_model m WHERE m.session=s.n AND m.{chosen})"


def of_projects(core: apsw.Connection, name: str, values: list[object]) -> str:
    """Gives the condition that a session's project is a folder, given whole or by the end of its path."""
    name = name.rstrip("/") or "/"
    known = _distinct(core, "session", "project")
    fitting = [text for text in known if text == name or text.endswith(f"/{name}")]
    return _one_of("s.project", fitting, values, is_rare=len(fitting) * _RARE < len(known))


def _one_of(column: str, fitting: list[str], values: list[object], *, is_rare: bool) -> str:
    """Gives the condition that a column has one of some values.

    Rare ones have an index; for others the list is walked, whose index has the column too.
    """
    if not fitting:
        return "0"
    sign = "" if is_rare else "+"
    values.extend(fitting if len(fitting) == 1 else [_json(fitting)])
    asked = "=?" if len(fitting) == 1 else " IN (SELECT value FROM json_each(?))"
    return f"({column} IS NOT NULL AND {sign}{column}{asked})"


def _comparison(leaf: Compare) -> str:
    if leaf.name == "tokens":
        return f"ifnull(s.own_tokens{leaf.operator}?, 0)"
    if leaf.operator in {">", ">="}:
        return f"ifnull(s.own_known{leaf.operator}?, 0)"
    return f"ifnull(s.own_cost{leaf.operator}?, 0)"


def _parts_with(leaf: Words | Field | Is | Pattern, shards: list[Shard]) -> list[int]:
    """Gives the parts of which one event fits."""
    found: set[int] = set()
    for shard in shards:
        if isinstance(leaf, Is) or (isinstance(leaf, Field) and leaf.name in _BY_VALUE):
            field = "is" if isinstance(leaf, Is) else leaf.name
            numbers = [
                number
                for number, text in shard.values(field)
                if (text == leaf.what if isinstance(leaf, Is) else fits(leaf, text))
            ]
            statement = "SELECT DISTINCT part FROM part_value WHERE value IN (SELECT value FROM json_each(?))"
            rows = fetch(shard.connection, statement, (_json(numbers),))
        else:
            rows = fetch(
                shard.connection,
                "SELECT DISTINCT r.part FROM words CROSS JOIN row r ON r.id=words.rowid WHERE words MATCH ?",
                (expression(leaf, shard),),
            )
        found.update(row[0] for row in rows)
    return sorted(found)


def _distinct(connection: apsw.Connection, table: str, column: str) -> list[str]:
    """Gives the values of an indexed column, one look-up each."""
    rows = connection.execute(
        f"WITH RECURSIVE each(value) AS (SELECT min({column}) FROM {table} UNION ALL "
        f"SELECT (SELECT min({column}) FROM {table} WHERE {column}>each.value) FROM each "
        "WHERE value IS NOT NULL) SELECT value FROM each WHERE value IS NOT NULL"
    )
    return [row[0] for row in rows]


def _json(values: object) -> str:
    return msgspec.json.encode(values).decode()

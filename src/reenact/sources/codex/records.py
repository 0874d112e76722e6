"""Rows of a rollout file, decoded permissively: what is missing or of another type reads as absent.

Three generations of files are one shape here: rows in an envelope (`timestamp`, `type`, `payload`),
the bare rows of the first Rust releases, and the single document of the TypeScript releases.
Observed versions: 0.42 to 0.169; older shapes after openai/codex save-rollout.ts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from reenact import clock
from reenact.sources.members import integer, mapping, text

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


ITEM_FIELDS = frozenset({
    "action", "agent_id", "arguments", "author", "call_id", "content", "encrypted_content",
    "end_turn", "error", "execution", "ghost_commit", "id", "input",
    "internal_chat_message_metadata_passthrough", "metadata", "name", "namespace", "output",
    "phase", "recipient", "result", "results", "revised_prompt", "role", "status", "summary",
    "tools", "type",
})  # fmt: skip
"""Fields of the items of a conversation, of every kind."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One row. `kind` is the payload's own type where it has one."""

    type: str
    payload: dict[str, Any]
    kind: str = ""
    ts: int | None = None
    ordinal: int | None = None
    metadata: dict[str, Any] | None = None
    raw: Any = None
    """The whole row, for what is not understood."""


class Meta(msgspec.Struct, frozen=True, kw_only=True):
    """What a `session_meta` row says of its thread."""

    id: str | None = None
    session_id: str | None = None
    """The root of the tree of agents; never the thread (0.144 and later)."""
    ts: int | None = None
    cwd: str | None = None
    version: str | None = None
    forked_from: str | None = None
    parent_thread: str | None = None
    is_subagent: bool = False
    start_ordinal: int | None = None
    """First own row of a sub-agent that was given its parent's rows."""
    base: str | None = None
    """The thread whose rows are this thread's past, where they are not copied."""
    base_ordinal: int | None = None
    base_offset: int | None = None
    instructions: str | None = None
    git: dict[str, Any] = {}
    config: dict[str, Any] = {}


def read(value: dict[str, Any]) -> Row:
    """Gives the row that a decoded line holds, whatever its generation."""
    payload = value.get("payload")
    kind = value.get("type")
    if isinstance(payload, dict) and isinstance(kind, str):
        inner = payload.get("type")
        ordinal = value.get("ordinal")
        metadata = value.get("metadata")
        return Row(
            type=kind,
            payload=payload,
            kind=inner if isinstance(inner, str) else "",
            ts=clock.parse_iso(text(value, "timestamp")),
            ordinal=ordinal if type(ordinal) is int else None,
            metadata=metadata if isinstance(metadata, dict) else None,
            raw=value,
        )
    return _bare(value)


def _bare(value: dict[str, Any]) -> Row:
    if isinstance(value.get("record_type"), str):
        return Row(type="state", payload=value, raw=value)
    kind = value.get("type")
    if isinstance(kind, str) and "payload" not in value:
        ts = clock.parse_iso(text(value, "timestamp"))
        return Row(type="response_item", payload=value, kind=kind, ts=ts, raw=value)
    if isinstance(value.get("id"), str) and "timestamp" in value:
        ts = clock.parse_iso(text(value, "timestamp"))
        return Row(type="session_meta", payload=value, ts=ts, raw=value)
    return Row(type=kind if isinstance(kind, str) else "", payload=value, raw=value)


def document(value: dict[str, Any]) -> Iterator[Row] | None:
    """Yields the rows of a whole-file document (`{session, items}`); None where it is none."""
    session, items = value.get("session"), value.get("items")
    if not isinstance(session, dict) or not isinstance(items, list):
        return None
    return _document(session, items)


def _document(session: dict[str, Any], items: list[Any]) -> Iterator[Row]:
    ts = clock.parse_iso(text(session, "timestamp"))
    yield Row(type="session_meta", payload=session, ts=ts, raw=session)
    for item in items:
        if isinstance(item, dict):
            yield _bare(item)
        else:
            yield Row(type="", payload={}, raw=item)


def meta(row: Row) -> Meta:
    """Gives what a `session_meta` row says."""
    payload = row.payload
    source = payload.get("source")
    sub = source.get("subagent") if isinstance(source, dict) else None
    spawn = mapping(sub, "thread_spawn") if isinstance(sub, dict) else {}
    base = mapping(payload, "history_base")
    instructions = text(mapping(payload, "base_instructions"), "text")
    ts = clock.parse_iso(text(payload, "timestamp"))
    return Meta(
        id=text(payload, "id"),
        session_id=text(payload, "session_id"),
        ts=row.ts if ts is None else ts,
        cwd=text(payload, "cwd"),
        version=text(payload, "cli_version"),
        forked_from=text(payload, "forked_from_id"),
        parent_thread=text(payload, "parent_thread_id") or text(spawn, "parent_thread_id"),
        is_subagent=sub is not None or payload.get("thread_source") == "subagent",
        start_ordinal=integer(payload, "subagent_history_start_ordinal"),
        base=text(base, "thread_id"),
        base_ordinal=integer(base, "end_ordinal_exclusive"),
        base_offset=integer(base, "end_byte_offset"),
        instructions=instructions or text(payload, "instructions"),
        git=mapping(payload, "git"),
        config={name: payload[name] for name in _CONFIG if payload.get(name) is not None},
    )


_CONFIG = (
    "originator", "source", "model_provider", "history_mode", "thread_source", "agent_nickname",
    "agent_role", "agent_path", "multi_agent_version", "session_id", "context_window",
)  # fmt: skip


def texts(value: dict[str, Any], name: str) -> list[str]:
    """Gives the texts of a list member, else none."""
    found = value.get(name)
    return [item for item in found if isinstance(item, str)] if isinstance(found, list) else []


def born(identifier: str | None) -> int | None:
    """Gives the Unix milliseconds in a version 7 UUID; None for any other identifier."""
    if identifier is None or len(identifier) != 36 or identifier[14] != "7":
        return None
    return int(identifier[:8] + identifier[9:13], 16) if UUID.fullmatch(identifier) else None

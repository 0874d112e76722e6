"""Rows of a Claude Code transcript, decoded once, as permissive as values can be.

Every field that we look at is here; what a field holds is checked where it is used, because
versions 1.0.30 to 2.1.329 disagree about nearly all of them. Fields that we do not look at are
skipped by the decoder, which is what makes reading fast.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from reenact.events.bodies import ParseWarning
from reenact.sources import lines
from reenact.sources.protocol import Line

_MOST = 2**53  # beyond it not every JSON reader has whole numbers, and no count is that large
_NAMES = {
    "tool_use_id": "toolUseID",
    "parent_tool_use_id": "parentToolUseID",
    "source_tool_use_id": "sourceToolUseID",
    "total_cost_usd": "totalCostUSD",
}


def _rename(name: str) -> str:
    head, *rest = name.split("_")
    return _NAMES.get(name, head + "".join(part.capitalize() for part in rest))


class Row(msgspec.Struct, frozen=True, kw_only=True, rename=_rename):
    """One row, of whatever type. None means: not there, or null."""

    type: Any = None
    subtype: Any = None
    uuid: Any = None
    parent_uuid: Any = None
    logical_parent_uuid: Any = None
    session_id: Any = None
    agent_id: Any = None
    timestamp: Any = None
    cwd: Any = None
    version: Any = None
    git_branch: Any = None
    entrypoint: Any = None
    is_sidechain: Any = None
    # user
    message: Any = None
    is_meta: Any = None
    is_compact_summary: Any = None
    is_visible_in_transcript_only: Any = None
    origin: Any = None
    turn_companion: Any = None
    tool_use_result: Any = None
    tool_denial_kind: Any = None
    permission_decision: Any = None
    permission_mode: Any = None
    # assistant
    request_ref: Any = None
    request_session_id: Any = None
    forked_from: Any = None
    is_api_error_message: Any = None
    is_aborted_mid_stream: Any = None
    api_error_status: Any = None
    error: Any = None
    # system
    content: Any = None
    compact_metadata: Any = None
    retry_in_ms: Any = None
    retry_attempt: Any = None
    max_retries: Any = None
    hook_infos: Any = None
    hook_errors: Any = None
    stop_reason: Any = None
    prevented_continuation: Any = None
    model: Any = None
    original_model: Any = None
    fallback_model: Any = None
    # attachment, progress
    attachment: Any = None
    rendered: Any = None
    rendered_role: Any = None
    data: Any = None
    tool_use_id: Any = None
    parent_tool_use_id: Any = None
    # journal of requests
    id: Any = None
    shape_hash: Any = None
    shape: Any = None
    hash: Any = None
    params: Any = None
    base: Any = None
    keep: Any = None
    tail: Any = None
    cache_control: Any = None
    query_source: Any = None
    # metadata rows
    summary: Any = None
    leaf_uuid: Any = None
    custom_title: Any = None
    ai_title: Any = None
    agent_name: Any = None
    title: Any = None
    tag: Any = None
    mode: Any = None
    relocated_cwd: Any = None
    total_cost_usd: Any = None
    model_usage: Any = None


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A row and, for those who need all of it, the whole object."""

    row: Row
    whole: Callable[[], Any]


class Decoded(msgspec.Struct, frozen=True, kw_only=True):
    """What one line held."""

    found: tuple[Found, ...] = ()
    warning: ParseWarning | None = None
    held: bool = False


_rows = msgspec.json.Decoder(Row)


def read(line: Line) -> Decoded:
    """Gives the rows of a line; a whole and sound line takes the fast path."""
    if not line.oversized:
        try:
            row = _rows.decode(line.data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass
        else:
            return Decoded(found=(Found(row=row, whole=lambda: _whole(line)),))
    tolerant = lines.decode(line)
    return Decoded(
        found=tuple(_found(value) for value in tolerant.values),
        warning=tolerant.warning,
        held=tolerant.held,
    )


def _whole(line: Line) -> Any:
    """Gives all of a row, also of one with defects in fields that we do not look at."""
    values = lines.decode(line).values
    return values[0] if values else {}


def _found(value: dict[str, Any]) -> Found:
    return Found(row=msgspec.convert(value, Row), whole=lambda: value)


def text(value: Any) -> str | None:
    """Gives a text that is there and not empty."""
    return value if isinstance(value, str) and value else None


def table(value: Any) -> dict[str, Any]:
    """Gives an object, or an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[Any]:
    """Gives a list, or an empty one."""
    return value if isinstance(value, list) else []


def number(value: Any) -> int | None:
    """Gives a whole number that is not negative, and small enough to be one in every JSON reader."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and 0 <= value <= _MOST else None

"""What of an Anthropic request counts when two requests are compared.

Left out of fp1: `stream` (an answer can be served either way), `metadata` and other fields that
name an account, cache marks (they move with every request), signatures of thinking, and Claude
Code's billing line. A content that is text counts as one text block, as Claude Code sends either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from reenact.wire import canonical
from reenact.wire.anthropic.journal import is_billing_line
from reenact.wire.anthropic.request import Request, parts_of
from reenact.wire.fingerprint import Cache, Fingerprint, Part, Prepared, fingerprint
from reenact.wire.normalise import Id, Normaliser
from reenact.wire.rules import CURRENT_DATETIME, LISTING_DATES, UUIDS, IdShape, Rule, Rules

if TYPE_CHECKING:
    from reenact.wire.canonical import Json, Object

TRANSPORT_FIELDS = frozenset({"stream"})
"""Left out of every fingerprint."""
DROPPED_FIELDS = TRANSPORT_FIELDS | {
    "metadata",
    "cache_control",
    "diagnostics",
    "user_profile_id",
    "workspace_id",
}
"""Top-level fields left out of fp1 and fp2."""

RULES = Rules(
    shapes=(
        UUIDS,
        IdShape(name="protocol-id", pattern="(?:srvtoolu|mcptoolu|toolu|msg|req)_[A-Za-z0-9]{6,}", hint="_"),
    )
)
"""What every client of this API has in common."""
CLAUDE_CODE = Rules(
    shapes=RULES.shapes,
    rules=(
        Rule(name="agent-id", pattern=r"\bagentId: (a[0-9a-f]{16})\b", does="id", hint="agentId"),
        Rule(name="task-id", pattern=r"\bwith ID: ([A-Za-z0-9_-]{6,})\b", does="id", hint="with ID"),
        Rule(name="task-id", pattern=r"/tasks/([A-Za-z0-9_-]{6,})\.output\b", does="id", hint="/tasks/"),
        Rule(name="task-id", pattern=r"<task-id>([A-Za-z0-9_-]{6,})</task-id>", does="id", hint="<task-id>"),
        Rule(
            name="spill-id",
            pattern=r"/tool-results/([A-Za-z0-9_-]{6,})\.[a-z]+\b",
            does="id",
            hint="/tool-results/",
        ),
        Rule(name="duration", pattern=r"\bduration_ms(?:: |>)(\d+)", hint="duration_ms"),
        Rule(
            name="today",
            pattern=r"\b[Tt]oday's date(?: is(?: now)?|:) (\d{4}-\d\d-\d\d)",
            hint="oday's date",
        ),
        Rule(name="today", pattern=r"\b[Tt]he current month is ([A-Z][a-z]+ \d{4})", hint="urrent month"),
        Rule(name="user-number", pattern=r"/claude-(\d+)(?=/-)", hint="/claude-"),
        CURRENT_DATETIME,
        LISTING_DATES,
    ),
)
"""Further rules for Claude Code (versions to 2.1.329) and Copilot, each needed in a run at another place."""

_TOOL_OUTPUT = "⟦tool output⟧"


def fingerprint_request(
    request: Request, normaliser: Normaliser, *, cache: Cache | None = None
) -> Fingerprint:
    """Computes fp0, fp1, fp2 and the chain of a request; with a cache only new messages cost time."""
    return fingerprint(parts_of(request), prepare, normaliser, cache=cache)


def prepare(part: Part) -> Prepared:
    """Reads a part: the value as sent, and what of it counts."""
    raw = part.raw if isinstance(part.raw, msgspec.Raw) else msgspec.Raw(part.raw)
    value = canonical.decode_raw(raw)
    match part.kind:
        case "params":
            fields = value if isinstance(value, dict) else {}
            sent: Object = {name: item for name, item in fields.items() if name not in TRANSPORT_FIELDS}
            return Prepared(exact=sent, value={k: v for k, v in sent.items() if k not in DROPPED_FIELDS})
        case "system":
            return Prepared(exact=value, value=[b for b in _blocks(value) if not is_billing_line(b)])
        case "tools" if isinstance(value, list):
            return Prepared(exact=value, value=[_unmarked(tool) for tool in value])
        case "message" if isinstance(value, dict):
            return _prepare_message(value)
    return Prepared(exact=value, value=value)


def _prepare_message(message: Object) -> Prepared:
    blocks = _blocks(message.get("content"))
    rest = {name: item for name, item in message.items() if name not in ("content", "cache_control")}
    masked = [_masked(block) for block in blocks]
    return Prepared(
        exact=message,
        value={**rest, "content": blocks},
        skeleton={**rest, "content": masked} if masked != blocks else None,
    )


def prepare_block(block: Object) -> Object:
    """Gives a content block as it counts: without marks and signature, ids marked, text as a block."""
    counted: Object = {name: item for name, item in block.items() if name != "cache_control"}
    if block.get("type") == "thinking":
        counted.pop("signature", None)
    for name in ("id", "tool_use_id"):
        if isinstance(found := counted.get(name), str):
            counted[name] = Id(found)
    if block.get("type") == "tool_result" and "content" in block:
        counted["content"] = _blocks(block["content"])
    return counted


def _blocks(content: Json) -> list[Json]:
    if isinstance(content, list):
        return [prepare_block(block) if isinstance(block, dict) else block for block in content]
    return [content] if not isinstance(content, str) else [{"type": "text", "text": content}]


def _masked(block: Json) -> Json:
    """Gives a tool result without its output; an error stays, it decides how a run goes on."""
    if isinstance(block, dict) and block.get("type") == "tool_result" and not block.get("is_error"):
        return {**block, "content": _TOOL_OUTPUT}
    return block


def _unmarked(tool: Json) -> Json:
    return {k: v for k, v in tool.items() if k != "cache_control"} if isinstance(tool, dict) else tool

"""What the agent writes itself when the model could not answer: errors, retries, limits."""

from __future__ import annotations

import re
from typing import Any

from reenact.events.bodies import AssistantMessage, LimitHit, LimitStatus, ModelFailed
from reenact.sources.claude_code import content
from reenact.sources.claude_code.records import number, table, text
from reenact.sources.claude_code.state import Reading, Spot
from reenact.sources.protocol import Disposition

_LIMIT = re.compile(
    r"(?i)usage limit|hit your (?:\S+ ){0,3}limit|reached your (?:\S+ ){0,3}limit|limit (?:has been )?reached"
    r"|out of extra usage|(?:session|weekly|5-hour|opus|sonnet|spend\w*|monthly) limit"
)
_EPOCH = re.compile(r"\|(\d{10})(?:\d{3})?\b")
_SCOPES = (
    ("weekly", re.compile(r"(?i)week|seven_day")),
    ("session", re.compile(r"(?i)5-hour|five_hour|session")),
    ("opus", re.compile(r"(?i)opus")),
    ("sonnet", re.compile(r"(?i)sonnet")),
    ("spend", re.compile(r"(?i)spend|extra usage|overage|credit")),
)
_STATUS = re.compile(r"API Error: (\d{3})\b|\A(\d{3}) ")
_SECOND = 1_000_000


def synthetic(reading: Reading, spot: Spot, message: dict[str, Any]) -> None:
    """Takes a message that no model wrote; it has no usage and its name is no model."""
    row, session, record, ts = spot.row, spot.session, spot.record, spot.ts
    said = content.plain(message.get("content"))
    code = text(row.error) or text(table(row.error).get("type"))
    is_error = row.is_api_error_message is True or code is not None
    body = AssistantMessage(
        blocks=content.as_blocks(message.get("content")),
        message=text(message.get("id")),
        exchange=text(row.request_ref),
        error=code or ("api_error" if is_error else "synthetic"),
    )
    reading.tell(spot, body)
    if not is_error:
        return
    status = number(row.api_error_status) or _status_in(said)
    failed = ModelFailed(
        exchange=text(row.request_ref) or reading.exchange, status=status, error=said, category=code
    )
    reading.add(session, failed, f"{record}:failed", ts=ts, parent=record)
    if _LIMIT.search(said) or code == "rate_limit":
        kind = scope(said) if _LIMIT.search(said) else "rate"
        hit = LimitHit(scope=kind, resets_at=_reset_in(said), message=said)
        reading.add(session, hit, f"{record}:limit", ts=ts, parent=record)


def api_error(reading: Reading, spot: Spot) -> Disposition:
    """Takes a failed try (`system/api_error`); most are tried again."""
    row = spot.row
    error = table(row.error)
    retry = row.retry_in_ms
    seconds = retry / 1000 if isinstance(retry, (int, float)) and not isinstance(retry, bool) else None
    inner = _innermost(error)
    told = (*map(text, (error.get("formatted"), inner.get("message"), error.get("message"), row.content)),)
    body = ModelFailed(
        exchange=reading.exchange,
        status=number(error.get("status")),
        error=next((said for said in told if said), None),
        retry_after=seconds,
        attempt=number(row.retry_attempt),
        max_attempts=number(row.max_retries),
        category=text(inner.get("type")) if inner is not error else None,
    )
    reading.tell(spot, body)
    limits = table(error.get("rateLimits"))
    if limits:
        kind, resets = text(limits.get("rateLimitType")), number(limits.get("resetsAt"))
        resets_at = resets * _SECOND if resets is not None else None
        is_hit = text(limits.get("status")) in {None, "rejected"}
        limit = (
            LimitHit(scope=scope(kind or ""), resets_at=resets_at, message=body.error, raw=limits)
            if is_hit
            else LimitStatus(scope=scope(kind or ""), resets_at=resets_at, raw=limits)
        )
        reading.add(spot.session, limit, spot.after("limit"), ts=spot.ts, parent=spot.record)
    reading.anchor(spot, is_link=True)
    return "events"


def scope(said: str) -> str | None:
    """Gives which limit a text speaks of."""
    for name, pattern in _SCOPES:
        if pattern.search(said):
            return name
    return "usage" if said else None


def _innermost(error: dict[str, Any]) -> dict[str, Any]:
    inner = error
    for _ in range(4):
        below = inner.get("error")
        if not isinstance(below, dict):
            break
        inner = below
    return inner


def _reset_in(said: str) -> int | None:
    found = _EPOCH.search(said)
    return int(found.group(1)) * _SECOND if found else None


def _status_in(said: str) -> int | None:
    found = _STATUS.search(said[:200])
    return int(found.group(1) or found.group(2)) if found else None

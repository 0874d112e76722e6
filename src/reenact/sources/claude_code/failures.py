"""What the agent writes itself when the model could not answer: errors, retries, limits."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from reenact import ids
from reenact.events.bodies import AssistantMessage, LimitHit, LimitResumed, LimitStatus, ModelFailed
from reenact.sources.claude_code import content
from reenact.sources.claude_code.records import number, table, text
from reenact.sources.claude_code.state import Reading, Spot
from reenact.sources.protocol import Disposition
from reenact.usage import limits

_STATUS = re.compile(r"API Error: (\d{3})\b|\A(\d{3}) ")


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
    limit = limits.claude(said, code=code)
    if limit is not None:
        _hit(
            reading,
            spot,
            f"{record}:limit",
            LimitHit(scope=limit.scope, resets_at=limit.resets_at, message=said),
        )


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
    told_limits = table(error.get("rateLimits"))
    if told_limits:
        kind, resets = text(told_limits.get("rateLimitType")), number(told_limits.get("resetsAt"))
        resets_at = resets * limits.SECOND if resets is not None else None
        scope = limits.claude_scope(kind or "")
        if text(told_limits.get("status")) in {None, "rejected"}:
            hit = LimitHit(scope=scope, resets_at=resets_at, message=body.error, raw=told_limits)
            _hit(reading, spot, spot.after("limit"), hit)
        else:
            warned = LimitStatus(scope=scope, resets_at=resets_at, raw=told_limits)
            reading.add(spot.session, warned, spot.after("limit"), ts=spot.ts, parent=spot.record)
    reading.anchor(spot, is_link=True)
    return "events"


def answered(reading: Reading, spot: Spot, turn: str) -> None:
    """Ends the incident of a limit, if there is one: the model answers again."""
    incident = spot.session.limit.answered()
    if incident is not None:
        body = LimitResumed(incident=incident)
        reading.add(spot.session, body, spot.after("resumed"), ts=spot.ts, turn=turn, parent=spot.record)


def _hit(reading: Reading, spot: Spot, record: str, body: LimitHit) -> None:
    """Adds a limit that was hit, to the incident under way."""
    incident = spot.session.limit.hit(ids.event_id(spot.session.id, record))
    hit = msgspec.structs.replace(body, incident=incident)
    reading.add(spot.session, hit, record, ts=spot.ts, parent=spot.record)


def _innermost(error: dict[str, Any]) -> dict[str, Any]:
    inner = error
    for _ in range(4):
        below = inner.get("error")
        if not isinstance(below, dict):
            break
        inner = below
    return inner


def _status_in(said: str) -> int | None:
    found = _STATUS.search(said[:200])
    return int(found.group(1) or found.group(2)) if found else None

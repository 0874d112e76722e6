"""What agents write when a provider refuses more work, as one value: which limit, and when it ends.

Texts and codes are those that Claude Code, Codex, Copilot and Gemini put into their logs. Every
detector is pure: the time of the row is an argument, and text that speaks of no limit gives None.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec

SECOND = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LOOKED_AT = 16 * 1024
"""Characters of a text that are looked at: nobody says it later."""


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """A limit that was hit."""

    scope: str
    """`session` (some hours), `weekly`, `daily`, `global`, `rate` (requests or tokens a minute), a
    model's name, `spend`, or `usage` where nothing tells."""
    resets_at: int | None = None
    """UTC microseconds."""
    message: str | None = None


class Streak:
    """Gives one incident to all that is said of a limit until an answer comes.

    An incident goes by the id of the event that told of it first, so that every import gives the same.
    """

    def __init__(self) -> None:
        self._incident: str | None = None

    def hit(self, event: str) -> str:
        """Takes note of a hit; gives its incident."""
        self._incident = self._incident or event
        return self._incident

    def answered(self) -> str | None:
        """Takes note of an answer; gives the incident that it ends, if there is one."""
        incident, self._incident = self._incident, None
        return incident


# -- Claude Code --------------------------------------------------------------------------------

_CLAUDE = re.compile(
    r"(?i)usage limit|hit your (?:\S+ ){0,3}limit|reached your (?:\S+ ){0,3}limit|limit (?:has been )?reached"
    r"|out of extra usage|(?:session|weekly|5-hour|opus|sonnet|spend\w*|monthly) limit"
)
_EPOCH_TOLD = re.compile(r"\|(\d{10})(?:\d{3})?\b")
_CLAUDE_SCOPES = (
    ("weekly", re.compile(r"(?i)week|seven_day")),
    ("global", re.compile(r"(?i)global")),
    ("session", re.compile(r"(?i)5-hour|five_hour|session")),
    ("opus", re.compile(r"(?i)opus")),
    ("sonnet", re.compile(r"(?i)sonnet")),
    ("spend", re.compile(r"(?i)spend|extra usage|overage|credit")),
)


def claude_scope(said: str) -> str | None:
    """Gives which limit a text, or the name of a limit, speaks of."""
    for name, pattern in _CLAUDE_SCOPES:
        if pattern.search(said[:_LOOKED_AT]):
            return name
    return "usage" if said else None


def claude(said: str, *, code: str | None = None) -> Limit | None:
    """Reads what Claude Code says when the model refused; `code` is the error's own word, if any."""
    head = said[:_LOOKED_AT]
    if not _CLAUDE.search(head):
        return Limit(scope="rate", message=said) if code == "rate_limit" else None
    found = _EPOCH_TOLD.search(head)
    scope = claude_scope(head) or "usage"
    if scope == "usage" and found is not None:
        scope = "session"  # the bare form with its time is that of the five-hour window
    return Limit(scope=scope, resets_at=int(found[1]) * SECOND if found else None, message=said)


def claude_row(row: Mapping[str, Any]) -> Limit | None:
    """Reads a row of Claude Code's streamed output: a retry because of a limit, or a failed result."""
    if row.get("type") == "system":
        is_limit = row.get("subtype") == "api_retry" and row.get("error") == "rate_limit"
        return Limit(scope="rate") if is_limit else None
    if row.get("type") == "result" and row.get("is_error") is True:
        said = row.get("result")
        return claude(said) if isinstance(said, str) else None
    return None


# -- Codex --------------------------------------------------------------------------------------

CODEX_CODES = frozenset({"usage_limit_exceeded", "usage_limit_reached", "usage_not_included"})
_CODEX = re.compile(r"(?i)hit your (?:\S+ ){0,3}limit|usage limit|usage_limit_(?:reached|exceeded)")
_CODEX_AT = re.compile(r"(?i)try again (?:at|after|on) ([^\n]{4,60})")
_ORDINAL = re.compile(r"(?i)\b(\d{1,2})(?:st|nd|rd|th)\b")
_DATES = ("%b %d, %Y %I:%M %p", "%B %d, %Y %I:%M %p", "%b %d, %Y, %I:%M %p", "%B %d, %Y, %I:%M %p")
_TIMES = ("%I:%M %p", "%H:%M")


def codex(
    said: str, *, code: str | None = None, at: int | None = None, offset: int | None = None
) -> Limit | None:
    """Reads what Codex says when its plan's limit is hit.

    It tells local times: `offset` is how many minutes they lie before UTC's (120 in UTC+2); without
    it only times that name their zone are understood. `at` is the time of the row.
    """
    head = said[:_LOOKED_AT]
    if code not in CODEX_CODES and not _CODEX.search(head):
        return None
    resets = _codex_time(head, at, offset)
    return Limit(scope="weekly" if re.search(r"(?i)week", head) else "usage", resets_at=resets, message=said)


def _codex_time(said: str, at: int | None, offset: int | None) -> int | None:
    found = _CODEX_AT.search(said)
    if found is None:
        return after(said, at)
    told = _ORDINAL.sub(r"\1", found[1]).strip().rstrip(".\"'} ")
    zone = None if offset is None else timezone(timedelta(minutes=offset))
    moment = _iso(told)
    if moment is None:
        moment = _date(told) or _time_of_day(told, at, zone)
    if moment is None or (moment.tzinfo is None and zone is None):
        return None
    return _micros(moment if moment.tzinfo else moment.replace(tzinfo=zone))


def _iso(told: str) -> datetime | None:
    try:
        return datetime.fromisoformat(told.removesuffix(" UTC") + ("+00:00" if told.endswith(" UTC") else ""))
    except ValueError:
        return None


def _date(told: str) -> datetime | None:
    for pattern in _DATES:
        try:
            return datetime.strptime(told, pattern)  # noqa: DTZ007 - the zone is added by the caller
        except ValueError:
            continue
    return None


def _time_of_day(told: str, at: int | None, zone: timezone | None) -> datetime | None:
    """Gives the next time of day behind `at`."""
    if at is None or zone is None:
        return None
    now = (_EPOCH + timedelta(microseconds=at)).astimezone(zone)
    for pattern in _TIMES:
        try:
            parsed = datetime.strptime(told, pattern)  # noqa: DTZ007 - only hour and minute count
        except ValueError:
            continue
        moment = now.replace(hour=parsed.hour, minute=parsed.minute, second=0, microsecond=0)
        return moment if moment > now else moment + timedelta(days=1)
    return None


# -- Copilot ------------------------------------------------------------------------------------

_COPILOT = re.compile(r"(?i)rate_?limit|quota")


def copilot(
    kind: str, *, code: str | None = None, message: str | None = None, at: int | None = None
) -> Limit | None:
    """Reads a Copilot `session.error`: `kind` is its `errorType`, `code` its `errorCode`.

    An error of another type is none, unless its code names a rate limit.
    """
    named = code or kind
    if not (_COPILOT.search(kind) or _COPILOT.search(code or "")):
        return None
    said = (message or "")[:_LOOKED_AT]
    scope = "session"
    for word in ("weekly", "monthly", "daily", "global"):
        if word in named.lower():
            scope = word
    if scope == "session" and re.search(r"(?i)quota", named):
        scope = "monthly" if re.search(r"(?i)month", said) else "quota"
    return Limit(scope=scope, resets_at=after(said, at), message=message)


# -- Gemini -------------------------------------------------------------------------------------

_GEMINI = re.compile(r"(?i)RESOURCE_EXHAUSTED|exceeded your current quota|quota exceeded|free_tier_requests")
_GEMINI_SCOPES = (("weekly", "perweek"), ("daily", "perday"), ("rate", "perminute"), ("rate", "persecond"))
_RETRY = re.compile(r"(?i)retry(?:Delay)?\"?'?(?: in|:)?\s*\"?(\d+(?:\.\d+)?)s\b")


def gemini(said: Any, *, at: int | None = None) -> Limit | None:
    """Reads an error of Gemini: its JSON (an object, or a list of one), or a text that may hold it."""
    text = said if isinstance(said, str) else _json(said)
    head = text[:_LOOKED_AT]
    is_429 = re.search(r"\"code\"\s*:\s*429\b|\b429\b.{0,40}(?:Too Many|RESOURCE)", head) is not None
    if not (is_429 or _GEMINI.search(head)):
        return None
    folded = head.lower().replace(" ", "").replace("_", "")
    scope = next((name for name, word in _GEMINI_SCOPES if word in folded), "rate")
    resets = None
    found = _RETRY.search(head)
    if scope == "rate" and found is not None and at is not None:
        # with a day's quota the delay only says when the next try would be refused again
        resets = at + int(float(found[1]) * SECOND)
    return Limit(scope=scope, resets_at=resets, message=text[:_LOOKED_AT])


def _json(value: Any) -> str:
    try:
        return msgspec.json.encode(value).decode()
    except (TypeError, ValueError, RecursionError):
        return ""


# -- times --------------------------------------------------------------------------------------

_PART = re.compile(r"(?i)(\d+(?:\.\d+)?)\s*(weeks?|days?|hours?|hrs?|minutes?|mins?|seconds?|secs?)\b")
_UNITS = {"w": 7 * 86_400, "d": 86_400, "h": 3600, "m": 60, "s": 1}
_IN = re.compile(r"(?i)\b(?:try again|retry|resets?|wait)\b.{0,20}?(?:\bin\b|\bfor\b)\s+([^.\n]{2,60})")


def after(said: str, at: int | None) -> int | None:
    """Gives the time that a text like `try again in 2 hours 5 minutes` means, said at `at`."""
    found = _IN.search(said)
    if found is None or at is None:
        return None
    seconds = sum(float(part[1]) * _UNITS[part[2][0].lower()] for part in _PART.finditer(found[1]))
    return at + int(seconds * SECOND) if seconds else None


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)

"""Limits as agents write them; the numbers are those of the seeds' cases."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from reenact.usage.limits import Limit, Streak, after, claude, claude_row, codex, copilot, gemini

AT = 1_790_000_000_000_000  # 2026-09-21T14:13:20Z
HOUR = 3_600_000_000


def utc(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp()) * 1_000_000  # type: ignore[misc,arg-type]


def told(limit: Limit | None) -> tuple[str, int | None] | None:
    return None if limit is None else (limit.scope, limit.resets_at)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Claude AI usage limit reached|1790003600", ("session", 1_790_003_600_000_000)),
        ("Claude AI usage limit reached|1790003600123", ("session", 1_790_003_600_000_000)),
        ("Your weekly limit was reached|1790090000", ("weekly", 1_790_090_000_000_000)),
        ("Global usage limit reached|1790090000", ("global", 1_790_090_000_000_000)),
        (
            "API Error: 429 … Claude AI usage limit reached|1790003600 … retry",
            ("session", 1_790_003_600_000_000),
        ),
        ("You've hit your Opus limit · resets 3pm", ("opus", None)),
        ("the limit of a sequence", None),
        ("all fine|1790003600", None),
    ],
)
def test_s5_54_claudes_limit_texts_tell_scope_and_exact_time(
    said: str, expected: tuple[str, int | None] | None
) -> None:
    found = claude(said)
    assert told(found) == expected
    assert found is None or found.message == said  # what was said is kept as it is


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"type": "system", "subtype": "api_retry", "error": "rate_limit", "attempt": 1}, ("rate", None)),
        (
            {"type": "result", "is_error": True, "result": "Claude AI usage limit reached|1790003600"},
            ("session", 1_790_003_600_000_000),
        ),
        ({"type": "result", "is_error": False, "result": "usage limit reached"}, None),
        ({"type": "system", "subtype": "api_retry", "error": "overloaded"}, None),
        ({"type": "system", "subtype": "init"}, None),
    ],
)
def test_s5_55_claudes_streamed_rows_tell_limits(
    row: dict[str, Any], expected: tuple[str, int | None] | None
) -> None:
    assert told(claude_row(row)) == expected


@pytest.mark.parametrize(
    ("said", "code", "offset", "expected"),
    [
        (
            "You've hit your usage limit. Try again at Sep 22nd, 2026 3:14 PM.",
            None,
            120,
            utc(2026, 9, 22, 13, 14),
        ),
        (
            "You've hit your usage limit. Try again at Sep 22, 2026 3:14 PM.",
            None,
            0,
            utc(2026, 9, 22, 15, 14),
        ),
        (
            "You've hit your usage limit. Try again at September 1st, 2027 3:14 AM",
            None,
            -300,
            utc(2027, 9, 1, 8, 14),
        ),
        ("usage limit: try again at 2026-09-22T15:14:00Z", None, None, utc(2026, 9, 22, 15, 14)),
        ("You've hit your usage limit. Try again at 3:14 PM.", None, 0, utc(2026, 9, 21, 15, 14)),
        ("You've hit your usage limit. Try again at 1:14 PM.", None, 0, utc(2026, 9, 22, 13, 14)),
        ("You've hit your usage limit. Try again in 2 days 3 hours.", None, None, AT + 51 * HOUR),
        ("You've hit your usage limit. Try again at some later time.", None, 0, None),
        ("You've hit your usage limit. Try again at Sep 22, 2026 3:14 PM.", None, None, None),
        ("nothing more today", "usage_limit_exceeded", 0, None),
        (
            '{"error":{"type":"usage_limit_reached","message":"The usage limit has been reached"}}',
            None,
            0,
            None,
        ),
    ],
)
def test_s5_57_codex_limits_tell_local_times(
    said: str, code: str | None, offset: int | None, expected: int | None
) -> None:
    assert told(codex(said, code=code, at=AT, offset=offset)) == ("usage", expected)


def test_s5_57_other_failures_of_codex_are_no_limits() -> None:
    assert codex("stream disconnected before completion", code="stream_error", at=AT, offset=0) is None


@pytest.mark.parametrize(
    ("kind", "code", "message", "expected"),
    [
        (
            "rate_limit",
            "rate_limited",
            "You are rate limited, try again in 2 hours",
            ("session", AT + 2 * HOUR),
        ),
        ("rate_limit", "user_weekly_rate_limited", "Weekly limit reached.", ("weekly", None)),
        ("rate_limit", "user_global_rate_limited:sub", "Please wait.", ("global", None)),
        ("rate_limit", None, "Please try again in 30 minutes.", ("session", AT + HOUR // 2)),
        ("quota", "quota_exceeded", "You have no premium requests left this month", ("monthly", None)),
        ("query", "bad_request", "try again in 2 hours", None),
        ("info", None, "rate limits are told in the manual", None),
    ],
)
def test_s5_58_copilot_errors_tell_scope_and_time(
    kind: str, code: str | None, message: str, expected: tuple[str, int | None] | None
) -> None:
    assert told(copilot(kind, code=code, message=message, at=AT)) == expected


def quota(name: str, *more: dict[str, Any], code: int = 429) -> dict[str, Any]:
    violation = {"quotaMetric": "x/generate_content_requests", "quotaId": name}
    details = [{"@type": "t/google.rpc.QuotaFailure", "violations": [violation]}, *more]
    return {"error": {"code": code, "message": "quota", "status": "RESOURCE_EXHAUSTED", "details": details}}


RETRY = {"@type": "t/google.rpc.RetryInfo", "retryDelay": "45s"}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (quota("GenerateRequestsPerDayPerProjectPerModel", RETRY), ("daily", None)),
        (quota("GenerateRequestsPerMinutePerProjectPerModel", RETRY), ("rate", AT + 45_000_000)),
        ([quota("GenerateRequestsPerWeek")], ("weekly", None)),
        (
            "You exceeded your current quota: free_tier_requests. Please retry in 12.5s.",
            ("rate", AT + 12_500_000),
        ),
        ('[API Error: {"error":{"code":429,"message":"Too many"}}]', ("rate", None)),
        ({"error": {"code": 500, "message": "Internal error 429 things", "status": "INTERNAL"}}, None),
        ("[API Error: 500]", None),
        (object(), None),
    ],
)
def test_s5_59_geminis_429_tells_scope_and_time(said: Any, expected: tuple[str, int | None] | None) -> None:
    assert told(gemini(said, at=AT)) == expected


def test_one_incident_holds_until_an_answer_comes() -> None:
    streak = Streak()
    assert streak.answered() is None
    assert [streak.hit("e1"), streak.hit("e2")] == ["e1", "e1"]
    assert streak.answered() == "e1"
    assert streak.answered() is None
    assert streak.hit("e3") == "e3"


@pytest.mark.parametrize(
    "said", ["", "try again in a while", "try again in 0 minutes", "no times here: 5 hours"]
)
def test_texts_without_a_time_tell_none(said: str) -> None:
    assert after(said, AT) is None


def test_a_time_of_day_needs_a_moment_to_be_next_to() -> None:
    found = codex("You've hit your usage limit. Try again at 3:14 PM.")
    assert found is not None
    assert found.resets_at is None

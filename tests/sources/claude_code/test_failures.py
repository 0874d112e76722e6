from __future__ import annotations

import pytest

from reenact.events.bodies import (
    AssistantMessage,
    LimitHit,
    LimitResumed,
    ModelFailed,
)

from .transcripts import Log


def test_a_try_that_failed_tells_when_the_next_one_comes() -> None:
    log = Log(version="2.1.329")
    log.prompt()
    log.meta("api-request", id="req-1", params={}, tail=[])
    error = {"status": 429, "formatted": "429 Slow down.", "rateLimits": None}
    log.notice("api_error", error=error, retryInMs=2282, retryAttempt=1, maxRetries=10)
    assert log.read().one(ModelFailed) == ModelFailed(
        exchange="req-1", status=429, error="429 Slow down.", retry_after=2.282, attempt=1, max_attempts=10
    )


def test_the_nested_errors_of_older_versions_are_read_too() -> None:
    log = Log(version="2.0.64")
    log.prompt()
    inner = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    log.notice("api_error", error={"status": 529, "error": inner}, retryInMs=500.5)
    failed = log.read().one(ModelFailed)
    assert (failed.status, failed.error, failed.category) == (529, "Overloaded", "overloaded_error")
    assert failed.retry_after == 0.5005


@pytest.mark.parametrize(
    ("said", "scope", "resets"),
    [
        ("Claude AI usage limit reached|1772400000", "session", 1_772_400_000_000_000),
        ("You've hit your session limit · resets 3pm", "session", None),
        ("You've hit your weekly limit · resets Mon 9am", "weekly", None),
        ("You've hit your limit · resets 3pm (Europe/Berlin)", "usage", None),
        ("5-hour limit reached ∙ resets 3pm", "session", None),
        ("Opus limit reached", "opus", None),
        ("API Error: Request rejected (429) · This would exceed your account's rate limit.", "rate", None),
        ("You're out of extra usage · resets 5am", "spend", None),
    ],
)
def test_a_limit_that_was_hit_has_its_scope_and_its_end(said: str, scope: str, resets: int | None) -> None:
    log = Log()
    log.prompt()
    log.says(said, model="<synthetic>", isApiErrorMessage=True, error="rate_limit")
    hit = log.read().one(LimitHit)
    assert (hit.scope, hit.resets_at, hit.message) == (scope, resets, said)


def test_rate_limits_of_a_failed_try_are_told() -> None:
    log = Log(version="2.1.329")
    log.prompt()
    limits = {"status": "rejected", "rateLimitType": "five_hour", "resetsAt": 1_772_400_000}
    log.notice("api_error", error={"status": 429, "rateLimits": limits})
    hit = log.read().one(LimitHit)
    assert (hit.scope, hit.resets_at) == ("session", 1_772_400_000_000_000)


def test_a_synthetic_message_that_is_no_error_hits_no_limit() -> None:
    log = Log()
    log.prompt()
    log.says("No response requested.", model="<synthetic>", stop="stop_sequence", isApiErrorMessage=False)
    found = log.read()
    assert found.one(AssistantMessage).error == "synthetic"
    assert found.of(ModelFailed) == []


def test_s5_54_all_that_is_said_of_a_limit_is_one_incident_until_an_answer_ends_it() -> None:
    log = Log()
    log.prompt("go")
    for _ in range(2):
        log.says("Claude AI usage limit reached|1772400000", model="<synthetic>", isApiErrorMessage=True)
    log.says("here I am again")
    log.says("and more")
    log.says("weekly limit reached", model="<synthetic>", isApiErrorMessage=True)
    read = log.read()
    hits, resumed = read.of(LimitHit), read.of(LimitResumed)
    assert [hit.scope for hit in hits] == ["session", "session", "weekly"]
    assert hits[0].incident == hits[1].incident != hits[2].incident
    assert [body.incident for body in resumed] == [hits[0].incident]

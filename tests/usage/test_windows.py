"""Providers' windows: each limit as it was told last."""

from __future__ import annotations

from typing import Any

from reenact.events import FORMAT, Event
from reenact.events.bodies import AnyBody, LimitHit, LimitResumed, LimitStatus
from reenact.usage.windows import Told, Window, document, windows

NOW = 1_790_000_000_000_000
HOUR = 3_600_000_000


def told(body: AnyBody, *, ago: int = 0, agent: str = "codex") -> Told:
    event = Event(
        v=FORMAT, seq=1, id="e", session="s", recorded_at=NOW, ts=NOW - ago, source_kind="backfill", body=body
    )
    return Told(agent=agent, session="s", event=event)


def status(scope: str = "primary", **more: Any) -> LimitStatus:
    return LimitStatus(**{"scope": scope, "used_percent": 12.5, "window_minutes": 300, **more})


def one(*events: Told) -> Window:
    (window,) = windows(events, now=NOW)
    return window


def test_the_latest_word_counts_whatever_the_order() -> None:
    old, new = told(status(used_percent=90.0), ago=HOUR), told(status(resets_at=NOW + HOUR))
    for events in ((old, new), (new, old)):
        window = one(*events)
        assert (window.used_percent, window.state, window.as_of) == (12.5, "open", NOW)
        assert window.start == NOW + HOUR - 5 * HOUR


def test_a_window_that_ended_is_over() -> None:
    assert one(told(status(resets_at=NOW))).state == "over"
    assert one(told(LimitHit(scope="weekly", resets_at=NOW - 1), ago=HOUR)).state == "over"


def test_a_window_whose_end_nobody_told_holds_for_its_length() -> None:
    assert one(told(status(), ago=4 * HOUR)).state == "open"
    assert one(told(status(), ago=5 * HOUR)).state == "over"


def test_a_hit_lasts_until_its_end_or_an_answer() -> None:
    hit = told(LimitHit(scope="session", resets_at=NOW + HOUR, incident="i1", message="no more"), ago=HOUR)
    assert one(hit).state == "hit"
    window = one(hit, told(LimitResumed(incident="i1"), ago=HOUR // 2))
    assert window.state == "open"
    assert window.hit is not None
    assert window.hit.resumed_at == NOW - HOUR // 2
    assert one(hit, told(LimitResumed(incident="other"))).state == "hit"
    assert one(told(LimitHit(scope="session"), ago=99 * HOUR)).state == "hit"  # nobody said when it ends


def test_agents_and_scopes_stand_apart_and_the_latest_comes_first() -> None:
    found = windows(
        [told(status(), ago=2), told(status("secondary"), ago=1), told(LimitHit(), agent="copilot")], now=NOW
    )
    assert [(window.agent, window.scope) for window in found] == [
        ("copilot", "usage"),
        ("codex", "secondary"),
        ("codex", "primary"),
    ]


def test_the_document_tells_times_as_text_and_the_unknown_as_null() -> None:
    hit = told(LimitHit(scope="weekly", incident="i"), agent="claude_code")
    shown = document(windows([hit, told(status(resets_at=NOW + HOUR), ago=5)], now=NOW))
    assert shown == {
        "version": 1,
        "by": "limits",
        "rows": [
            {
                "agent": "claude_code",
                "scope": "weekly",
                "state": "hit",
                "as_of": "2026-09-21T14:13:20Z",
                "used_percent": None,
                "window_minutes": None,
                "started_at": None,
                "resets_at": None,
                "hit": {
                    "at": "2026-09-21T14:13:20Z",
                    "session": "s",
                    "resets_at": None,
                    "message": None,
                    "incident": "i",
                    "resumed_at": None,
                },
            },
            {
                "agent": "codex",
                "scope": "primary",
                "state": "open",
                "as_of": "2026-09-21T14:13:19.999995Z",
                "used_percent": 12.5,
                "window_minutes": 300,
                "started_at": "2026-09-21T10:13:20Z",
                "resets_at": "2026-09-21T15:13:20Z",
                "hit": None,
            },
        ],
    }


def test_what_tells_of_no_limit_is_passed_over() -> None:
    assert windows([told(LimitResumed(incident=None))], now=0) == []

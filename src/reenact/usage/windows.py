"""Providers' own windows, from what agents told of them: how full, until when, and whether one was hit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from reenact.events import Event
from reenact.events.bodies import LimitHit, LimitResumed, LimitStatus
from reenact.usage.report import iso

_MINUTE = 60_000_000
State = Literal["open", "hit", "over"]
"""`hit`: no more until it resets or answers come again; `over`: the window ended since."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One event on limits, and whose."""

    agent: str
    session: str
    event: Event


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """That a limit was hit."""

    at: int | None
    session: str
    resets_at: int | None = None
    message: str | None = None
    incident: str | None = None
    resumed_at: int | None = None
    """When the model answered again, in UTC microseconds."""


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one limit of one agent; times are UTC microseconds."""

    agent: str
    scope: str
    state: State
    as_of: int | None
    """When it was told."""
    used_percent: float | None = None
    window_minutes: int | None = None
    resets_at: int | None = None
    hit: Hit | None = None

    @property
    def start(self) -> int | None:
        """When the window began, where both its end and its length are told."""
        if self.resets_at is None or self.window_minutes is None:
            return None
        return self.resets_at - self.window_minutes * _MINUTE


def windows(told: Iterable[Told], *, now: int) -> list[Window]:
    """Gives the limits that were told of, each as it was told last; the latest first."""
    last: dict[tuple[str, str], tuple[int, LimitStatus]] = {}
    hits: dict[tuple[str, str], Hit] = {}
    resumed: dict[str, int | None] = {}
    for each in sorted(told, key=lambda each: each.event.ts or 0):
        body, ts = each.event.body, each.event.ts
        match body:
            case LimitStatus():
                last[each.agent, body.scope or "usage"] = (ts or 0, body)
            case LimitHit():
                hits[each.agent, body.scope or "usage"] = Hit(
                    at=ts,
                    session=each.session,
                    resets_at=body.resets_at,
                    message=body.message,
                    incident=body.incident,
                )
            case LimitResumed(incident=str(incident)):
                resumed[incident] = ts
    found = [
        _window(key, last.get(key), _ended(hits.get(key), resumed), now) for key in last.keys() | hits.keys()
    ]
    return sorted(found, key=lambda window: (-(window.as_of or 0), window.agent, window.scope))


def _ended(hit: Hit | None, resumed: dict[str, int | None]) -> Hit | None:
    if hit is None or hit.incident not in resumed:
        return hit
    return msgspec.structs.replace(hit, resumed_at=resumed[hit.incident])


def _window(
    key: tuple[str, str], status: tuple[int, LimitStatus] | None, hit: Hit | None, now: int
) -> Window:
    agent, scope = key
    told = status[1] if status is not None else None
    resets = told.resets_at if told is not None else None
    if hit is not None and (resets is None or (hit.at or 0) > (status[0] if status else 0)):
        resets = hit.resets_at or resets
    is_past = resets is not None and resets <= now
    if resets is None and told is not None and told.window_minutes is not None and status is not None:
        is_past = status[0] + told.window_minutes * _MINUTE <= now  # told too long ago to hold still
    is_hit = hit is not None and hit.resumed_at is None and not is_past
    return Window(
        agent=agent,
        scope=scope,
        state="hit" if is_hit else "over" if is_past else "open",
        as_of=max((status[0] if status else 0), (hit.at or 0) if hit else 0) or None,
        used_percent=told.used_percent if told is not None else None,
        window_minutes=told.window_minutes if told is not None else None,
        resets_at=resets,
        hit=hit,
    )


def document(found: Iterable[Window]) -> dict[str, Any]:
    """Gives the limits as `usage limits --json` prints them."""
    return {"version": 1, "by": "limits", "rows": [window_document(window) for window in found]}


def window_document(window: Window) -> dict[str, Any]:
    """Gives one limit as JSON shows it."""
    hit = window.hit
    return {
        "agent": window.agent,
        "scope": window.scope,
        "state": window.state,
        "as_of": _iso(window.as_of),
        "used_percent": window.used_percent,
        "window_minutes": window.window_minutes,
        "started_at": _iso(window.start),
        "resets_at": _iso(window.resets_at),
        "hit": None
        if hit is None
        else {
            "at": _iso(hit.at),
            "session": hit.session,
            "resets_at": _iso(hit.resets_at),
            "message": hit.message,
            "incident": hit.incident,
            "resumed_at": _iso(hit.resumed_at),
        },
    }


def _iso(moment: int | None) -> str | None:
    return None if moment is None else iso(moment)

"""Takes secrets out of events before anything is made of them, so that no cut can hide half of one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from reenact.events import Event, decode, encode

Scrub = Callable[[Any], Any]
"""Takes a JSON value, gives it without secrets."""


def scrubbed(events: Iterable[Event], scrub: Scrub | None) -> Iterator[Event]:
    """Yields the events with their bodies scrubbed; as they are where `scrub` is None."""
    for event in events:
        if scrub is None:
            yield event
            continue
        raw = msgspec.json.decode(encode(event))
        clean = scrub(raw["body"])
        yield event if clean == raw["body"] else decode(msgspec.json.encode({**raw, "body": clean}))

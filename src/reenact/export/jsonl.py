"""A session as JSON lines: its header first, then one event a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from reenact.events import FORMAT, Event, Header, encode
from reenact.export.scrubbed import Scrub, scrubbed


def jsonl(events: Iterable[Event], *, header: Header | None = None, scrub: Scrub | None) -> Iterator[bytes]:
    """Yields lines of UTF-8 JSON, each with its line end.

    The first line is `{"v": …, "header": …}`; all others are events as `events.decode` reads them.

    Args:
        events: in order of their positions.
        header: who the session is; null where it is not known.
        scrub: takes a JSON value and gives it without secrets; None leaves everything as it is.
    """
    told = None if header is None else msgspec.to_builtins(header)
    yield _line({"v": FORMAT, "header": told if scrub is None else scrub(told)})
    for event in scrubbed(events, scrub):
        yield encode(event) + b"\n"


def _line(value: Any) -> bytes:
    return msgspec.json.encode(value) + b"\n"

"""One file that another archive takes in: sessions with events, payloads and notes, under their own ids.

The file is JSON lines, packed with zstandard. The first line says what it is; each session is a header,
its events and its notes; a payload comes before the first event that names it; the last line counts
what came before it, so that a file that was cut off is known as such.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec
import zstandard

from reenact.events import FORMAT, Event, Header, encode
from reenact.export.scrubbed import Scrub, scrubbed

VERSION = 1
"""The version of the file's own form; its events have that of `events.FORMAT`."""
_LEVEL = 6
_BLOB = "sha256:"


class Carried(msgspec.Struct, frozen=True, kw_only=True):
    """A session on its way into a file."""

    header: Header
    events: Iterable[Event]
    notes: Sequence[Any] = ()


def portable(
    sessions: Iterable[Carried], *, blob: Callable[[str], bytes | None], scrub: Scrub | None
) -> Iterator[bytes]:
    """Yields the bytes of a portable file.

    Args:
        sessions: what it holds, in this order.
        blob: gives a payload by its name.
        scrub: takes a JSON value and gives it without secrets; None leaves everything as it is. Payloads
            were scrubbed when they were recorded.
    """
    packer = zstandard.ZstdCompressor(level=_LEVEL).compressobj()
    for line in _lines(sessions, blob, scrub):
        if piece := packer.compress(line + b"\n"):
            yield piece
    yield packer.flush()


def _lines(
    sessions: Iterable[Carried], blob: Callable[[str], bytes | None], scrub: Scrub | None
) -> Iterator[bytes]:
    yield _line({"reenact": VERSION, "events": FORMAT, "scrubbed": scrub is not None})
    given: set[str] = set()
    counts = {"sessions": 0, "events": 0, "blobs": 0}
    for carried in sessions:
        told = msgspec.to_builtins(carried.header)
        yield _line({"header": told if scrub is None else scrub(told)})
        counts["sessions"] += 1
        for event in scrubbed(carried.events, scrub):
            text = encode(msgspec.structs.replace(event, origin=None))
            for name in _named(msgspec.json.decode(text), given) if _BLOB.encode() in text else ():
                given.add(name)
                if (data := blob(name)) is not None:
                    counts["blobs"] += 1
                    yield _line({"blob": name, "data": base64.b85encode(data).decode()})
            counts["events"] += 1
            yield b'{"event":' + text + b"}"
        for note in carried.notes:
            raw = msgspec.to_builtins(note)
            yield _line({"note": raw if scrub is None else scrub(raw)})
    yield _line({"end": counts})


def _named(value: Any, given: set[str]) -> Iterator[str]:
    """Yields the names of payloads in a value that were not given yet, each once."""
    if isinstance(value, str):
        if value.startswith(_BLOB) and value not in given:
            yield value
    elif isinstance(value, list):
        for item in value:
            yield from _named(item, given)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _named(item, given)


def _line(value: Any) -> bytes:
    return msgspec.json.encode(value)

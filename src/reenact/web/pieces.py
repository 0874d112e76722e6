"""Further pages of long texts, and images: one event read, one thing of it given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from reenact.errors import NotFoundError
from reenact.web import contents, texts
from reenact.web.requests import wire_request

if TYPE_CHECKING:
    from reenact.events import Event
    from reenact.store import SessionRow
    from reenact.web.desk import Reading


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a text: characters `offset` … of the scrubbed whole."""

    text: str
    size: int
    name: str


class Image(msgspec.Struct, frozen=True, kw_only=True):
    media_type: str
    data: bytes


def body(reading: Reading, name: str, part: str, offset: int, *, whole: bool = False) -> Piece:
    """Gives a page of a text.

    Raises:
        NotFoundError: there is no such text.
    """
    row = reading.row(name)
    number, _, word = part.partition(":")
    if not number.isascii() or not number.isdigit() or len(number) > 15:
        raise NotFoundError("there is no such text", hint="ask with the `part` of a text")
    text = _text(reading, row, int(number), word)
    if text is None:
        raise NotFoundError("there is no such text", hint="ask with the `part` of a text")
    clean = reading.archive.guard.text(text)
    shown = clean if whole else clean[offset : offset + texts.PAGE]
    return Piece(text=shown, size=len(clean), name=f"{row.id}-{number}-{word}.txt")


def _text(reading: Reading, row: SessionRow, seq: int, word: str) -> str | None:
    event = _event(reading, row, seq)
    if event is None:
        return None
    if word == "request":
        reel = reading.reel(row)
        for number, item in enumerate(reel.exchanges, 1):
            if item.asked == seq:
                told = wire_request(reading, row, reel, number)
                return None if told.body is None else contents.pretty(told.body)
        return None
    return contents.text_of(event, word)


def image(reading: Reading, name: str, seq: int, number: int) -> Image:
    """Gives a recorded image.

    Raises:
        NotFoundError: there is none, or what is there is no image of a kind that is shown.
    """
    row = reading.row(name)
    event = _event(reading, row, seq)
    pictures = contents.pictures(event) if event is not None else []
    found = contents.image_bytes(pictures[number], reading.archive.store) if number < len(pictures) else None
    if found is None:
        raise NotFoundError("there is no such image")
    return Image(media_type=found[0], data=found[1])


def _event(reading: Reading, row: SessionRow, seq: int) -> Event | None:
    return next(iter(reading.archive.store.events(row.id, start=seq, stop=seq + 1)), None)

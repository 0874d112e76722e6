"""A JSON array that grows: how answers are streamed where no events are asked for.

Elements are found as they are completed, however the bytes were cut.
"""

from __future__ import annotations

import re

_MARK = re.compile(rb'["\\\[\]{}]')


def boundaries(body: bytes) -> tuple[int, ...]:
    """Gives the offsets where elements end, the end of the body last; the pieces join to the body."""
    ends: list[int] = []
    depth, in_text, place = 0, False, 0
    while (found := _MARK.search(body, place)) is not None:
        mark, place = found.group(), found.end()
        if mark == b"\\":
            place += in_text  # what it escapes is no mark
        elif mark == b'"':
            in_text = not in_text
        elif not in_text:
            depth += 1 if mark in b"[{" else -1
            if depth == 1 and mark in b"]}":
                ends.append(place)
    if body and (not ends or ends[-1] != len(body)):
        ends.append(len(body))
    return tuple(ends)


def split(piece: bytes) -> tuple[bytes, bytes, bytes]:
    """Takes an element's piece apart: what stands before the object, the object, what stands behind."""
    start, end = piece.find(b"{"), piece.rfind(b"}") + 1
    if start < 0 or end <= start:
        return piece, b"", b""
    return piece[:start], piece[start:end], piece[end:]


def elements(body: bytes) -> tuple[list[bytes], bool]:
    """Gives the whole elements of an array as JSON, and whether the array came to its end."""
    ends = boundaries(body)
    found = [split(body[start:end])[1] for start, end in zip((0, *ends), ends, strict=False)]
    is_ended = body.rstrip()[-1:] == b"]"
    if found and not is_ended and body.rstrip()[-1:] not in (b"}", b","):
        found.pop()  # the last piece broke off
    return [one for one in found if one], is_ended

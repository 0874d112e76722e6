"""Cutting a text the way another text was cut, so that a changed answer still streams as recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULT_FRAGMENT = 24
"""Characters per piece where no recording tells; five real clients read such streams."""


def recut(text: str, lengths: Sequence[int]) -> list[str]:
    """Cuts a text at recorded lengths: as many pieces as there were, the rest in the last one.

    A text that became shorter leaves empty pieces at the end, so that the number of events stays.
    """
    pieces: list[str] = []
    place = 0
    for length in lengths[:-1]:
        pieces.append(text[place : place + length])
        place += length
    if lengths:
        pieces.append(text[place:])
    return pieces


def fragments(text: str, size: int = DEFAULT_FRAGMENT) -> list[str]:
    """Cuts a text into pieces of one size; an empty text has none."""
    return [text[place : place + size] for place in range(0, len(text), size)]

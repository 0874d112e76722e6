"""Recorded text on its way out: scrubbed, and cut to what an answer may carry."""

from __future__ import annotations

from collections.abc import Callable

from reenact.web.views import Text

PAGE = 64 * 1024
"""Characters of a text in one answer; the rest comes in pages of this size."""
BUDGET = 1_500_000
"""Characters of all texts of one answer together, until only beginnings are given."""
HUGE = 1_000_000
"""Longer texts show only their beginning until somebody asks for more."""
BEGINNING = 4 * 1024
_OVERLAP = 8 * 1024
"""Scrubbed beyond the cut, so that a secret across it is still whole."""


class Cutter:
    """Cuts the texts of one answer; made anew for each."""

    def __init__(self, scrub: Callable[[str], str]) -> None:
        self.scrub = scrub
        self._left = BUDGET

    def cut(self, text: str, seq: int, name: str) -> Text:
        """Gives a text, or its beginning; `seq` and `name` say where the whole is."""
        limit = BEGINNING if len(text) > HUGE or self._left <= 0 else PAGE
        shown = self.scrub(text[: limit + _OVERLAP])[:limit] if text else ""
        self._left -= len(shown)
        return Text(
            text=shown,
            size=len(text),
            more=len(text) > limit,
            part=f"{seq}:{name}" if len(text) > limit else None,
            lines=text.count("\n") + (0 if not text or text.endswith("\n") else 1),
        )

    def line(self, text: str | None, limit: int = 240) -> str:
        """Gives the beginning of a text on one line."""
        return line_of(self.scrub, text, limit)


def line_of(scrub: Callable[[str], str], text: str | None, limit: int) -> str:
    """Gives the beginning of a text on one line."""
    return scrub(" ".join(text[: limit * 4].split()))[:limit] if text else ""

"""Pieces of a streamed answer, several in one event: their text joined, their times and lengths beside it.

A secret may be cut apart by the pieces. So only text is written that ends at a space and holds no word
at which a secret could begin; from the first such word on, all waits for the whole.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from reenact.events.bodies import ModelDelta

if TYPE_CHECKING:
    from reenact.clock import Clock

_BYTES = 4096
_TIME = 250_000
"""Microseconds after which pieces are written down, be they ever so few."""


class Pieces:
    """Collects the pieces of one answer."""

    def __init__(
        self,
        exchange: str,
        emit: Callable[[ModelDelta], object],
        clock: Clock,
        is_clean: Callable[[bytes], bool],
    ) -> None:
        self._exchange = exchange
        self._emit = emit
        self._clock = clock
        self._is_clean = is_clean
        self._begun = self._written = clock.now()
        self._texts: list[str] = []
        self._times: list[int] = []
        self._length = 0

    def add(self, text: str) -> None:
        """Takes a piece."""
        now = self._clock.now()
        self._texts.append(text)
        self._times.append(now - self._begun)
        self._length += len(text)
        if self._length >= _BYTES or now - self._written >= _TIME:
            self.flush()

    def flush(self) -> None:
        """Writes down what can be: up to the last piece that begins with a space, where all is clean."""
        whole = "".join(self._texts)
        cut = next((at for at in range(len(self._texts) - 1, 0, -1) if self._texts[at][:1].isspace()), 0)
        self._written = self._clock.now()
        if cut and self._is_clean(whole.encode("utf-8", "replace")):
            self._write(cut)

    def close(self) -> None:
        """Writes down all that is left."""
        if self._texts:
            self._write(len(self._texts))

    def _write(self, count: int) -> None:
        texts, self._texts = self._texts[:count], self._texts[count:]
        times, self._times = self._times[:count], self._times[count:]
        self._length = sum(map(len, self._texts))
        data = [[when, len(text)] for when, text in zip(times, texts, strict=True)]
        self._emit(ModelDelta(exchange=self._exchange, text="".join(texts), data=data))

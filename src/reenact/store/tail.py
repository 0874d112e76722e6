"""Follows a recorded session straight in its segments: no index, any thread, whoever writes."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from reenact.events import Event
from reenact.store import segment
from reenact.store.layout import Layout

_SEQ = b'"seq":'
_OPENING = 16 * 1024


class LocalTail:
    """See `store.protocol.Tail`."""

    def __init__(self, layout: Layout, session: str, *, after: int = 0) -> None:
        self._layout = layout
        self._session = session
        self._number = 1
        self._offset = 0
        self.last = after

    def read(self) -> Iterator[Event]:
        while True:
            handle = -1
            with contextlib.suppress(FileNotFoundError):
                handle = os.open(self._layout.live_segment(self._session), os.O_RDONLY | os.O_CLOEXEC)
            try:
                # Looked for after opening: a sealed file is there before the live one goes.
                path = segment.sealed_path(self._layout, self._session, self._number)
                if path.exists():
                    yield from self._sealed(path)
                elif handle < 0 or not self._is_mine(handle):
                    return
                else:
                    yield from self._lines(segment.blocks_of(handle, self._offset))
                    return
            finally:
                if handle >= 0:
                    os.close(handle)

    def _sealed(self, path: Path) -> Iterator[Event]:
        """Yields the rest of a sealed segment; one that lies before what is wanted is passed over."""
        table = segment.read_table(path)
        if table.last > self.last:
            yield from self._lines(segment.read_sealed(path, table, start=self._offset))
        self._number, self._offset = self._number + 1, 0

    def _is_mine(self, handle: int) -> bool:
        """Tells whether the live segment is the one to go on with: it may have been sealed since."""
        first = next(segment.lines([os.pread(handle, _OPENING, 0)]), b"")
        begin = segment.opening(first)
        return begin is None or begin.segment == self._number

    def _lines(self, blocks: Iterator[bytes]) -> Iterator[Event]:
        for line in segment.lines(blocks):
            self._offset += len(line)
            if _seq(line) <= self.last:
                continue
            event = segment.event_of(line)
            if event is not None and event.session == self._session and event.seq > self.last:
                self.last = event.seq
                yield event


def _seq(line: bytes) -> int:
    """Gives the number that a line begins with, or a large one where that cannot be told cheaply."""
    at = line.find(_SEQ, 0, 32)
    end = line.find(b",", at, at + 40)
    digits = line[at + len(_SEQ) : end]
    return int(digits) if at >= 0 and digits.isdigit() else 2**62

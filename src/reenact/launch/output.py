"""What a command prints: passed on as it comes, and written down by whole lines, up to a bound.

Lines are written down first, so that what anybody saw survives a kill; that takes less than a
millisecond, and what is no whole line yet waits for nothing. A line is scrubbed whole, so that a
secret cannot hide on the border of two pieces.
"""

from __future__ import annotations

import os
import threading
from typing import IO, TYPE_CHECKING

from reenact.events.bodies import Custom, Stderr

if TYPE_CHECKING:
    import subprocess

    from reenact.recorder import Recorder

STDOUT = "reenact.stdout"
"""Name of the event that holds lines of a command's stdout."""
KEPT = 4 * 1024 * 1024
"""Bytes of each of the two streams that are kept."""
_PIECE = 1 << 16
_LONGEST = 1 << 18
"""Bytes after which a line is written down before its end."""


class Tee:
    """Reads one stream of a command to its end, in a thread of its own."""

    def __init__(self, stream: IO[bytes], target: int, recorder: Recorder, *, is_error: bool) -> None:
        self._stream = stream
        self._target = target
        self._recorder = recorder
        self._is_error = is_error
        self._waiting = b""
        self.kept = 0
        self.cut = 0
        """Bytes that were passed on, and not kept."""
        self._thread = threading.Thread(target=self._run, name="reenact-output", daemon=True)
        self._thread.start()

    @property
    def name(self) -> str:
        return "stderr" if self._is_error else "stdout"

    def join(self, seconds: float) -> bool:
        """Waits for the end of the stream; tells whether it came."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while piece := os.read(self._stream.fileno(), _PIECE):
            self._take(piece)
            if not self._pass_on(piece):
                break  # who does not read any more: the command is to learn it, as it would without us
        self._write(self._waiting)
        self._stream.close()

    def _pass_on(self, piece: bytes) -> bool:
        """Writes a piece to where the command would have; gives whether anybody still reads there."""
        try:
            while piece:
                piece = piece[os.write(self._target, piece) :]
        except OSError:
            return False
        return True

    def _take(self, piece: bytes) -> None:
        whole, mark, rest = (self._waiting + piece).rpartition(b"\n")
        self._waiting = rest
        self._write(whole + mark)
        if len(self._waiting) >= _LONGEST:
            self._write(self._waiting)
            self._waiting = b""

    def _write(self, data: bytes) -> None:
        room = max(0, KEPT - self.kept)
        self.cut += max(0, len(data) - room)
        data = data[:room]
        if not data:
            return
        self.kept += len(data)
        text = data.decode("utf-8", "replace")
        body = Stderr(text=text) if self._is_error else Custom(name=STDOUT, data={"text": text})
        self._recorder.record(body, source_kind="stderr" if self._is_error else "stdout")


class Output:
    """Both streams of a command, those that are captured."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._tees: list[Tee] = []

    def begin(self, process: subprocess.Popen[bytes]) -> None:
        """Begins to read."""
        for stream, target, is_error in ((process.stdout, 1, False), (process.stderr, 2, True)):
            if stream is not None:
                self._tees.append(Tee(stream, target, self._recorder, is_error=is_error))

    def end(self, seconds: float) -> list[str]:
        """Waits for the rest; gives what is missing, in words."""
        missing = []
        for tee in self._tees:
            if not tee.join(seconds):
                missing.append(f"{tee.name} was still open after the command's end")
            elif tee.cut:
                missing.append(f"{tee.name} is cut: {tee.cut} bytes were passed on and not kept")
        return missing

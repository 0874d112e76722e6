"""Spans that were acknowledged and wait for their trace: kept on disk, so that no kill takes them.

One file per receiver, which holds its lock as long as it lives; what a dead one left is taken over by
the next. A line has the name of a trace that has become a session, or spans, scrubbed, and with those
that came late what is in a session of their trace already.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec

from reenact.integrations.otlp.spans import GenAiSpan
from reenact.integrations.otlp.told import Told

_LARGE = 32 << 20
"""Bytes from which on a file is written anew, without what has become a session."""
FILES = "otlp-*.jsonl"
ASIDE = "otlp-*.damaged"
"""Copies of files in which lines could not be read."""
Scrub = Callable[[Any], Any]
"""Gives a JSON value without its secrets."""
Key = tuple[str, str]
"""A span, by its trace and itself."""


class _Line(msgspec.Struct, omit_defaults=True):
    spans: list[GenAiSpan] = []
    """What waits; also of a trace that this line says is done."""
    told: list[Told] = []
    done: str | None = None


class Decoded(msgspec.Struct, kw_only=True):
    """What a file holds."""

    waiting: dict[Key, GenAiSpan] = {}
    told: dict[str, Told] = {}
    """What is known of traces, of some that nothing waits for, too."""
    damaged: int = 0
    """Lines that cannot be read; one cut off at the end was never acknowledged and is none of them."""


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """What dead receivers left."""

    spans: list[GenAiSpan]
    told: list[Told]
    forget: Callable[[], None]
    """To be called once that is kept elsewhere."""


class Spool:
    """The waiting spans of one receiver, in a folder of an archive. Not safe for threads."""

    def __init__(self, folder: Path, scrub: Scrub) -> None:
        self._folder = folder
        self._scrub = scrub
        self._handle = -1
        self._path = folder
        self._size = 0
        self._bound = _LARGE
        self._placed: set[str] = set()
        """Traces of which the file says what is in a session."""

    def keep(self, spans: Iterable[GenAiSpan], told: Iterable[Told] = ()) -> None:
        """Writes spans down, with what is `told` of their traces; when it returns, they survive.

        Raises:
            OSError: they could not be written.
        """
        fresh = [self._clean(span) for span in spans]
        if fresh:
            known = [self._bare(each) for each in told if each.trace not in self._placed]
            self._append(_Line(spans=fresh, told=known))
            self._placed.update(each.trace for each in known)

    def done(self, trace: str, waiting: Iterable[GenAiSpan], told: Iterable[Told] = ()) -> None:
        """Takes note that a trace need not be kept any more, but those that are `waiting` must."""
        rest = list(waiting)
        if self._handle < 0:
            return
        if not rest:
            os.ftruncate(self._handle, 0)
            self._size = 0
            self._placed.clear()
        elif self._size <= self._bound:
            own = [self._clean(span) for span in rest if span.trace == trace]
            known = [self._bare(each) for each in told if each.trace == trace] if own else []
            self._append(_Line(done=trace, spans=own, told=known))
            self._placed.discard(trace)  # of what comes now, more is in a session
        else:
            self._renew(rest, told)

    def take_over(self) -> Left:
        """Gives what dead receivers left."""
        spans: dict[Key, GenAiSpan] = {}
        told: dict[str, Told] = {}
        taken: list[tuple[Path, int]] = []
        for path in sorted(self._folder.glob(FILES)):
            handle = _locked(path) if path != self._path else -1
            if handle >= 0:
                taken.append((path, handle))
                found = _read(path)
                spans.update(found.waiting)
                told.update(found.told)

        def forget() -> None:
            for path, handle in taken:
                path.unlink(missing_ok=True)
                os.close(handle)

        traces = {trace for trace, _ in spans}
        known = [each for each in told.values() if each.trace in traces]
        return Left(spans=list(spans.values()), told=known, forget=forget)

    def close(self) -> None:
        """Ends the writing; a file in which nothing waits goes."""
        if self._handle >= 0:
            if not self._size:
                self._path.unlink(missing_ok=True)
            os.close(self._handle)
            self._handle = -1

    def _append(self, line: _Line) -> None:
        if self._handle < 0:
            self._handle, self._path = self._fresh()
        data = msgspec.json.encode(line) + b"\n"
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(self._handle, view) :]
            os.fdatasync(self._handle)
        except OSError:
            os.ftruncate(self._handle, self._size)  # no half line before the next one
            raise
        self._size += len(data)

    def _renew(self, waiting: list[GenAiSpan], told: Iterable[Told]) -> None:
        handle, path, placed = self._handle, self._path, self._placed
        self._handle, self._size, self._placed = -1, 0, set()
        try:
            self.keep(waiting, told)
        except OSError:
            self.close()
            self._placed = placed
            self._handle, self._path, self._size = handle, path, os.fstat(handle).st_size
            raise
        path.unlink(missing_ok=True)
        os.close(handle)
        self._bound = max(_LARGE, 2 * self._size)

    def _fresh(self) -> tuple[int, Path]:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        while True:
            path = self._folder / f"otlp-{secrets.token_hex(8)}.jsonl"
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            handle = _locked(path)
            if handle >= 0:  # else another receiver took the empty file for a dead one's
                return handle, path

    def _bare(self, told: Told) -> Told:
        spans = {each: self._clean(span) for each, span in told.spans.items()}
        return msgspec.structs.replace(told, spans=spans)

    def _clean(self, span: GenAiSpan) -> GenAiSpan:
        told = {"name": span.name, "error": span.error, "attributes": span.attributes}
        return msgspec.structs.replace(span, **self._scrub(told))


def _locked(path: Path) -> int:
    """Gives the locked file; -1 where somebody else holds it, or it is gone."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
    except FileNotFoundError:
        return -1
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return -1
    if not os.fstat(handle).st_nlink:
        os.close(handle)
        return -1
    return handle


def decoded(data: bytes) -> Decoded:
    """Reads the content of a file: the spans in it whose trace is not done."""
    found = Decoded()
    for text in data.split(b"\n")[:-1]:
        try:
            line = msgspec.json.decode(text, type=_Line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            found.damaged += 1
            continue
        if line.done is not None:
            found.waiting = {key: span for key, span in found.waiting.items() if key[0] != line.done}
        found.waiting.update({(span.trace, span.id): span for span in line.spans})
        found.told.update({told.trace: told for told in line.told})
    return found


def _read(path: Path) -> Decoded:
    """Reads a file; where lines are damaged, the file is put aside as well."""
    data = path.read_bytes()
    found = decoded(data)
    if found.damaged:
        kept = path.with_suffix(".damaged")
        kept.write_bytes(data)
        sys.stderr.write(f"reenact: {found.damaged} lines of spans could not be read; they are in {kept}\n")
    return found

"""A session wound up for the page: columns by step, so that any step is a look-up and never a fold.

A reel holds numbers and first words; payloads stay in the events. It is derived, kept in memory while
somebody looks, and for large sessions in the archive's cache folder.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import zstandard

from reenact import zstd
from reenact.events.blocks import PlanItem, Tokens
from reenact.tree import FileState, Setting
from reenact.web.views import LaneSpans, Limit, Mark, OutlineRow, Quality, Wait

FORMAT = 4
"""Raised with every change of what a reel holds: those of another format are wound anew."""
CHUNK = 256
_NONE = -1

if TYPE_CHECKING:
    _Array = array[int]
else:
    _Array = array  # it takes no type parameter before Python 3.12


class Numbers(_Array):
    """A column: whole numbers of eight bytes."""


class Read(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One read of a file, or search in one."""

    seq: int
    path: str
    found: bool


class Plan(msgspec.Struct, frozen=True, array_like=True):
    """The to-dos from `seq` on."""

    seq: int
    items: tuple[PlanItem, ...]


class Set(msgspec.Struct, frozen=True, array_like=True):
    """The setting from `seq` on."""

    seq: int
    setting: Setting


class Spent(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What the session itself had spent by `seq`, as the ledger has it."""

    seq: int
    tokens: Tokens
    quality: Quality


class Exchange(msgspec.Struct, frozen=True, array_like=True):
    """A model request: where it was made, where its answer lies, and what it was for."""

    key: str
    asked: int
    answered: int
    """0 where no answer is on record."""
    turn: int
    purpose: str | None
    model: str | None
    is_rebuilt: bool
    """True where only the answer is on record."""


class Version(msgspec.Struct, frozen=True, array_like=True):
    """From `seq` on the context is these ranges of parts, and the parts from `start` on."""

    seq: int
    ranges: tuple[tuple[int, int], ...]
    start: int


class Turned(msgspec.Struct, frozen=True, array_like=True):
    """A turn of the session, in order of their beginnings."""

    begin: int
    end: int
    model: str | None
    has_usage: bool
    tokens: tuple[int, int, int, int]
    """Input, cache read, cache write, output."""
    quality: Quality
    stop_reason: str | None
    error: str | None
    live: bool


class Reel(msgspec.Struct, kw_only=True):
    """All columns; each of the first group has one entry a step that has a row."""

    session: str
    key: str
    """What it was made from: another key means another reel."""
    last: int
    events: int
    seq: Numbers
    end: Numbers
    ts: Numbers
    begin: Numbers
    took: Numbers
    kind: Numbers
    act: Numbers
    effect: Numbers
    ok: Numbers
    loop: Numbers
    turn: Numbers
    live: Numbers
    context: Numbers
    cached: Numbers
    cost: Numbers
    """Micro-dollars, sub-agents included."""
    tokens: Numbers
    files: Numbers
    plus: Numbers
    minus: Numbers
    todos: Numbers
    todos_done: Numbers
    result: Numbers
    """Where a tool's result lies; -1 for none."""
    labels: list[bytes]
    more_at: Numbers
    more: Numbers
    """The further events of step i: `more[more_at[i]:more_at[i+1]]`."""
    first: int
    times: Numbers
    """The time of every event from position `first` on; -1 where it has none."""
    loops: int
    turns: list[Turned]
    marks: list[Mark]
    waits: list[Wait]
    lanes: list[LaneSpans]
    outline: list[bytes]
    heads: list[bytes]
    """The rows of the outline down to turns."""
    head_index: Numbers
    outline_seq: Numbers
    changes: list[FileState]
    reads: list[Read]
    shells: Numbers
    plans: list[Plan]
    settings: list[Set]
    spent: list[Spent]
    limits: list[Limit]
    exchanges: list[Exchange]
    parts_seq: Numbers
    parts_role: Numbers
    parts_chars: Numbers
    versions: list[Version]
    asked: Numbers
    """Seqs at which a request's size became known; the two below belong to them."""
    asked_context: Numbers
    asked_cached: Numbers
    errors: int
    window: int | None
    compact_at: int | None
    cost_total: float | None
    quality: Quality

    @property
    def steps(self) -> int:
        return len(self.seq)

    @property
    def size(self) -> int:
        """About how many bytes it takes in memory."""
        return 4_000 + self.steps * 8 * 24 + self.events * 16 + len(self.changes) * 250

    def index(self, seq: int) -> int:
        """Gives the step that a position belongs to: the last that begins at or before it; -1 before all."""
        return bisect_right(self.seq, seq) - 1

    def label(self, index: int) -> str:
        return unpack(self.labels[index // CHUNK], list[str])[index % CHUNK] if index >= 0 else ""

    def some_labels(self, indexes: Iterable[int]) -> dict[int, str]:
        """Gives the labels of some steps, scrubbed when they were wound; those before all are left out."""
        chunks: dict[int, list[str]] = {}
        found: dict[int, str] = {}
        for index in indexes:
            if index >= 0:
                number = index // CHUNK
                if number not in chunks:
                    chunks[number] = unpack(self.labels[number], list[str])
                found[index] = chunks[number][index % CHUNK]
        return found

    def all_labels(self, first: int, stop: int) -> list[str]:
        found: list[str] = []
        for number in range(first // CHUNK, (max(stop, first + 1) - 1) // CHUNK + 1):
            if number < len(self.labels):
                found += unpack(self.labels[number], list[str])
        skip = first - first // CHUNK * CHUNK
        return found[skip : skip + stop - first]

    def events_of(self, index: int) -> list[int]:
        """Gives the positions of all events of a step, ascending."""
        return [self.seq[index], *self.more[self.more_at[index] : self.more_at[index + 1]]]

    def time(self, seq: int) -> int | None:
        """Gives the time of the event at a position, in UTC milliseconds."""
        at = seq - self.first
        return known(self.times[at]) if 0 <= at < len(self.times) else None

    def outline_rows(self, first: int, stop: int) -> Iterator[OutlineRow]:
        """Yields rows of the outline."""
        yield from _rows(self.outline, first, stop)

    def head_rows(self, first: int, stop: int) -> Iterator[OutlineRow]:
        yield from _rows(self.heads, first, stop)


def _rows(chunks: list[bytes], first: int, stop: int) -> Iterator[OutlineRow]:
    at = first
    while at < stop and at // CHUNK < len(chunks):
        rows = unpack(chunks[at // CHUNK], list[OutlineRow])
        begin = at % CHUNK
        taken = rows[begin : begin + stop - at]
        if not taken:
            return
        yield from taken
        at += len(taken)


def known(value: int) -> int | None:
    """Gives a column's entry, None where it is not known."""
    return None if value == _NONE else value


def numbers(values: Sequence[int] = ()) -> Numbers:
    return Numbers("q", values)


def pack(values: list[Any]) -> list[bytes]:
    """Gives a list in packed chunks."""
    packer = zstandard.ZstdCompressor(level=1)
    return [
        packer.compress(msgspec.msgpack.encode(values[at : at + CHUNK]))
        for at in range(0, len(values), CHUNK)
    ]


def unpack(data: bytes, kind: Any) -> Any:
    return msgspec.msgpack.decode(zstd.unpack(data), type=kind)


def encode(reel: Reel) -> bytes:
    """Gives a reel as bytes for a file."""
    data = msgspec.msgpack.encode(reel, enc_hook=lambda value: value.tobytes())
    return zstandard.ZstdCompressor(level=1).compress(data)


def decode(data: bytes) -> Reel:
    """Gives the reel of a file's bytes.

    Raises:
        ValueError: they are no reel of this format.
    """
    try:
        plain = zstd.unpack(data)
        return msgspec.msgpack.decode(plain, type=Reel, dec_hook=_numbers)
    except (zstandard.ZstdError, msgspec.MsgspecError) as error:
        raise ValueError(str(error)) from error


def _numbers(kind: type, value: Any) -> Numbers:
    del kind
    found = numbers()
    found.frombytes(value)
    return found

"""Makes a genuine transcript publishable: no prompts of its maker, no traces of this machine, another day.

One pure function maps every string; it is applied alike to the rows of the logs and to the requests on the wire,
so that hashes in the logs can be computed again from what the requests become.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from tests.clients.vendor import LINE, PROSE, Vendor, is_mark

if TYPE_CHECKING:
    from collections.abc import Sequence

_STAMP = re.compile(r"(\d{4}-\d\d-\d\d)([T ])(\d\d)([:-])(\d\d)([:-])(\d\d)(\.\d+)?(?=Z|\b|_)")
# File names and epochs in seconds have lost their fraction: they may mean any moment of that second.
_SECOND = timedelta(milliseconds=999)
# What stands behind the mark on the same line.
_ASIDE = re.compile(r"(?<=[\w.]) \((?:file state is current|use SendMessage|internal ID|for resuming)[^)]*\)")
_INLINE = re.compile(r"^<(?P<tag>[a-z-]+)>(?P<text>.{48,})</(?P=tag)>$", re.MULTILINE)


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """What begins at `start` (until the next move) is told as if it were `shift` later."""

    start: datetime
    shift: timedelta


class Trimmer(msgspec.Struct, frozen=True, kw_only=True):
    """`swaps` are plain replacements in order; `moves` (by start, at least one) put each run on its day."""

    vendor: Vendor
    swaps: tuple[tuple[str, str], ...]
    moves: tuple[Move, ...]

    def text(self, text: str) -> str:
        """One string of a log or request, made publishable."""
        return self.place(self._without_vendor(_INLINE.sub(self._emptied, _ASIDE.sub("", text))))

    def place(self, text: str) -> str:
        """The replacements of paths and times alone, as in file names."""
        for old, new in self.swaps:
            text = text.replace(old, new)
        text = _STAMP.sub(self._moved, text)
        first = self.moves[0]
        return text.replace(f"{first.start:%Y-%m-%d}", f"{first.start + first.shift:%Y-%m-%d}")

    def value(self, value: Any) -> Any:
        """The same for a whole JSON value. A tool keeps its name only."""
        match value:
            case str():
                return self.text(value)
            case bool() | None:
                return value
            case int() | float():
                return self._epoch(value)
            case list():
                return [self.value(item) for item in value]
            case dict() if "name" in value and "description" in value and _schema(value):
                return {key: _stub(key, item) for key, item in value.items()}
            case dict():
                return {self.place(key): self.value(item) for key, item in value.items()}
            case _:
                raise TypeError(type(value))

    def _without_vendor(self, text: str) -> str:
        lines = text.split("\n")
        foreign = [self._is_foreign(line) for line in lines]
        if not any(foreign):
            return text
        if sum(len(line) for line, out in zip(lines, foreign, strict=True) if out) > 0.95 * len(text):
            # Versions word a line here and there differently on the wire and in the log.
            foreign = [not is_mark(line) and not _is_short(line) for line in lines]
        kept: list[str] = []
        gone = 0
        for line, out in zip(lines, foreign, strict=True):
            if out or (line.strip() in self.vendor.lines and not is_mark(line)):
                gone += len(line)
                mark = next((p for p in PROSE if line.lstrip().startswith(p)), None)
                kept.append("\0" if mark is None else mark + " \0")
            else:
                kept.append(line)
        note = f"(trimmed: {gone} characters of the agent's own text)"
        return re.sub(r"(?:\0\n?(?:\s*\n)*)+", "\0\n", "\n".join(kept)).rstrip("\n").replace("\0", note)

    def _emptied(self, found: re.Match[str]) -> str:
        if is_mark(found.group()) or found.group() not in self.vendor.lines:
            return found.group()
        return f"<{found['tag']}>(trimmed)</{found['tag']}>"

    def _is_foreign(self, line: str) -> bool:
        bare = line.strip()
        if any(bare.startswith(p) for p in PROSE):
            return True
        return len(bare) >= LINE and bare in self.vendor.lines and not is_mark(bare)

    def _moved(self, found: re.Match[str]) -> str:
        day, middle, hour, colon, minute, colon2, second, fraction = found.groups()
        then = datetime.fromisoformat(f"{day}T{hour}:{minute}:{second}{(fraction or '.0')[:7]}+00:00")
        shift = self._shift(then if fraction else then + _SECOND)
        if shift is None:
            return found.group()
        then += shift
        return f"{then:%Y-%m-%d}{middle}{then:%H}{colon}{then:%M}{colon2}{then:%S}{fraction or ''}"

    def _epoch(self, number: float) -> float:
        for unit in (1, 1000):
            if 1.5e9 < number / unit < 2.5e9:
                then = datetime.fromtimestamp(number / unit, tz=UTC)
                shift = self._shift(then + _SECOND if unit == 1 and isinstance(number, int) else then)
                return number if shift is None else number + int(shift.total_seconds()) * unit
        return number

    def _shift(self, then: datetime) -> timedelta | None:
        """None for times that are not of this run, such as dates in the story's own files."""
        if not self.moves[0].start <= then <= self.moves[-1].start + timedelta(hours=6):
            return None
        return next((m.shift for m in reversed(self.moves) if m.start <= then), None)


def swaps_for(pairs: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Paths with what they become, and the same as Claude Code writes them into folder names."""
    munged = [(re.sub(r"[^a-zA-Z0-9]", "-", old), re.sub(r"[^a-zA-Z0-9]", "-", new)) for old, new in pairs]
    both = [*pairs, *((old, new) for old, new in munged if old.startswith("-"))]
    return tuple(sorted(both, key=lambda pair: -len(pair[0])))


def dump(value: Any) -> str:
    """One line of JSON as both clients write it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _is_short(line: str) -> bool:
    return len(line.strip()) < LINE


def _schema(value: dict[str, Any]) -> bool:
    return any(key in value for key in ("input_schema", "schema", "parameters"))


def _stub(key: str, value: Any) -> Any:
    match key:
        case "description":
            return "(trimmed)"
        case "input_schema" | "parameters":
            return {"type": "object"}
        case "schema":
            return {name: _stub(name, item) for name, item in value.items()}
        case _:
            return value

"""Where two values differ, leaf by leaf and line by line.

Compared are the normalised values; shown are the values as they were sent. So a report names only
what really differs, and in the words of the run. Comparing whole bodies by distance instead would
call sixteen changed characters in a tool's description a different request.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from reenact.wire.alignment import shared
from reenact.wire.canonical import Json, encode

Change = Literal["changed", "missing", "extra"]
"""`missing`: only the recording has it; `extra`: only the actual run has it."""
Path = tuple[str | int, ...]

_MOST_LINES = 100
_MOST_PAIRS = 250_000
"""Beyond this many pairs of lines the changed stretch is shown as a whole instead of aligned."""


class LineChange(msgspec.Struct, frozen=True, kw_only=True):
    """One line that differs. Line numbers count from 1; None where that side has no such line."""

    recorded_line: int | None = None
    actual_line: int | None = None
    recorded: str | None = None
    actual: str | None = None


class LeafChange(msgspec.Struct, frozen=True, kw_only=True):
    """One leaf that differs, as sent by both sides, with its changed lines where both are texts."""

    path: Path
    change: Change = "changed"
    recorded: Json = None
    actual: Json = None
    lines: tuple[LineChange, ...] = ()
    more_lines: int = 0
    """Changed lines beyond those listed."""


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """A value of one side: as sent and as normalised (members of objects in the order of their names)."""

    sent: Json
    normal: Json


def leaf_changes(recorded: Side, actual: Side, path: Path = ()) -> Iterator[LeafChange]:
    """Gives the leaves that differ, in order of their place."""
    old, new = recorded.normal, actual.normal
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _in_objects(_members(recorded), _members(actual), path)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _in_lists(_items(recorded), _items(actual), path)
    elif old != new or isinstance(old, bool) != isinstance(new, bool):  # True is not 1 on the wire
        lines, more = _lines_of(recorded, actual)
        yield LeafChange(path=path, recorded=recorded.sent, actual=actual.sent, lines=lines, more_lines=more)


def line_changes(
    old: Sequence[str], new: Sequence[str], sent_old: Sequence[str], sent_new: Sequence[str]
) -> list[LineChange]:
    """Gives the lines that differ between two normalised texts, shown as sent."""
    head = shared(old, new)
    tail = shared(old[head:][::-1], new[head:][::-1])
    middle_old, middle_new = old[head : len(old) - tail], new[head : len(new) - tail]
    if len(middle_old) * len(middle_new) > _MOST_PAIRS:
        blocks = [(0, len(middle_old), 0, len(middle_new))]
    else:
        matcher = difflib.SequenceMatcher(None, middle_old, middle_new, autojunk=False)
        blocks = [(a, b, c, d) for tag, a, b, c, d in matcher.get_opcodes() if tag != "equal"]
    found: list[LineChange] = []
    for start, end, begin, stop in blocks:
        for place in range(max(end - start, stop - begin)):
            left, right = head + start + place, head + begin + place
            has_left, has_right = start + place < end, begin + place < stop
            found.append(
                LineChange(
                    recorded_line=left + 1 if has_left else None,
                    actual_line=right + 1 if has_right else None,
                    recorded=sent_old[left] if has_left else None,
                    actual=sent_new[right] if has_right else None,
                )
            )
    return found


def _in_objects(old: dict[str, Side], new: dict[str, Side], path: Path) -> Iterator[LeafChange]:
    for name in sorted(old.keys() | new.keys()):
        yield from _pair(old.get(name), new.get(name), (*path, name))


def _in_lists(old: list[Side], new: list[Side], path: Path) -> Iterator[LeafChange]:
    """Compares lists of equal length by place; else what both have at the ends is left out."""
    if len(old) == len(new):
        for place, (left, right) in enumerate(zip(old, new, strict=True)):
            yield from leaf_changes(left, right, (*path, place))
        return
    normal_old, normal_new = [encode(item.normal) for item in old], [encode(item.normal) for item in new]
    head = shared(normal_old, normal_new)
    tail = shared(normal_old[head:][::-1], normal_new[head:][::-1])
    for place in range(head, max(len(old), len(new)) - tail):
        left_item = old[place] if place < len(old) - tail else None
        right_item = new[place] if place < len(new) - tail else None
        yield from _pair(left_item, right_item, (*path, place))


def _pair(old: Side | None, new: Side | None, path: Path) -> Iterator[LeafChange]:
    if old is None and new is not None:
        yield LeafChange(path=path, change="extra", actual=new.sent)
    elif old is not None and new is None:
        yield LeafChange(path=path, change="missing", recorded=old.sent)
    elif old is not None and new is not None:
        yield from leaf_changes(old, new, path)


def _members(side: Side) -> dict[str, Side]:
    """Pairs the members of an object; a normalised name stands where the sent one stands in order."""
    sent = side.sent if isinstance(side.sent, dict) else {}
    normal = side.normal if isinstance(side.normal, dict) else {}
    names = sorted(sent)
    if len(names) != len(normal):  # two names became one: the values as sent cannot be told apart
        return {name: Side(sent=value, normal=value) for name, value in normal.items()}
    return {
        name: Side(sent=sent[sent_name], normal=value)
        for sent_name, (name, value) in zip(names, normal.items(), strict=True)
    }


def _items(side: Side) -> list[Side]:
    sent = side.sent if isinstance(side.sent, list) else []
    normal = side.normal if isinstance(side.normal, list) else []
    return [Side(sent=one, normal=other) for one, other in zip(sent, normal, strict=True)]


def _lines_of(recorded: Side, actual: Side) -> tuple[tuple[LineChange, ...], int]:
    match recorded, actual:
        case Side(sent=str(sent), normal=str(old)), Side(sent=str(sent_new), normal=str(new)):
            old_lines, new_lines = old.split("\n"), new.split("\n")
            sent_old, sent_lines = sent.split("\n"), sent_new.split("\n")
            # A declared value or a rule may span lines; then the normalised lines are shown.
            if (len(sent_old), len(sent_lines)) != (len(old_lines), len(new_lines)):
                sent_old, sent_lines = old_lines, new_lines
            found = line_changes(old_lines, new_lines, sent_old, sent_lines)
            return tuple(found[:_MOST_LINES]), max(len(found) - _MOST_LINES, 0)
    return (), 0

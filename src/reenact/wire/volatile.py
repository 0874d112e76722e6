"""Does a difference look like a value that varies from run to run? Then: the rule that would cover it.

A suggestion, never applied by itself: somebody accepts it, and it is kept with the recording.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from reenact.wire.rules import UUID, Rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reenact.wire.difference import LineChange

_TOKEN = re.compile(r"[\w.:/+-]+|[^\w.:/+-]+")
_LONGEST_CONTEXT = 32
_UNITS = "ms|s|sec|secs|seconds|min|minutes|µs|us|ns"
_SHAPES: tuple[tuple[str, str, Literal["mask", "id"]], ...] = (
    ("uuid", UUID, "id"),
    ("timestamp", r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?", "mask"),
    ("date", r"\d{4}[-/]\d\d[-/]\d\d", "mask"),
    ("time", r"\d?\d:\d\d(?::\d\d(?:[.,]\d+)?)?", "mask"),
    ("duration", rf"\d+(?:\.\d+)?(?:{_UNITS})", "mask"),
    ("temp-path", r"/(?:tmp|var/tmp|var/folders|private/tmp|private/var/folders)/[\w./+-]+", "mask"),
    ("epoch", r"1\d{9}(?:\d{3})?(?:\.\d+)?", "mask"),
    ("hash", r"(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,64}", "id"),
)
_COMPILED = tuple((name, re.compile(f"(?:{pattern})"), pattern, does) for name, pattern, does in _SHAPES)
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_COUNTED_BEFORE = re.compile(
    r"(?:time|took|elapsed|duration|pid|pgid|process|port|seconds|millis|_ms)\W{0,3}\Z", re.IGNORECASE
)
_UNIT_AFTER = re.compile(rf"\s?(?:{_UNITS})\b")


def suggest_rule(lines: Sequence[LineChange]) -> Rule | None:
    """Gives a rule where every changed line differs in nothing but values that look volatile."""
    rules: list[Rule] = []
    for line in lines:
        if line.recorded is None or line.actual is None:
            return None
        found = _rule(line.recorded, line.actual)
        if found is None:
            return None
        rules.append(found)
    return rules[0] if rules else None


def _rule(recorded: str, actual: str) -> Rule | None:
    old, new = _TOKEN.findall(recorded), _TOKEN.findall(actual)
    if len(old) != len(new):
        return None
    first: Rule | None = None
    before = ""
    for place, (left, right) in enumerate(zip(old, new, strict=True)):
        if left != right:
            after = "".join(old[place + 1 : place + 3])
            found = _shape(left, right, before, after)
            if found is None:
                return None
            name, pattern, does = found
            context = re.escape(before[-_LONGEST_CONTEXT:]) if first is None else ""
            start = "(?m)^" if len(before) <= _LONGEST_CONTEXT else ""
            first = first or Rule(name=name, pattern=f"{start}{context}({pattern})", does=does)
        before += left
    return first


def _shape(left: str, right: str, before: str, after: str) -> tuple[str, str, Literal["mask", "id"]] | None:
    for name, shape, pattern, does in _COMPILED:
        if shape.fullmatch(left) and shape.fullmatch(right):
            return name, pattern, does
    is_counted = _COUNTED_BEFORE.search(before) or _UNIT_AFTER.match(after)
    if is_counted and _NUMBER.fullmatch(left) and _NUMBER.fullmatch(right):
        return "number", _NUMBER.pattern, "mask"
    return None

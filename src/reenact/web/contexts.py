"""What the model was sent: the parts of the context at a step, to scale."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import islice
from typing import Literal

from reenact.web import kinds
from reenact.web.reel import Reel
from reenact.web.views import ContextPart, ContextView
from reenact.web.winding import ROLES

CHARS = 4
"""Characters of a token, about."""
_HEAD, _TAIL = 100, 400


def context_at(reel: Reel, seq: int) -> ContextView:
    """Gives the context of the latest request at or before `seq`, rebuilt from the log."""
    seq = max(0, min(seq, reel.last))
    asked = bisect_right(reel.asked, seq) - 1
    sent = _sent(reel, seq)
    answer_at = reel.asked[asked] if asked >= 0 else 0
    ranges = ranges_at(reel, seq)
    used = reel.asked_context[asked] if asked >= 0 else 0
    cached = reel.asked_cached[asked] if asked >= 0 else 0
    estimated = sum(sum(reel.parts_chars[begin:end]) for begin, end in ranges) // CHARS
    count = sum(end - begin for begin, end in ranges)
    head = list(islice(_spread(ranges), _HEAD if count > _HEAD + _TAIL else count))
    tail = list(islice(_spread_back(ranges), min(_TAIL, count - len(head))))[::-1]
    answers = _answers(reel, [*head, *tail], sent, max(answer_at, seq))
    read_until = cached - max(used - estimated, 0) if used else 0
    latest = _previous(reel, asked)
    labels = reel.some_labels(reel.index(reel.parts_seq[number]) for number in (*head, *tail, *answers))
    so_far = 0
    views: list[ContextPart] = []
    for number in (*head, *tail):
        if tail and number == tail[0]:
            so_far = estimated - sum(reel.parts_chars[part] for part in tail) // CHARS
        so_far += reel.parts_chars[number] // CHARS
        if number not in answers:
            billed: Literal["read", "write"] = "read" if so_far <= read_until else "write"
            is_new = sent is not None and reel.parts_seq[number] > latest
            views.append(_part(reel, number, labels, billed=billed if used else None, is_new=is_new))
    return ContextView(
        seq=seq,
        window=reel.window,
        compact_at=reel.compact_at,
        used=used or estimated,
        measured=bool(used),
        rebuilt=True,
        estimated=estimated,
        total=count,
        parts=tuple(views),
        answer=_part(reel, answers[-1], labels, billed="output", is_new=True) if answers else None,
    )


def _answers(reel: Reel, parts: list[int], sent: int | None, last: int) -> list[int]:
    """Gives the parts that are the answer to what was sent, and were no part of it."""
    found: list[int] = []
    for number in reversed(parts):
        at = reel.parts_seq[number]
        if sent is None or at <= sent:
            break
        if at <= last and ROLES[reel.parts_role[number]] == "assistant":
            found.append(number)
    return found[::-1]


def _sent(reel: Reel, seq: int) -> int | None:
    """Gives the last position that the latest answer at or before `seq` could not have been sent."""
    index = reel.index(seq)
    if index < 0:
        return None
    turn = reel.turn[index]
    return reel.turns[turn - 1].begin - 1 if turn else None


def _previous(reel: Reel, asked: int) -> int:
    """Gives where the answer before the latest became known."""
    return reel.asked[asked - 1] if asked > 0 else 0


def ranges_at(reel: Reel, seq: int) -> list[tuple[int, int]]:
    """Gives the parts in force, in the order in which they are sent, as ranges of their numbers."""
    at = max(bisect_right(reel.versions, seq, key=lambda version: version.seq) - 1, 0)
    version = reel.versions[at]
    found = [*version.ranges, (version.start, bisect_right(reel.parts_seq, seq))]
    return [(begin, end) for begin, end in found if begin < end]


def _spread(ranges: list[tuple[int, int]]) -> Iterator[int]:
    for begin, end in ranges:
        yield from range(begin, end)


def _spread_back(ranges: list[tuple[int, int]]) -> Iterator[int]:
    for begin, end in reversed(ranges):
        yield from range(end - 1, begin - 1, -1)


def _part(
    reel: Reel,
    number: int,
    labels: dict[int, str],
    *,
    billed: Literal["read", "write", "output"] | None,
    is_new: bool,
) -> ContextPart:
    seq = reel.parts_seq[number]
    index = reel.index(seq)
    role = ROLES[reel.parts_role[number]]
    chars = reel.parts_chars[number]
    kind = kinds.KINDS[reel.kind[index]] if index >= 0 else "message"
    return ContextPart(
        seq=seq,
        role=role,
        kind="summary" if role == "summary" else ("result" if role == "tool" else kind),
        title=labels[index] if index >= 0 else role,
        tokens=chars // CHARS,
        chars=chars,
        billed=billed,
        new=is_new,
        summary=role == "summary",
    )

"""Which message of one request stands for which of the other, when they are not the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A message for aligning: equal digests are equal messages, equal roles may be an edited one."""

    digest: str
    role: str | None = None


class Alignment(msgspec.Struct, frozen=True, kw_only=True):
    """Two lists: `head` items agree from the start, `tail` to the end; between them stand `pairs`.

    A pair holds the places in both lists, None on the side where there is no counterpart.
    """

    head: int
    tail: int
    pairs: tuple[tuple[int | None, int | None], ...]


def align(left: Sequence[Item], right: Sequence[Item]) -> Alignment:
    """Pairs equal items first, then edited ones; the rest is missing or extra.

    An item counts as edited where the other side has a new one of the same role at the same turn,
    or as many items left as this side.
    """
    old, new = [item.digest for item in left], [item.digest for item in right]
    head = shared(old, new)
    tail = shared(old[head:][::-1], new[head:][::-1])
    stop, end = len(left) - tail, len(right) - tail
    places = {new[place]: place for place in range(end - 1, head - 1, -1)}
    known = set(old[head:stop])
    pairs: list[tuple[int | None, int | None]] = []
    begin = head
    for place in range(head, stop):
        equal = places.get(old[place])
        if equal is not None and equal >= begin:
            pairs += [(None, extra) for extra in range(begin, equal)]
            begin = equal + 1
        elif (
            begin < end
            and new[begin] not in known
            and (right[begin].role == left[place].role or stop - place == end - begin)
        ):
            pairs.append((place, begin))
            begin += 1
        else:
            pairs.append((place, None))
    pairs += [(None, extra) for extra in range(begin, end)]
    return Alignment(head=head, tail=tail, pairs=tuple(pairs))


def shared(old: Sequence[object], new: Sequence[object]) -> int:
    """Gives how many items two lists share from the start."""
    count = 0
    for left, right in zip(old, new, strict=False):
        if left != right:
            break
        count += 1
    return count

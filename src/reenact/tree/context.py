"""The model's context over time: a list of parts, and versions of what of it is in force.

A version is a few ranges of parts; new parts extend the newest one. So the context at any
position is a handful of slices, and a compaction, a trim or a revert costs one version.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable

from reenact.tree.lineage import Node
from reenact.tree.view import Message

Ranges = tuple[tuple[int, int], ...]


class Context:
    """Grows while a session is folded; `at` may be asked at any time for any position."""

    def __init__(self) -> None:
        self._parts: list[Message] = []
        self._seqs: list[int] = []
        self._nodes: list[Node] = []
        self._versions: list[tuple[Ranges, int]] = [((), 0)]
        self._version_seqs: list[int] = [0]
        self._left: list[Ranges] = [()]
        """For each version, the parts that going back to an earlier one had left behind."""
        self._awaits_summary = False
        self._stand_in: int | None = None
        """The part that stands for a compaction's summary until the summary's own message comes."""
        self._marked: dict[str, int] = {}
        """Id of an event that replaced the context → the version that it made."""

    def __len__(self) -> int:
        return len(self._parts)

    def newest(self) -> Message | None:
        """Gives the part that came last."""
        return self._parts[-1] if self._parts else None

    def mark(self, event: str) -> None:
        """Takes note of the event that made the newest version."""
        self._marked[event] = len(self._versions) - 1

    def has_replaced(self, event: str) -> bool:
        """Tells whether an event replaced the context."""
        return event in self._marked

    def at(self, seq: int) -> tuple[Message, ...]:
        """Gives the context after the event at `seq`."""
        ranges, start = self._versions[max(bisect_right(self._version_seqs, seq) - 1, 0)]
        found: list[Message] = []
        for begin, end in ranges:
            found += self._parts[begin:end]
        found += self._parts[start : bisect_right(self._seqs, seq)]
        return tuple(found)

    def history(self) -> tuple[list[Message], list[tuple[int, Ranges, int]]]:
        """Gives all parts, and from which position on which ranges of them, and all from which on, hold."""
        return list(self._parts), [
            (seq, ranges, start)
            for seq, (ranges, start) in zip(self._version_seqs, self._versions, strict=True)
        ]

    def add(self, part: Message, node: Node) -> None:
        """Appends a part."""
        self._parts.append(part)
        self._seqs.append(part.seq)
        self._nodes.append(node)
        node.base = len(self._versions) - 1

    def visit(self, node: Node) -> None:
        """Takes note that a node goes on from the context in force."""
        node.base = len(self._versions) - 1

    def compact(self, seq: int, kept: Collection[str], summary: Message | None, node: Node) -> None:
        """Replaces everything by a summary and the parts of these events.

        The summary stands where the first part was that it stands for.
        """
        current = self._current() if kept else []
        keep = [index for index in current if self._parts[index].id in kept]
        ahead = next(
            (at for at, (one, other) in enumerate(zip(current, keep, strict=False)) if one != other),
            len(keep) if len(keep) < len(current) else 0,
        )
        self._awaits_summary, self._stand_in = True, None
        if summary is not None:
            self._stand_in = len(self._parts)
            self.add(summary, node)
            keep.insert(ahead, self._stand_in)
        self._replace(seq, keep, node)

    def shorten(self, seq: int, event: str, calls: Iterable[str], node: Node) -> None:
        """Puts results that this event tells in the place of the parts that told them at length.

        Where a part held several results, all of them are told, the part's own call first.
        """
        current = self._current()
        places = {part.call: at for at in current if (part := self._parts[at]).role == "tool" and part.call}
        told: dict[int, list[str]] = {}
        place: int | None = None
        for call in calls:
            place = places.get(call, place)
            if place is not None:
                told.setdefault(place, []).append(call)
        fresh: dict[int, range] = {}
        for at, answered in told.items():
            old, first = self._parts[at], len(self._parts)
            message = old.message or (old.id if len(answered) > 1 else None)
            for call in answered:
                self.add(Message(seq=seq, id=event, role="tool", message=message, call=call), node)
            fresh[at] = range(first, len(self._parts))
        self._replace(seq, [new for at in current for new in fresh.get(at, (at,))], node)

    def undo(self, seq: int, event: str, node: Node) -> None:
        """Gives back what was in force before this event replaced it, with all that came since.

        What was left behind since, by going back, does not come with it.
        """
        ranges, start = self._versions[self._marked[event] - 1]
        since = (at for at in range(start, len(self._parts)) if self._parts[at].id not in self._marked)
        left = set(_spread(self._left[-1]))
        found = (index for index in (*_spread(ranges), *since) if index not in left)
        self._replace(seq, [index for index in found if self._nodes[index].is_live], node)

    def summarise(self, part: Message, node: Node) -> None:
        """Puts a summary's own message first, in the place of what stood for it."""
        if not self._awaits_summary:
            self.add(part, node)
            return
        rest = [index for index in self._current() if index != self._stand_in]
        self._awaits_summary = False
        self.add(part, node)
        self._replace(part.seq, [len(self._parts) - 1, *rest], node)

    def trim(self, seq: int, *, keep_last: int | None, removed: Collection[str], node: Node) -> None:
        """Takes out the parts of these events, and all but the last messages."""
        current = [index for index in self._current() if self._parts[index].id not in removed]
        if keep_last is not None:
            current = self._last(current, keep_last)
        self._replace(seq, current, node)

    def reset(self, seq: int, node: Node) -> None:
        """Empties the context."""
        self._replace(seq, [], node)

    def restore(self, seq: int, node: Node, *, up_to: str | None = None) -> None:
        """Gives back the context as this node left it, without parts of nodes that are not live.

        With `up_to`, the context as it was after that event, where that added to it or replaced it.
        """
        version, end = self._after(up_to) or (node.base, len(self._parts))
        ranges, start = self._versions[version]
        current = [index for index in (*_spread(ranges), *range(start, end)) if self._nodes[index].is_live]
        self._awaits_summary = False
        left = self._left[version]
        if end < len(self._parts):
            left = (*left, (end, len(self._parts)))
        self._replace(seq, current, node, left=left)

    def _after(self, event: str | None) -> tuple[int, int] | None:
        """Gives the version in force after an event, and how many parts there were by then.

        None where it did not touch the context.
        """
        if event is None:
            return None
        if event in self._marked:
            version = self._marked[event]
            return version, self._versions[version][1]
        at = next((at for at in range(len(self._parts) - 1, -1, -1) if self._parts[at].id == event), None)
        if at is None:
            return None
        return bisect_right(self._version_seqs, self._parts[at].seq) - 1, at + 1

    def _current(self) -> list[int]:
        ranges, start = self._versions[-1]
        return [*_spread(ranges), *range(start, len(self._parts))]

    def _replace(self, seq: int, current: list[int], node: Node, *, left: Ranges | None = None) -> None:
        self._versions.append((_ranges(current), len(self._parts)))
        self._version_seqs.append(seq)
        self._left.append(self._left[-1] if left is None else left)
        node.base = len(self._versions) - 1

    def _last(self, current: list[int], count: int) -> list[int]:
        """Gives the last so many messages; several parts of one response are one message."""
        kept: list[int] = []
        previous: str | None = None
        for index in reversed(current):
            message = self._parts[index].message
            if message is None or message != previous:
                count -= 1
            if count < 0:
                break
            kept.append(index)
            previous = message
        return kept[::-1]


def _spread(ranges: Ranges) -> Iterable[int]:
    for begin, end in ranges:
        yield from range(begin, end)


def _ranges(indexes: list[int]) -> Ranges:
    ranges: list[tuple[int, int]] = []
    for index in indexes:
        if ranges and ranges[-1][1] == index:
            ranges[-1] = (ranges[-1][0], index + 1)
        else:
            ranges.append((index, index + 1))
    return tuple(ranges)

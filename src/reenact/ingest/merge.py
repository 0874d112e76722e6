"""What several generations of one transcript have in common: every event once, every loop under one name.

A transcript that its agent rewrote (compaction, a row taken back) is kept in generations, and each is parsed
by itself. Where a later one lacks the prompt that an earlier one has, its parser sees a loop begin in the
middle. Such a beginning is none: it holds what is known already, in a loop that has a name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from reenact import ids
from reenact.events.bodies import LoopEnded, LoopStarted
from reenact.sources import Draft


class Merge:
    """Tells, generation after generation, which drafts are new, and what they are called."""

    def __init__(self) -> None:
        self._owner: dict[str, str] = {}
        self._loop: dict[str, str | None] = {}
        self._last: set[str] = set()
        self._renamed: dict[tuple[str, str], str | None] = {}
        self._ended: set[tuple[str, str | None]] = set()

    def begin(self) -> None:
        """Begins a generation."""
        self._last = set()
        self._renamed = {}

    def new(self, drafts: Iterable[Draft]) -> Iterator[tuple[str, Draft]]:
        """Yields the drafts of one line that no earlier line gave, with the ids of their events."""
        named = [(ids.event_id(draft.session, draft.record), draft) for draft in drafts]
        for identity, draft in named:
            if draft.loop is not None and self._loop.get(identity, draft.loop) != draft.loop:
                self._renamed[draft.session, draft.loop] = self._loop[identity]
        for identity, draft in named:
            self._last.add(identity)
            if identity not in self._owner and not self._is_repeated(draft):
                mine = self._in_known_loop(draft)
                self._owner[identity] = mine.session
                self._loop[identity] = mine.loop
                if isinstance(mine.body, LoopEnded):
                    self._ended.add((mine.session, mine.loop))
                yield identity, mine

    def removed(self) -> Counter[str]:
        """Counts, by session, the events that the newest generation no longer has."""
        return Counter(owner for identity, owner in self._owner.items() if identity not in self._last)

    def _is_repeated(self, draft: Draft) -> bool:
        """Tells whether a loop begins or ends here that does so elsewhere under its first name."""
        if draft.loop is None or (draft.session, draft.loop) not in self._renamed:
            return False
        match draft.body:
            case LoopStarted():
                return True
            case LoopEnded():
                return (draft.session, self._renamed[draft.session, draft.loop]) in self._ended
        return False

    def _in_known_loop(self, draft: Draft) -> Draft:
        """Gives a draft with the first names of its loop and of the loop before."""
        if not self._renamed:
            return draft
        loop = self._first_name(draft.session, draft.loop)
        body = draft.body
        if isinstance(body, LoopStarted):
            body = msgspec.structs.replace(
                body, parent_loop=self._first_name(draft.session, body.parent_loop)
            )
        return msgspec.structs.replace(draft, loop=loop, body=body)

    def _first_name(self, session: str, loop: str | None) -> str | None:
        return None if loop is None else self._renamed.get((session, loop), loop)

"""Tells which rows of a file are copies of another thread's rows.

Proofs, best first: the ordinal at which a sub-agent's own rows begin; ids of turns, whose version 7
UUIDs tell that they began before this thread did; for releases without turn ids (up to 0.98) the
burst in which a copy is written behind the other thread's `session_meta` (all copied rows are
stamped anew, at most a millisecond apart; an answer of a model takes longer).
"""

from __future__ import annotations

from reenact.sources.codex.content import turn_of
from reenact.sources.codex.records import Meta, Row, born
from reenact.sources.members import text

_BURST = 5_000
"""Microseconds between two rows that are copied one after the other, at most."""


class Past:
    """Follows the copied rows at the head of one file."""

    def __init__(self) -> None:
        self._is_open = False
        self._has_copy = False
        self._in_past = False
        self._start: int | None = None
        self._native: str | None = None
        self._born: int | None = None
        self._ts: int | None = None

    def begin(self, meta: Meta, native: str, ts: int | None) -> None:
        """Takes note of the thread's own first row, written at `ts`."""
        self._native = native
        self._born = born(native)
        self._start = meta.start_ordinal
        self._ts = ts
        # a migration drops the other thread's `session_meta`
        self._has_copy = meta.forked_from is not None and not meta.is_subagent
        self._is_open = meta.base is None and (meta.forked_from is not None or meta.is_subagent)

    def copied(self, row: Row) -> None:
        """Takes note of another thread's `session_meta`: what follows is its history."""
        self._has_copy = True
        self._ts = row.ts

    def holds(self, row: Row) -> bool:
        """Tells whether a row is a copy; once one is not, none is."""
        if not self._is_open:
            return False
        is_copy = self._is_copy(row)
        self._ts = row.ts if row.ts is not None else self._ts
        self._is_open = is_copy
        return is_copy

    def _is_copy(self, row: Row) -> bool:
        if self._start is not None and row.ordinal is not None:
            return row.ordinal < self._start
        begun = born(turn_of(row.payload))
        if begun is not None and self._born is not None:
            self._in_past = begun < self._born
            return self._in_past
        if row.kind == "thread_settings_applied" and text(row.payload, "thread_id") == self._native:
            return False
        if self._in_past:
            return True
        return self._has_copy and row.ts is not None and self._ts is not None and row.ts - self._ts <= _BURST

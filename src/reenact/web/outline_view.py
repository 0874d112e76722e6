"""Pages of the outline out of a reel."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from reenact.web.reel import Reel
from reenact.web.views import Outline, OutlineRow

MOST = 5_000


def outline(
    reel: Reel, *, first: int = 0, limit: int | None = None, depth: int | None = None, at: int | None = None
) -> Outline:
    """Gives rows of the outline.

    Args:
        reel: of the session.
        first: index of the first row.
        limit: so many rows at most.
        depth: rows below this depth are left out.
        at: a position, whose row is looked for.
    """
    limit = MOST if limit is None else min(limit, MOST)
    total = len(reel.outline_seq)
    if depth is not None and depth <= 1:
        start = bisect_left(reel.head_index, first)
        rows = [row for row in reel.head_rows(start, start + limit * 4) if row.depth <= depth][:limit]
    elif depth is not None:
        rows = [row for row in reel.outline_rows(first, total) if row.depth <= depth][:limit]
    else:
        rows = list(reel.outline_rows(first, min(first + limit, total)))
    return Outline(
        total=total,
        loops=reel.loops,
        turns=len(reel.turns),
        rows=tuple(rows),
        at=None if at is None else _row_at(reel, at),
    )


def _row_at(reel: Reel, seq: int) -> int | None:
    """Gives the row that holds a position: the deepest that begins at or before it, else the loop's."""
    step = reel.index(seq)
    wanted = reel.seq[step] if step >= 0 else seq
    stop = min(bisect_right(reel.outline_seq, wanted), len(reel.outline_seq))
    best: OutlineRow | None = None
    for row in reel.outline_rows(max(stop - 64, 0), min(stop + 64, len(reel.outline_seq))):
        if row.seq <= wanted <= max(row.last, row.seq) and (best is None or row.depth >= best.depth):
            best = row
    return stop - 1 if best is None and stop else (best.index if best is not None else None)

"""How a session stands: what its row tells and its events alone cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reenact.store import SessionRow


def is_over(row: SessionRow, *, at: int | None = None) -> bool | None:
    """Tells whether a session had ended by some position; None for one that we did not record."""
    if row.original is not None:
        return None
    return row.status != "running" and (at is None or at >= row.events)

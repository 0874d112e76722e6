"""Where two requests of the Messages API differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reenact.wire import diff
from reenact.wire.anthropic.fingerprint import prepare
from reenact.wire.diff import Difference

if TYPE_CHECKING:
    from reenact.wire.normalise import Normaliser
    from reenact.wire.request import Request

__all__ = ["WORDS", "Difference", "diff_requests"]

WORDS = diff.Words(prepare)
"""The defaults are this dialect's."""


def diff_requests(
    recorded: Request, actual: Request, *, recorded_by: Normaliser, actual_by: Normaliser
) -> tuple[Difference, ...]:
    """Gives every located difference between two requests, the cause first; none where fp1 is equal."""
    return diff.diff_requests(recorded, actual, WORDS, recorded_by=recorded_by, actual_by=actual_by)

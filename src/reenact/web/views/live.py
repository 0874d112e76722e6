"""What the stream of news carries."""

from __future__ import annotations

from reenact.web.views.base import View
from reenact.web.views.lists import SessionRow
from reenact.web.views.session import Columns
from reenact.web.views.stream import StreamRow


class LiveSession(View, frozen=True, kw_only=True):
    """SSE `session`: a session is new or has grown."""

    id: str
    last: int
    session: SessionRow


class LiveRows(View, frozen=True, kw_only=True):
    """SSE `events`: the rows and columns of a session from `from_seq` on; rows known are replaced."""

    id: str
    from_seq: int
    last: int
    rows: tuple[StreamRow, ...]
    columns: Columns | None


class LiveGone(View, frozen=True, kw_only=True):
    """SSE `reset`: what happened since the cursor is no longer known; load again."""

    reason: str

"""The questions about the archive as a whole, each with the address at which it is asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from reenact.web import lists, tapes
from reenact.web.answers import number

if TYPE_CHECKING:
    from reenact.web.desk import Reading

_MOST_TAPES = 60


def _sessions(reading: Reading, request: Request) -> Any:
    return lists.sessions(
        reading,
        request.query_params.get("q", ""),
        offset=number(request, "offset") or 0,
        limit=number(request, "limit") or 50,
        sort=request.query_params.get("sort", "ended"),
    )


def _tapes(reading: Reading, request: Request) -> Any:
    names = [name for name in request.query_params.get("ids", "").split(",") if name]
    return tapes.tapes(reading, names[:_MOST_TAPES])


ROUTES: tuple[tuple[str, Callable[[Reading, Request], Any]], ...] = (
    ("/api/sessions", _sessions),
    ("/api/tapes", _tapes),
)

"""The routes: each asks the desk one question and answers with one value."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from reenact.web import answers, columns, lists, live, outline_view, sheets, streaming
from reenact.web.answers import number
from reenact.web.bundle import Bundle
from reenact.web.desk import Desk, Reading
from reenact.web.guard import App, Door, Tokens
from reenact.web.news import News

_MOST_WATCHED = 10


def page(
    desk: Desk, bundle: Bundle, board: News, *, hosts: Iterable[str], tokens: Tokens | None = None
) -> App:
    """Gives the page as an ASGI application."""
    inner = Starlette(
        routes=[*_routes(desk), _live(desk, board), *bundle.routes()], exception_handlers={404: _nothing_here}
    )
    inner.router.redirect_slashes = False
    return Door(inner, hosts=hosts, tokens=tokens)


def _routes(desk: Desk) -> list[Route]:
    def asks(path: str, question: Callable[[Reading, Request], Any]) -> Route:
        async def answer(request: Request) -> Response:
            return answers.json(await desk.ask(question, request))

        return Route(path, answers.answered(answer), methods=["GET"])

    return [
        asks("/api/sessions", _sessions),
        asks("/api/sessions/{name}", lambda reading, request: sheets.sheet(reading, _name(request))),
        asks("/api/sessions/{name}/columns", _columns),
        asks("/api/sessions/{name}/outline", _outline),
        asks("/api/sessions/{name}/stream", _stream),
    ]


def _live(desk: Desk, board: News) -> Route:
    async def answer(request: Request) -> Response:
        asked = request.query_params
        cursor = request.headers.get("last-event-id") or asked.get("cursor")
        watched = frozenset(asked.getlist("session")[:_MOST_WATCHED])
        return StreamingResponse(
            live.news(desk, board, cursor=cursor, watched=watched), media_type="text/event-stream"
        )

    return Route("/api/live", answers.answered(answer), methods=["GET"])


async def _nothing_here(request: Request, error: Exception) -> Response:
    del request, error
    return answers.failure(404, "there is nothing at this address")


def _name(request: Request) -> str:
    return str(request.path_params["name"])


def _sessions(reading: Reading, request: Request) -> Any:
    return lists.sessions(
        reading,
        request.query_params.get("q", ""),
        offset=number(request, "offset") or 0,
        limit=number(request, "limit") or 50,
    )


def _columns(reading: Reading, request: Request) -> Any:
    reel = reading.reel(reading.row(_name(request)))
    return columns.columns(
        reel,
        most=columns.most_of(request.query_params.get("buckets")),
        first=number(request, "from") or 1,
        last=number(request, "to"),
    )


def _outline(reading: Reading, request: Request) -> Any:
    reel = reading.reel(reading.row(_name(request)))
    return outline_view.outline(
        reel,
        first=number(request, "from") or 0,
        limit=number(request, "limit"),
        depth=number(request, "depth"),
        at=number(request, "at"),
    )


def _stream(reading: Reading, request: Request) -> Any:
    return streaming.stream(
        reading,
        _name(request),
        at=number(request, "at"),
        after=number(request, "after"),
        before=number(request, "before"),
        limit=number(request, "limit") or streaming.LIMIT,
    )

"""The routes: each asks the desk one question and answers with one value."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from reenact.web import answers, live, of_archive, of_session
from reenact.web.bundle import Bundle
from reenact.web.desk import Desk, Reading
from reenact.web.guard import KEEP, App, Door, Tokens
from reenact.web.home import Care
from reenact.web.news import News
from reenact.web.views import Asked

_MOST_WATCHED = 10


def page(
    desk: Desk, bundle: Bundle, board: News, *, hosts: Iterable[str], tokens: Tokens | None = None
) -> App:
    """Gives the page as an ASGI application."""
    inner = Starlette(
        routes=[*_routes(desk), _live(desk, board), _keep(board), *bundle.routes()],
        exception_handlers={404: _nothing_here},
    )
    inner.router.redirect_slashes = False
    inner.state.board, inner.state.care = board, Care()
    return Door(inner, hosts=hosts, tokens=tokens)


def _routes(desk: Desk) -> list[Route]:
    def asks(path: str, question: Callable[[Reading, Request], Any]) -> Route:
        async def answer(request: Request) -> Response:
            found = await desk.ask(question, request)
            return found if isinstance(found, Response) else answers.json(found)

        return Route(path, answers.answered(answer), methods=["GET"])

    return [asks(path, question) for path, question in (*of_archive.ROUTES, *of_session.ROUTES)]


def _live(desk: Desk, board: News) -> Route:
    async def answer(request: Request) -> Response:
        asked = request.query_params
        cursor = request.headers.get("last-event-id") or asked.get("cursor")
        watched = frozenset(asked.getlist("session")[:_MOST_WATCHED])
        return StreamingResponse(
            live.news(desk, board, cursor=cursor, watched=watched), media_type="text/event-stream"
        )

    return Route("/api/live", answers.answered(answer), methods=["GET"])


def _keep(board: News) -> Route:
    """The one thing that the page can ask to be done: copying into the archive what would be deleted."""

    async def answer(request: Request) -> Response:
        del request
        if not board.following.following:
            return answers.failure(503, "nothing is followed right now", "reenact import --all")
        board.wish()
        return answers.json(Asked(asked=True), status=202)

    return Route(KEEP, answers.answered(answer), methods=["POST"])


async def _nothing_here(request: Request, error: Exception) -> Response:
    del request, error
    return answers.failure(404, "there is nothing at this address")

"""Values as answers: JSON, text, and errors as `{"error": {message, hint}}`."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from reenact.errors import NotFoundError, ReenactError, UsageError
from reenact.web.views import Failure, Problem

Answering = Callable[[Request], Awaitable[Response]]
_LOG = logging.getLogger("reenact.web")


def json(value: Any, *, status: int = 200) -> Response:
    """Gives a value as JSON."""
    return Response(msgspec.json.encode(value), status_code=status, media_type="application/json")


def failure(status: int, message: str, hint: str | None = None) -> Response:
    return json(Failure(error=Problem(message=message, hint=hint)), status=status)


def answered(question: Answering) -> Answering:
    """Gives a route whose errors are told as JSON, each cause with its status."""

    async def answer(request: Request) -> Response:
        try:
            return await question(request)
        except NotFoundError as error:
            return failure(404, error.message, error.hint)
        except UsageError as error:
            return failure(400, error.message, error.hint)
        except ReenactError as error:
            return failure(503, error.message, error.hint)
        except Exception:  # noqa: BLE001 - the border to the browser: it is told there, and logged whole
            _LOG.exception("%s", request.url.path)
            return failure(500, "this view failed; reenact's own log says where", "reload, or open another")

    return answer


def number(request: Request, name: str) -> int | None:
    """Gives a number out of a request's query; None where it is not there.

    Raises:
        UsageError: it is there and no number.
    """
    text = request.query_params.get(name)
    if text is None or not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise UsageError(f"{name} is no number", hint=f"{name}=1")
    return int(text)

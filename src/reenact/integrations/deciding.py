"""What `before_model` hooks make of a request on its way through an HTTP client.

A denied call never leaves: the client gets the provider's own permission error with the hook's
reason, which every client raises as such, and none asks again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from reenact.events import bodies
from reenact.recorder import Session, Verdict
from reenact.recorder.plain import plain
from reenact.wire.dialect import Dialect, Route
from reenact.wire.reply import ErrorReply

_FORBIDDEN = 403
_KINDS = {"anthropic": "permission_error"}
_CHANGES = ("replace", "inject")


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """What hooks made of a request."""

    body: bytes | None = None
    """What is sent in its place; None where nobody changed it."""
    refusal: ErrorReply | None = None
    """What the client gets instead of an answer; None where the call may go out."""


def decide(session: Session, dialect: Dialect, route: Route, body: bytes) -> Decided:
    """Asks a session's `before_model` hooks; what each said is recorded, and that a call was denied."""
    if not session.hooks.has("before_model"):
        return Decided()
    value = _decoded(body)
    told = {**(value if isinstance(value, dict) else {}), **route.told}
    model = told.get("model")
    verdict = session.ask("before_model", name=model if isinstance(model, str) else None, value=value)
    if verdict.denied is not None:
        _denied(session, verdict.denied)
        message = f"reenact: denied by {verdict.by}: {verdict.denied}"
        kind = _KINDS.get(dialect.name, "permission_denied")
        return Decided(refusal=dialect.error(_FORBIDDEN, kind=kind, message=message))
    if not any(ran.outcome in _CHANGES for ran in verdict.ran):
        return Decided()
    return Decided(body=_encoded(_changed(verdict, dialect, route)))


def _denied(session: Session, reason: str) -> None:
    exchange = session.tools.minter.mint()
    session.course.settle()
    place = session.course.exchange_place(exchange)
    failed = bodies.ModelFailed(exchange=exchange, error=reason, category="denied")
    session.emit(failed, loop=place.loop, turn=place.turn, lane=place.lane)


def _changed(verdict: Verdict, dialect: Dialect, route: Route) -> Any:
    """Gives the request as hooks left it, what they injected behind its last message."""
    value = verdict.value
    field = (route.layout or dialect.layout).messages
    if not verdict.injected or route.purpose is not None or not isinstance(value, Mapping):
        return value
    said = value.get(field)
    if dialect.name == "openai-embeddings" or not isinstance(said, str | list):
        return value
    messages = [{"role": "user", "content": said}] if isinstance(said, str) else said
    fresh: dict[str, Any] = {"role": "user", "content": verdict.text}
    if dialect.name == "gemini":
        fresh = {"role": "user", "parts": [{"text": verdict.text}]}
    return {**value, field: [*messages, fresh]}


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        return body


def _encoded(value: Any) -> bytes:
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    if isinstance(value, str):
        return value.encode()
    try:
        return msgspec.json.encode(value)
    except (TypeError, ValueError, RecursionError):
        return msgspec.json.encode(plain(value))

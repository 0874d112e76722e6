"""The Anthropic Messages API as one of the dialects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reenact.wire.anthropic import failure, fingerprint, message, render, rewrite, stream
from reenact.wire.anthropic.content import blocks_of
from reenact.wire.anthropic.request import LAYOUT
from reenact.wire.dialect import Dialect, Route
from reenact.wire.reply import Outline, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reenact.events import Tokens
    from reenact.events.blocks import AnyBlock
    from reenact.wire.canonical import Json, Object
    from reenact.wire.diff import Words
    from reenact.wire.fingerprint import Part, Prepared
    from reenact.wire.mapping import Mapper
    from reenact.wire.reply import ErrorReply, Reply
    from reenact.wire.request import Form, Request

_CALLS = "/v1/messages"
_BYTES_PER_TOKEN = 4
_LAST_EVENT = b'"message_stop"'
_TAIL = 400
"""Bytes at the end of a stream in which its last event is looked for before the whole is read."""


class _Anthropic(Dialect):
    name = "anthropic"
    layout = LAYOUT
    rules = fingerprint.CLAUDE_CODE
    counted_as = "msg"
    refusal_status = failure.REFUSAL_STATUS

    def route(self, method: str, path: str) -> Route | None:
        base = path.partition("?")[0]
        if base.endswith(_CALLS) and method == "POST":
            return Route(name=base)
        if base.endswith(f"{_CALLS}/count_tokens"):
            return Route(name=base, purpose="count_tokens", is_kept=False)
        return Route(name=base, purpose="models", is_kept=False) if "/models" in base else None

    def prepare(self, part: Part) -> Prepared:
        return fingerprint.prepare(part)

    def words(self) -> Words:
        from reenact.wire.anthropic.diff import WORDS

        return WORDS

    def has_ended(self, body: bytes) -> bool:
        return _LAST_EVENT in body[-_TAIL:] or stream.assemble(body).is_complete

    def parse_reply(self, body: bytes, *, status: int = 200) -> Reply:
        return message.parse_reply(body, status=status)

    def assemble(self, body: bytes) -> stream.Stream:
        return stream.assemble(body)

    def render(self, message: Mapping[str, Json], form: Form) -> tuple[bytes, ...]:
        return render.render_stream(message) if form == "sse" else (render.render_json(message),)

    def rewrite_message(self, message: Object, mapper: Mapper, *, keep_thinking: bool = False) -> Object:
        return rewrite.rewrite_message(message, mapper, keep_thinking=keep_thinking)

    def rewrite_stream(
        self, body: bytes, mapper: Mapper, *, keep_thinking: bool = False
    ) -> tuple[bytes, ...]:
        return rewrite.rewrite_stream(body, mapper, keep_thinking=keep_thinking)

    def outline(self, message: Mapping[str, Json]) -> Outline:
        fields = dict(message)
        return Outline(
            id=text_of(fields, "id"),
            model=text_of(fields, "model"),
            stop_reason=text_of(fields, "stop_reason"),
            is_final=message.get("stop_reason") is not None,
        )

    def tokens(self, message: Mapping[str, Json]) -> Tokens | None:
        return _tokens(message)

    def blocks(self, message: Mapping[str, Json]) -> Iterator[AnyBlock]:
        return blocks_of(message)

    def error(self, status: int, *, kind: str, message: str, may_retry: bool = False) -> ErrorReply:
        return failure.error_reply(status, kind=kind, message=message, may_retry=may_retry)

    def refusal(self, message: str, *, divergence: str | None = None) -> ErrorReply:
        return failure.refusal(message, divergence=divergence)

    def stub(self, model: str | None, text: str) -> Object:
        return {
            "id": "msg_reenact_stub",
            "type": "message",
            "role": "assistant",
            "model": model or "reenact-stub",
            "content": [{"type": "text", "text": text}],
            "stop_reason": "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": 0, "output_tokens": 0},
        }

    def beside(self, purpose: str, request: Request) -> Object | None:
        match purpose:
            case "count_tokens":
                return {"input_tokens": len(request.body) // _BYTES_PER_TOKEN}
            case "models":
                return {"data": [], "has_more": False, "first_id": None, "last_id": None}
        return None


_tokens = message.tokens
DIALECT: Dialect = _Anthropic()
"""The one object."""

"""Gemini as one of the dialects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reenact.wire import canonical, sse
from reenact.wire.dialect import Dialect, Route
from reenact.wire.gemini import address, arrays, fingerprint, message, render, stream
from reenact.wire.reply import error_answer, text_of
from reenact.wire.rewriting import Event, object_of, sse_event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from reenact.events import Tokens
    from reenact.events.blocks import AnyBlock
    from reenact.wire.canonical import Json, Object
    from reenact.wire.diff import Words
    from reenact.wire.fingerprint import Part, Prepared
    from reenact.wire.reply import ErrorReply, Outline, Reply, Stream
    from reenact.wire.request import Form, Request
    from reenact.wire.rewriting import Fragment

_BYTES_PER_TOKEN = 4
_STATUSES = {"invalid_request_error": "INVALID_ARGUMENT", "not_found_error": "NOT_FOUND"}


class _Gemini(Dialect):
    name = "gemini"
    layout = address.LAYOUT
    rules = fingerprint.RULES
    sealed = fingerprint.SEALED

    def route(self, method: str, path: str) -> Route | None:
        return address.route_of(method, path)

    def prepare(self, part: Part) -> Prepared:
        return fingerprint.prepare(part)

    def words(self) -> Words:
        from reenact.wire.gemini.words import WORDS

        return WORDS

    def user_text(self, message: Json) -> str:
        if not isinstance(message, dict) or message.get("role") == "model":
            return ""
        parts = message.get("parts")
        texts = [text_of(part, "text") for part in parts] if isinstance(parts, list) else []
        return (texts[-1] or "") if texts else ""

    def form_of(self, headers: Mapping[str, str], body: bytes) -> Form:
        found = super().form_of(headers, body)
        return "array" if found == "json" and stream.is_array(body) else found

    def boundaries(self, body: bytes) -> tuple[int, ...]:
        return arrays.boundaries(body) if stream.is_array(body) else sse.boundaries(body)

    def event(self, piece: bytes) -> Event:
        before, data, behind = arrays.split(piece)
        if before.strip() not in (b"", b"[", b","):
            return sse_event(piece)
        return Event(piece, object_of(data) if data else None, lambda changed: before + changed + behind)

    def read(self, body: bytes, *, form: Form, status: int) -> Stream | Reply:
        is_stream = form != "json" and status < 400
        return self.assemble(body) if is_stream else self.parse_reply(body, status=status)

    def parse_reply(self, body: bytes, *, status: int = 200) -> Reply:
        return message.parse_reply(body, status=status)

    def assemble(self, body: bytes) -> Stream:
        return stream.assemble(body)

    def render(self, message: Mapping[str, Json], form: Form) -> tuple[bytes, ...]:
        match form:
            case "sse":
                return render.render_stream(message)
            case "array":
                return render.render_array(message)
            case "json":
                return (canonical.dump(dict(message)),)

    def fragmenter(self) -> Callable[[Object], Iterable[Fragment]]:
        return stream.Fragmenter().fragments

    def outline(self, message: Mapping[str, Json]) -> Outline:
        return _outline(message)

    def tokens(self, message: Mapping[str, Json]) -> Tokens | None:
        return _tokens(message)

    def blocks(self, message: Mapping[str, Json]) -> Iterator[AnyBlock]:
        return _blocks_of(message)

    def error(self, status: int, *, kind: str, message: str, may_retry: bool = False) -> ErrorReply:
        return error_answer(status, _error(status, kind, message), may_retry=may_retry)

    def refusal(self, message: str, *, divergence: str | None = None) -> ErrorReply:
        body = _error(self.refusal_status, "invalid_request_error", message)
        return error_answer(self.refusal_status, body, divergence=divergence)

    def stub(self, model: str | None, text: str) -> Object:
        content: Object = {"role": "model", "parts": [{"text": text}]}
        return {
            "candidates": [{"content": content, "finishReason": "STOP", "index": 0}],
            "usageMetadata": {"promptTokenCount": 0, "candidatesTokenCount": 0, "totalTokenCount": 0},
            "modelVersion": model or "reenact-stub",
            "responseId": "reenact-stub",
        }

    def beside(self, purpose: str, request: Request) -> Object | None:
        match purpose:
            case "count_tokens":
                return {"totalTokens": len(request.body) // _BYTES_PER_TOKEN}
            case "models":
                return {"models": []}
        return None


def _error(status: int, kind: str, message: str) -> Object:
    return {"error": {"code": status, "message": message, "status": _STATUSES.get(kind, kind)}}


_tokens, _outline, _blocks_of = message.tokens, message.outline, message.blocks_of
DIALECT = _Gemini()
"""The one object."""

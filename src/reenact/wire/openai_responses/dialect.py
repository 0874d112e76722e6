"""OpenAI Responses as one of the dialects."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from reenact.wire import canonical
from reenact.wire.dialect import Route
from reenact.wire.openai import OpenAi
from reenact.wire.openai_responses import fingerprint, message, render, stream
from reenact.wire.reply import text_of
from reenact.wire.rewriting import Fragment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reenact.events import Tokens
    from reenact.events.blocks import AnyBlock
    from reenact.wire.canonical import Json, Object
    from reenact.wire.diff import Words
    from reenact.wire.fingerprint import Part, Prepared
    from reenact.wire.reply import Outline, Reply, Stream
    from reenact.wire.request import Form, Request
    from reenact.wire.rewriting import Further

_BESIDE = {"input_tokens": "count_tokens", "compact": "compact"}
_BYTES_PER_TOKEN = 4
_JSON = ("response.function_call_arguments.delta", "response.mcp_call_arguments.delta")


class _OpenAiResponses(OpenAi):
    name = "openai-responses"
    layout = fingerprint.LAYOUT
    rules = fingerprint.CODEX
    further: ClassVar[Mapping[str, Further]] = {"arguments": fingerprint.with_sessions}

    def route(self, method: str, path: str) -> Route | None:
        base = path.partition("?")[0].rstrip("/")
        before, _, last = base.rpartition("/")
        if last == "responses":
            return Route(name=base) if method == "POST" else None
        if method == "POST" and before.endswith("/responses") and last in _BESIDE:
            return Route(name=base, purpose=_BESIDE[last])
        return Route(name=base, purpose="responses", is_kept=False) if "/responses/" in base else None

    def prepare(self, part: Part) -> Prepared:
        return fingerprint.prepare(part)

    def words(self) -> Words:
        from reenact.wire.openai_responses.words import WORDS

        return WORDS

    def user_text(self, message: Json) -> str:
        return message if isinstance(message, str) else super().user_text(message)

    def parse_reply(self, body: bytes, *, status: int = 200) -> Reply:
        return message.parse_reply(body, status=status)

    def assemble(self, body: bytes) -> Stream:
        return stream.assemble(body)

    def render(self, message: Mapping[str, Json], form: Form) -> tuple[bytes, ...]:
        return render.render_stream(message) if form == "sse" else (canonical.dump(dict(message)),)

    def fragments(self, data: Object) -> Iterator[Fragment]:
        kind, text = text_of(data, "type"), text_of(data, "delta")
        if kind is not None and text is not None and kind.endswith(".delta"):
            places = ("item_id", "output_index", "content_index", "summary_index")
            yield Fragment(
                text_of=(kind, *(str(data.get(name)) for name in places)),
                path=("delta",),
                text=text,
                is_json=kind in _JSON,
                further=fingerprint.with_sessions if kind in _JSON else None,
            )

    def outline(self, message: Mapping[str, Json]) -> Outline:
        return _outline(message)

    def tokens(self, message: Mapping[str, Json]) -> Tokens | None:
        return _tokens(message)

    def blocks(self, message: Mapping[str, Json]) -> Iterator[AnyBlock]:
        return _blocks_of(message)

    def stub(self, model: str | None, text: str) -> Object:
        part: Object = {"type": "output_text", "text": text, "annotations": []}
        item: Object = {
            "id": "msg_reenact_stub",
            "type": "message",
            "status": "completed",
            "role": "assistant",
            "content": [part],
        }
        return {
            "id": "resp_reenact_stub",
            "object": "response",
            "created_at": 0,
            "status": "completed",
            "error": None,
            "incomplete_details": None,
            "model": model or "reenact-stub",
            "output": [item],
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
            "usage": {
                "input_tokens": 0,
                "input_tokens_details": {"cached_tokens": 0},
                "output_tokens": 0,
                "output_tokens_details": {"reasoning_tokens": 0},
                "total_tokens": 0,
            },
        }

    def beside(self, purpose: str, request: Request) -> Object | None:
        if purpose == "count_tokens":
            return {
                "object": "response.input_tokens",
                "input_tokens": len(request.body) // _BYTES_PER_TOKEN,
            }
        return super().beside(purpose, request)


_tokens, _outline, _blocks_of = message.tokens, message.outline, message.blocks_of
DIALECT = _OpenAiResponses()
"""The one object."""

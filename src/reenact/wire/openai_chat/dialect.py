"""OpenAI Chat Completions as one of the dialects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reenact.wire import canonical
from reenact.wire.dialect import Route
from reenact.wire.openai import OpenAi
from reenact.wire.openai_chat import fingerprint, message, render, stream
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
    from reenact.wire.request import Form

_CALLS = "/chat/completions"
_DONE = b"[DONE]"
_TAIL = 64
_IN_CALLS = {"function": ("arguments", True), "custom": ("input", False)}
_WHOLE = frozenset({"id", "role", "type", "name"})


class _OpenAiChat(OpenAi):
    name = "openai-chat"
    layout = fingerprint.LAYOUT

    def route(self, method: str, path: str) -> Route | None:
        base = path.partition("?")[0]
        if base.endswith(_CALLS) and method == "POST":
            return Route(name=base)
        return Route(name=base, purpose="models", is_kept=False) if "/models" in base else None

    def prepare(self, part: Part) -> Prepared:
        return fingerprint.prepare(part)

    def words(self) -> Words:
        from reenact.wire.openai_chat.words import WORDS

        return WORDS

    def has_ended(self, body: bytes) -> bool:
        return _DONE in body[-_TAIL:] or stream.assemble(body).is_complete

    def parse_reply(self, body: bytes, *, status: int = 200) -> Reply:
        return message.parse_reply(body, status=status)

    def assemble(self, body: bytes) -> Stream:
        return stream.assemble(body)

    def render(self, message: Mapping[str, Json], form: Form) -> tuple[bytes, ...]:
        return render.render_stream(message) if form == "sse" else (canonical.dump(dict(message)),)

    def fragments(self, data: Object) -> Iterator[Fragment]:
        choices = data.get("choices")
        for place, choice in enumerate(choices if isinstance(choices, list) else ()):
            delta = choice.get("delta") if isinstance(choice, dict) else None
            if isinstance(choice, dict) and isinstance(delta, dict):
                yield from _fragments(delta, choice.get("index"), ("choices", place, "delta"))

    def outline(self, message: Mapping[str, Json]) -> Outline:
        return _outline(message)

    def tokens(self, message: Mapping[str, Json]) -> Tokens | None:
        return _tokens(message)

    def blocks(self, message: Mapping[str, Json]) -> Iterator[AnyBlock]:
        return _blocks_of(message)

    def stub(self, model: str | None, text: str) -> Object:
        said: Object = {"role": "assistant", "content": text, "refusal": None}
        return {
            "id": "chatcmpl-reenact-stub",
            "object": "chat.completion",
            "created": 0,
            "model": model or "reenact-stub",
            "choices": [{"index": 0, "message": said, "logprobs": None, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
        }


def _fragments(delta: Object, choice: Json, path: tuple[str | int, ...]) -> Iterator[Fragment]:
    for name, text in delta.items():
        if isinstance(text, str) and name not in _WHOLE:
            yield Fragment(text_of=(choice, name), path=(*path, name), text=text)
    calls = delta.get("tool_calls")
    for place, call in enumerate(calls if isinstance(calls, list) else ()):
        for kind, (field, is_json) in _IN_CALLS.items():
            inner = call.get(kind) if isinstance(call, dict) else None
            text = text_of(inner, field)
            if text is not None and isinstance(call, dict):
                yield Fragment(
                    text_of=(choice, kind, call.get("index")),
                    path=(*path, "tool_calls", place, kind, field),
                    text=text,
                    is_json=is_json,
                )


_tokens, _outline, _blocks_of = message.tokens, message.outline, message.blocks_of
DIALECT = _OpenAiChat()
"""The one object."""

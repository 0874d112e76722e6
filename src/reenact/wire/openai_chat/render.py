"""A chat completion as the chunks of a stream; read back, they are the same completion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from reenact.wire import canonical, sse
from reenact.wire.openai_chat.message import REASONING, choices_of
from reenact.wire.openai_chat.stream import DONE
from reenact.wire.recut import DEFAULT_FRAGMENT, fragments

if TYPE_CHECKING:
    from reenact.wire.canonical import Json, Object

_EVERYWHERE = ("id", "created", "model", "system_fingerprint", "service_tier")
_GROWING = (*REASONING, "content", "refusal")
_IN_CALLS = {"function": "arguments", "custom": "input"}
"""Kind of call → its text that comes in pieces."""


def render_stream(message: Mapping[str, Json], *, fragment: int = DEFAULT_FRAGMENT) -> tuple[bytes, ...]:
    """Gives a completion as the events of a stream, one bytes value each."""
    head: Object = {name: message[name] for name in _EVERYWHERE if name in message}
    head["object"] = "chat.completion.chunk"
    own = (*_EVERYWHERE, "object", "choices", "usage")
    first: Object = {name: value for name, value in message.items() if name not in own}
    events: list[Object] = []
    for choice in choices_of(message):
        events += [{**head, "choices": [part]} for part in _choice(choice, fragment)]
    if "usage" in message or not events:
        told: Object = {"usage": message["usage"]} if "usage" in message else {}
        events.append({**head, "choices": [], **told})
    events[0] = {**first, **events[0]}
    return (*map(_event, events), sse.encode(sse.Frame(data=DONE)))


def _choice(choice: Object, size: int) -> Iterator[Json]:
    index = choice.get("index", 0)
    said = choice.get("message")
    for delta in _deltas(said if isinstance(said, dict) else {}, size):
        yield {"index": index, "delta": delta, "finish_reason": None}
    rest = {name: value for name, value in choice.items() if name not in ("index", "message")}
    yield {"index": index, "delta": {}, **rest}


def _deltas(said: Object, size: int) -> Iterator[Object]:
    opening = dict(said)
    texts = [(name, text) for name in _GROWING if isinstance(text := said.get(name), str)]
    for name, _ in texts:
        opening[name] = ""
    calls = said.get("tool_calls")
    streamed = list(calls) if isinstance(calls, list) and all(isinstance(one, dict) for one in calls) else []
    if streamed:
        del opening["tool_calls"]
    yield opening
    for name, text in texts:
        for piece in fragments(text, size):
            yield {name: piece}
    for place, call in enumerate(streamed):
        if isinstance(call, dict):
            yield from _call(place, call, size)


def _call(place: int, call: Object, size: int) -> Iterator[Object]:
    opening = dict(call)
    for kind, field in _IN_CALLS.items():
        inner = call.get(kind)
        text = inner.get(field) if isinstance(inner, dict) else None
        if isinstance(inner, dict) and isinstance(text, str):
            opening[kind] = {**inner, field: ""}
            yield {"tool_calls": [{"index": place, **opening}]}
            for piece in fragments(text, size):
                yield {"tool_calls": [{"index": place, kind: {field: piece}}]}
            return
    yield {"tool_calls": [{"index": place, **opening}]}


def _event(data: Object) -> bytes:
    return sse.encode(sse.Frame(data=canonical.dump(data).decode()))

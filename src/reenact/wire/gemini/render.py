"""An answer of Gemini as the pieces of a stream; read back, they are the same answer.

Two texts that follow one another as parts of their own keep their border: it lies inside a piece,
where readers do not join.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from reenact.wire import canonical, sse
from reenact.wire.gemini.message import candidates_of, parts_in
from reenact.wire.recut import DEFAULT_FRAGMENT, fragments

if TYPE_CHECKING:
    from reenact.wire.canonical import Json, Object

_EVERYWHERE = ("modelVersion", "responseId", "createTime")
_TEXT = (frozenset({"text"}), frozenset({"text", "thought"}))


def render_stream(message: Mapping[str, Json], *, fragment: int = DEFAULT_FRAGMENT) -> tuple[bytes, ...]:
    """Gives an answer as events, one bytes value each."""
    pieces = (canonical.dump(piece).decode() for piece in pieces_of(message, fragment))
    return tuple(sse.encode(sse.Frame(data=piece)) for piece in pieces)


def render_array(message: Mapping[str, Json], *, fragment: int = DEFAULT_FRAGMENT) -> tuple[bytes, ...]:
    """Gives an answer as a JSON array that grows, one bytes value per element."""
    pieces = [canonical.dump(piece) for piece in pieces_of(message, fragment)]
    last = len(pieces) - 1
    return tuple(
        (b"[" if place == 0 else b",\r\n") + piece + (b"]" if place == last else b"")
        for place, piece in enumerate(pieces)
    )


def pieces_of(message: Mapping[str, Json], size: int) -> Iterator[Object]:
    """Gives the answers in small that tell an answer, the rest of it with the last."""
    head: Object = {name: message[name] for name in _EVERYWHERE if name in message}
    for candidate in candidates_of(message):
        told = {"index": candidate["index"]} if "index" in candidate else {}
        content = candidate.get("content")
        frame = {k: v for k, v in content.items() if k != "parts"} if isinstance(content, dict) else {}
        for parts in _groups(parts_in(candidate), size):
            one: Object = {"content": {**frame, "parts": parts}, **told}
            yield {"candidates": [one], **head}
    yield {name: _last(item) if name == "candidates" else item for name, item in message.items()}


def _last(candidates: Json) -> Json:
    """Gives the candidates without what was told before: why they ended, and the like."""
    if not isinstance(candidates, list):
        return candidates
    return [_without_parts(one) if isinstance(one, dict) else one for one in candidates]


def _without_parts(candidate: Object) -> Object:
    content = candidate.get("content")
    if not isinstance(content, dict) or not parts_in(candidate):
        return candidate
    return {name: item for name, item in candidate.items() if name != "content"}


def _groups(parts: list[Json], size: int) -> Iterator[list[Json]]:
    """Gives the parts piece by piece; a text's end stands with a following text of the same kind."""
    held: list[Json] = []
    for part in parts:
        text = part.get("text") if isinstance(part, dict) and part.keys() in _TEXT else None
        if not isinstance(part, dict) or not isinstance(text, str):
            if held:
                yield held
            held = []
            yield [part]
            continue
        cut = [{**part, "text": piece} for piece in fragments(text, size)] or [part]
        first, *rest = cut
        held.append(first)
        for piece in rest:
            yield held
            held = [piece]
    if held:
        yield held

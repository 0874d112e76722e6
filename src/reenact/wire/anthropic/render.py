"""Answers of the Messages API as bytes: a message as a stream or as JSON.

A recorded stream is rendered with its own pieces. A message that comes from a log is cut into
pieces of one size and announced as the provider does; read back, it is the same message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reenact.wire import canonical, sse
from reenact.wire.anthropic.stream import TEXT_FIELDS
from reenact.wire.recut import DEFAULT_FRAGMENT, fragments, recut

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reenact.wire.anthropic.stream import Block, Kept, Piece, Stream
    from reenact.wire.canonical import Json, Object

_CLOSING_FIELDS = ("stop_reason", "stop_sequence", "stop_details")
_GROWING_USAGE = ("output_tokens_details", "server_tool_use", "iterations")


def render_json(message: Mapping[str, Json]) -> bytes:
    """Gives the body of an answer that is no stream."""
    return canonical.dump(dict(message))


def render_stream(
    message: Mapping[str, Json],
    *,
    lengths: Mapping[int, Sequence[int]] | None = None,
    fragment: int = DEFAULT_FRAGMENT,
) -> tuple[bytes, ...]:
    """Gives a message as the events of a stream, one bytes value each.

    Args:
        message: the message as a request without streaming would have got it.
        lengths: for blocks by their place, the lengths of the pieces in which their text, thinking
            or input's JSON is sent (the rest goes into the last one).
        fragment: the size of a piece, in characters, where `lengths` says nothing.
    """
    content = message.get("content")
    events: list[Object] = [{"type": "message_start", "message": _opening(message)}]
    for index, block in enumerate(content if isinstance(content, list) else []):
        if isinstance(block, dict):
            events += _block_events(index, block, (lengths or {}).get(index), fragment)
    closing = {name: message[name] for name in _CLOSING_FIELDS if name in message}
    usage = message.get("usage")
    told: Object = {"usage": usage} if isinstance(usage, dict) else {}
    events.append({"type": "message_delta", "delta": closing, **told})
    events.append({"type": "message_stop"})
    return tuple(map(_event, events))


def render_assembled(stream: Stream) -> tuple[bytes, ...]:
    """Gives the events of a stream that was put together, cut as it was, and as far as it came."""
    events: list[Object] = []
    if stream.opening is not None:
        events.append({"type": "message_start", "message": stream.opening})
    content = (stream.message or {}).get("content")
    values = content[-len(stream.blocks) :] if isinstance(content, list) and stream.blocks else []
    for block, value in zip(stream.blocks, values, strict=False):
        if isinstance(value, dict):
            events += _recorded_block(block, value)
    events += stream.closings
    frames = [*map(_event, events), *(_kept(kept) for kept in stream.kept if not kept.is_torn)]
    if stream.failure is not None:
        raw = stream.failure.raw
        frames.append(_event(raw if isinstance(raw, dict) else {"type": "error"}))
    if stream.is_complete:
        frames.append(_event({"type": "message_stop"}))
    return (*frames, *(_kept(kept) for kept in stream.kept if kept.is_torn))


def _opening(message: Mapping[str, Json]) -> Object:
    """Gives the message as announced: no content, no stop reason, hardly any output yet."""
    opening: Object = {name: value for name, value in message.items() if name not in _CLOSING_FIELDS}
    opening |= {"content": [], "stop_reason": None, "stop_sequence": None}
    usage = message.get("usage")
    if isinstance(usage, dict):
        begun: Object = {name: value for name, value in usage.items() if name not in _GROWING_USAGE}
        output = usage.get("output_tokens")
        if isinstance(output, int):
            begun["output_tokens"] = min(output, 1)
        opening["usage"] = begun
    return opening


def _block_events(index: int, block: Object, lengths: Sequence[int] | None, size: int) -> Iterator[Object]:
    start, kind, text, after = _taken_apart(block)
    yield {"type": "content_block_start", "index": index, "content_block": start}
    if kind is not None:
        pieces = fragments(text, size) if lengths is None else recut(text, lengths)
        if kind == "input_json_delta" and not pieces:
            pieces = [""]  # the provider sends one empty piece for a tool without input
        for piece in pieces:
            yield _delta(index, {"type": kind, TEXT_FIELDS[kind]: piece})
    for delta in after:
        yield _delta(index, delta)
    yield {"type": "content_block_stop", "index": index}


def _taken_apart(block: Object) -> tuple[Object, str | None, str, list[Object]]:
    """Gives a block as announced, the kind of its text deltas, that text, and the deltas after it."""
    start = dict(block)
    after: list[Object] = []
    match block:
        case {"type": "text", "text": str(text)}:
            start["text"] = ""
            if isinstance(citations := block.get("citations"), list) and citations:
                start["citations"] = []
                after = [{"type": "citations_delta", "citation": citation} for citation in citations]
            return start, "text_delta", text, after
        case {"type": "thinking", "thinking": str(text)}:
            start["thinking"] = ""
            if block.get("signature"):
                start["signature"] = ""
                after = [{"type": "signature_delta", "signature": block["signature"]}]
            return start, "thinking_delta", text, after
        case {"type": "tool_use" | "server_tool_use" | "mcp_tool_use", "input": value}:
            start["input"] = {}
            return start, "input_json_delta", _text(value) if value != {} else "", after
        case {"type": "compaction", "content": content}:
            start["content"] = None
            delta: Object = {"type": "compaction_delta", "content": content}
            if "encrypted_content" in block:
                start["encrypted_content"] = None
                delta["encrypted_content"] = block["encrypted_content"]
            return start, None, "", [delta]
    return start, None, "", after


def _recorded_block(block: Block, value: Object) -> Iterator[Object]:
    yield {"type": "content_block_start", "index": block.index, "content_block": block.start}
    rests = {kind: _grown(block, value, kind) for kind in TEXT_FIELDS}
    for place, piece in enumerate(block.pieces):
        yield _delta(block.index, _recorded_delta(block.pieces, place, piece, rests))
    if block.is_closed:
        yield {"type": "content_block_stop", "index": block.index}


def _recorded_delta(pieces: Sequence[Piece], place: int, piece: Piece, rests: dict[str, str]) -> Object:
    if piece.kind not in TEXT_FIELDS or (piece.rest and piece.rest.get("type") == piece.kind):
        return piece.rest or {}
    is_last = all(later.kind != piece.kind for later in pieces[place + 1 :])
    length = len(rests[piece.kind]) if is_last else piece.length
    text, rests[piece.kind] = rests[piece.kind][:length], rests[piece.kind][length:]
    return {"type": piece.kind, TEXT_FIELDS[piece.kind]: text, **(piece.rest or {})}


def _grown(block: Block, value: Object, kind: str) -> str:
    """Gives the text of a block that came in pieces, without what was announced with it."""
    if kind == "input_json_delta":
        return _input_text(block, value.get("input"))
    field = TEXT_FIELDS[kind]
    text, head = value.get(field), block.start.get(field)
    whole = text if isinstance(text, str) else ""
    return whole[len(head) :] if isinstance(head, str) and whole.startswith(head) else whole


def _input_text(block: Block, value: Json) -> str:
    """Gives the input as streamed while it still says the same, else the JSON of the value."""
    if block.input_json is None:
        return ""
    try:
        said = canonical.decode(block.input_json) if block.input_json else block.start.get("input")
    except ValueError:
        said = block.start.get("input")
    return block.input_json if said == value else _text(value)


def _delta(index: int, delta: Object) -> Object:
    return {"type": "content_block_delta", "index": index, "delta": delta}


def _event(data: Object) -> bytes:
    return sse.encode(sse.Frame(event=str(data.get("type", "")), data=_text(data)))


def _kept(kept: Kept) -> bytes:
    text = kept.data if isinstance(kept.data, str) else _text(kept.data)
    return sse.encode(sse.Frame(event=kept.event, data=text, is_torn=kept.is_torn))


def _text(value: Json) -> str:
    return canonical.dump(value).decode()

"""A recorded answer in the words of the actual run: its paths, dates and ids, streamed as recorded.

A value may be cut by the border of two deltas. So the pieces of one block are joined, mapped, and
cut again at the recorded lengths; every other string of an event is mapped as it stands. The number
of events stays, and an event in which nothing changed is served byte for byte.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reenact.wire import canonical, sse
from reenact.wire.anthropic.stream import TEXT_FIELDS
from reenact.wire.recut import recut

if TYPE_CHECKING:
    from reenact.wire.canonical import Json, Object
    from reenact.wire.mapping import Mapper

SEALED_FIELDS = {"thinking": "signature", "signature_delta": "signature", "redacted_thinking": "data"}
"""Kind of block or delta → its field that only the provider can read; a changed byte makes it invalid."""
_SEALED_PREFIX = "encrypted_"


def rewrite_message(message: Object, mapper: Mapper, *, keep_thinking: bool = False) -> Object:
    """Maps a message that came in one piece, or was put together; sealed values stay.

    `keep_thinking` leaves thinking as it was signed: the provider refuses a history with changed
    thinking, so a run that may go on live needs it untouched.
    """
    changed = message if mapper.is_identity else _mapped(message, mapper, keep_thinking=keep_thinking)
    return changed if isinstance(changed, dict) else message


def rewrite_stream(body: bytes, mapper: Mapper, *, keep_thinking: bool = False) -> tuple[bytes, ...]:
    """Maps a recorded stream; gives one bytes value per event, as `sse.boundaries` cuts the recording.

    The values join to the recorded body where nothing changes. `keep_thinking` as in `rewrite_message`.
    """
    ends = sse.boundaries(body)
    pieces = [body[start:end] for start, end in zip((0, *ends), ends, strict=False)]
    if mapper.is_identity:
        return tuple(pieces)
    frames = [sse.decode(piece) for piece in pieces]
    events = [_data(found) for found in frames]
    texts = _recut_texts(events, mapper, keep_thinking=keep_thinking)
    out: list[bytes] = []
    for place, (piece, found, data) in enumerate(zip(pieces, frames, events, strict=True)):
        changed = (
            None if data is None else _event(data, texts.get(place), mapper, keep_thinking=keep_thinking)
        )
        if changed is None or changed == data:
            out.append(piece)
        else:
            text = canonical.dump(changed).decode()
            out += [sse.encode(_with_data(frame, text)) for frame in found]
    return tuple(out)


def _data(frames: list[sse.Frame]) -> Object | None:
    """Gives the data of an event; None for what is none or is torn, which stays as recorded."""
    if len(frames) != 1 or frames[0].is_torn:
        return None
    try:
        value = canonical.decode(frames[0].data)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _recut_texts(events: list[Object | None], mapper: Mapper, *, keep_thinking: bool) -> dict[int, str]:
    """Gives the new piece of text for every event whose block's text changes."""
    runs: dict[tuple[int | None, str], list[tuple[int, str]]] = {}
    for place, data in enumerate(events):
        delta, kind = _delta(data)
        piece = delta.get(TEXT_FIELDS[kind]) if delta is not None and kind in TEXT_FIELDS else None
        index = data.get("index") if data is not None else None
        if isinstance(piece, str):
            runs.setdefault((index if isinstance(index, int) else None, kind), []).append((place, piece))
    changed: dict[int, str] = {}
    for (_, kind), run in runs.items():
        if keep_thinking and kind == "thinking_delta":
            continue
        text = "".join(piece for _, piece in run)
        mapped = mapper.json_text(text) if kind == "input_json_delta" else mapper.text(text)
        if mapped != text:
            cut = recut(mapped, [len(piece) for _, piece in run])
            changed.update(zip((place for place, _ in run), cut, strict=True))
    return changed


def _event(data: Object, piece: str | None, mapper: Mapper, *, keep_thinking: bool) -> Object | None:
    delta, kind = _delta(data)
    if delta is not None and kind in TEXT_FIELDS:
        return None if piece is None else {**data, "delta": {**delta, TEXT_FIELDS[kind]: piece}}
    changed = _mapped(data, mapper, keep_thinking=keep_thinking)
    return changed if isinstance(changed, dict) else None


def _delta(data: Object | None) -> tuple[Object | None, str]:
    """Gives the delta of an event, and its kind."""
    delta = data.get("delta") if data is not None and data.get("type") == "content_block_delta" else None
    kind = delta.get("type") if isinstance(delta, dict) else None
    return (delta, kind) if isinstance(delta, dict) and isinstance(kind, str) else (None, "")


def _mapped(value: Json, mapper: Mapper, *, keep_thinking: bool) -> Json:
    if isinstance(value, dict):
        kind = value.get("type")
        if keep_thinking and kind == "thinking":
            return value
        sealed = SEALED_FIELDS.get(kind) if isinstance(kind, str) else None
        return {
            mapper.text(name): item
            if name == sealed or name.startswith(_SEALED_PREFIX)
            else _mapped(item, mapper, keep_thinking=keep_thinking)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [_mapped(item, mapper, keep_thinking=keep_thinking) for item in value]
    return mapper.text(value) if isinstance(value, str) else value


def _with_data(frame: sse.Frame, data: str) -> sse.Frame:
    return sse.Frame(event=frame.event, data=data, id=frame.id, retry=frame.retry, comments=frame.comments)

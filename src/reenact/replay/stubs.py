"""Made-up answers for calls that stand beside a conversation, marked as made up.

They say as little as can be said in the shape the client expects. What was stubbed is always
listed in the report.
"""

from __future__ import annotations

from reenact.replay.model import Chunk, Stubbed
from reenact.replay.reading import Subject
from reenact.wire import canonical
from reenact.wire.anthropic import JSON_HEADERS, STREAM_HEADERS, render_json, render_stream
from reenact.wire.canonical import Json, Object

_MARK = {"x-reenact-stub": "true"}
_BYTES_PER_TOKEN = 4
_TEXTS = {"side": "ok", "quota": "ok", "warmup": "ok", "compact": "(no summary: it was not recorded)"}


def stub(asked: Subject, purpose: str, *, lane: str, text: str | None = None) -> Stubbed:
    """Gives a made-up answer to a call of this purpose; `text` is what it says, where that is known."""
    if not asked.is_call:
        value, status = _beside(asked, purpose)
        return Stubbed(
            purpose=purpose,
            lane=lane,
            status=status,
            headers={**JSON_HEADERS, **_MARK},
            chunks=(Chunk(data=canonical.dump(value)),),
        )
    request = asked.request
    message = _message(request.model, text or _TEXTS.get(purpose, "ok"))
    pieces = render_stream(message) if request.is_stream else (render_json(message),)
    return Stubbed(
        purpose=purpose,
        lane=lane,
        status=200,
        headers={**(STREAM_HEADERS if request.is_stream else JSON_HEADERS), **_MARK},
        chunks=tuple(Chunk(data=piece) for piece in pieces),
    )


def _message(model: str | None, text: str) -> Object:
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


def _beside(asked: Subject, purpose: str) -> tuple[Json, int]:
    match purpose:
        case "count_tokens":
            return {"input_tokens": len(asked.request.body) // _BYTES_PER_TOKEN}, 200
        case "models":
            return {"data": [], "has_more": False, "first_id": None, "last_id": None}, 200
    error: Object = {"type": "not_found_error", "message": f"reenact: nothing was recorded for {asked.path}"}
    return {"type": "error", "error": error}, 404

"""Made-up answers for calls that stand beside a conversation, marked as made up.

They say as little as can be said in the shape the client expects. What was stubbed is always
listed in the report.
"""

from __future__ import annotations

from reenact.replay.model import Chunk, Stubbed
from reenact.replay.reading import Subject
from reenact.wire import canonical
from reenact.wire.reply import JSON_HEADERS, STREAM_HEADERS

_MARK = {"x-reenact-stub": "true"}
_NOT_FOUND = 404
_TEXTS = {"side": "ok", "quota": "ok", "warmup": "ok", "compact": "(no summary: it was not recorded)"}


def stub(asked: Subject, purpose: str, *, lane: str, text: str | None = None) -> Stubbed:
    """Gives a made-up answer to a call of this purpose; `text` is what it says, where that is known."""
    if not asked.is_call:
        body, status = _beside(asked, purpose)
        return Stubbed(
            purpose=purpose,
            lane=lane,
            status=status,
            headers={**JSON_HEADERS, **_MARK},
            chunks=(Chunk(data=body),),
        )
    request = asked.request
    message = asked.dialect.stub(request.model, text or _TEXTS.get(purpose, "ok"))
    pieces = asked.dialect.render(message, request.wanted)
    return Stubbed(
        purpose=purpose,
        lane=lane,
        status=200,
        headers={**(STREAM_HEADERS if request.wanted == "sse" else JSON_HEADERS), **_MARK},
        chunks=tuple(Chunk(data=piece) for piece in pieces),
    )


def _beside(asked: Subject, purpose: str) -> tuple[bytes, int]:
    value = asked.dialect.beside(purpose, asked.request)
    if value is not None:
        return canonical.dump(value), 200
    message = f"reenact: nothing was recorded for {asked.path}"
    reply = asked.dialect.error(_NOT_FOUND, kind="not_found_error", message=message)
    return reply.body, reply.status

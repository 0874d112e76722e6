"""An answer of Gemini that came in one piece: what it says, what it cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from reenact.events import Tokens, blocks
from reenact.wire.reply import Failure, Outline, Reply, count, failure_of, read_json, text_of

if TYPE_CHECKING:
    from reenact.events.blocks import AnyBlock
    from reenact.wire.canonical import Json, Object

_KINDS = ("candidates", "promptFeedback", "usageMetadata", "totalTokens", "embedding", "embeddings")
"""Fields of which an answer has at least one."""


def parse_reply(body: bytes, *, status: int = 200) -> Reply:
    """Reads an answer that is no stream. Unknown fields stay in the message."""
    value, reply = read_json(body, status=status)
    if reply is not None:
        return reply
    if status < 400 and isinstance(value, dict) and any(name in value for name in _KINDS):
        return Reply(message=value)
    failure = failure_in(value, status=status)
    return Reply(failure=failure) if failure is not None else Reply(raw=value)


def failure_in(value: Json, *, status: int | None = None) -> Failure | None:
    """Gives the error that a body holds; a stream's error comes in an array."""
    told = value[0] if isinstance(value, list) and value else value
    if (status or 0) >= 400 or (isinstance(told, dict) and told.get("error")):
        return failure_of(told, status=status)
    return None


def tokens(message: Mapping[str, Json]) -> Tokens | None:
    """Gives the tokens an answer says it cost; None where it has no usage.

    The prompt includes what was read from a cache, and prompts of tools come on top of it. Thoughts
    are told apart from the candidates and are output as well.
    """
    usage = message.get("usageMetadata")
    if not isinstance(usage, dict):
        return None
    prompt = (count(usage, "promptTokenCount") or 0) + (count(usage, "toolUsePromptTokenCount") or 0)
    read = count(usage, "cachedContentTokenCount") or 0
    thoughts = count(usage, "thoughtsTokenCount")
    return Tokens(
        input=max(prompt - read, 0),
        cache_read=read,
        output=(count(usage, "candidatesTokenCount") or 0) + (thoughts or 0),
        reasoning=thoughts,
    )


def outline(message: Mapping[str, Json]) -> Outline:
    """Gives the id, the model and why the first candidate ended (or why the prompt was refused)."""
    fields = dict(message)
    reasons = [text_of(candidate, "finishReason") for candidate in candidates_of(message)]
    reason = next(iter(reasons), None) or text_of(fields.get("promptFeedback"), "blockReason")
    is_vectors = "embedding" in message or "embeddings" in message or "totalTokens" in message
    return Outline(
        id=text_of(fields, "responseId"),
        model=text_of(fields, "modelVersion"),
        stop_reason=reason,
        is_final=reason is not None or is_vectors,
    )


def candidates_of(message: Mapping[str, Json]) -> list[Object]:
    """Gives the candidates of an answer."""
    found = message.get("candidates")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def parts_in(candidate: Mapping[str, Json]) -> list[Json]:
    """Gives the parts of a candidate's content."""
    content = candidate.get("content")
    parts = content.get("parts") if isinstance(content, dict) else None
    return list(parts) if isinstance(parts, list) else []


def blocks_of(message: Mapping[str, Json]) -> Iterator[AnyBlock]:
    """Gives what the candidates say as our own blocks; what we do not know stays as it is."""
    for candidate in candidates_of(message):
        for part in parts_in(candidate):
            yield _block(part)
    for name in ("embedding", "embeddings"):  # the vectors themselves are on the tape
        if name in message:
            found = message[name]
            yield blocks.Other(raw={"type": name, "count": len(found) if isinstance(found, list) else 1})


def _block(part: Json) -> AnyBlock:
    text = text_of(part, "text")
    if text is not None and isinstance(part, dict):
        if part.get("thought") is True:
            return blocks.Reasoning(text=text, signature=text_of(part, "thoughtSignature"))
        return blocks.Text(text=text, extra={k: v for k, v in part.items() if k != "text"} or None)
    call = part.get("functionCall") if isinstance(part, dict) else None
    if isinstance(call, dict) and (name := text_of(call, "name")) is not None:
        return blocks.ToolCall(call=text_of(call, "id") or "", name=name, input=call.get("args"))
    match part:
        case {"inlineData": {"mimeType": str(kind), "data": str(data)}} if kind.startswith("image/"):
            return blocks.Image(media_type=kind, data=data)
    return blocks.Other(raw=part)

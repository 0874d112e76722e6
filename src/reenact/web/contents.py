"""The texts and images inside an event, each by a name under which `/body` and `/image` find it again."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

import msgspec

from reenact.events import Event, blocks, bodies
from reenact.tree import plain

if TYPE_CHECKING:
    from reenact.store import Store

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
LARGEST_IMAGE = 20_000_000


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """An image as it is recorded: base64 text, or the name of a blob."""

    data: str | None = None
    blob: str | None = None
    size: int = 0


def text_of(event: Event, name: str) -> str | None:
    """Gives the text of this name in an event; None where it has none."""
    body = event.body
    if name == "event":
        return pretty(msgspec.to_builtins(event))
    match name, body:
        case "text", (
            bodies.UserMessage() | bodies.AssistantMessage() | bodies.SystemMessage()
            | bodies.ContextInjected() | bodies.ModelResponded()
        ):  # fmt: skip
            return message_text(body.blocks)
        case "thinking", bodies.ReasoningBody(text=text):
            return text
        case "thinking", bodies.AssistantMessage() | bodies.ModelResponded():
            return thinking_text(body.blocks)
        case "input", bodies.ToolCalled(input=value):
            return value if isinstance(value, str) else pretty(value)
        case "output", bodies.ToolFinished():
            return output_text(body)
        case "stderr", bodies.ToolFinished():
            return stderr_of(body)
        case "summary", bodies.CompactionFinished(summary=summary):
            return summary or message_text(body.replacement)
        case "patch" | "before" | "after", bodies.FileChanged():
            found: str | None = getattr(body, name)
            return found
        case "prompt", bodies.ToolCalled(input=value):
            return prompt_of(value)
        case "result", bodies.AgentFinished(result=result):
            return result
        case "rest", _:
            return rest_text(body)
    return None


def message_text(content: tuple[blocks.AnyBlock, ...]) -> str:
    """Gives what a message says; what is no text stands there by name."""
    pieces: list[str] = []
    for block in content:
        match block:
            case blocks.Text(text=text):
                pieces.append(text)
            case blocks.File():
                pieces.append(f"[file {block.name or block.media_type or ''}]\n{block.text or ''}".rstrip())
            case blocks.Audio():
                pieces.append("[audio]")
            case blocks.ToolResult():
                pieces.append(plain(block.output))
            case blocks.Other():
                pieces.append(pretty(block.raw))
            case _:
                pass
    return "\n\n".join(piece for piece in pieces if piece)


def thinking_text(content: tuple[blocks.AnyBlock, ...]) -> str:
    """Gives the thinking in a message."""
    found = [block.text or block.summary or "" for block in content if isinstance(block, blocks.Reasoning)]
    return "\n\n".join(text for text in found if text)


def is_sealed(content: tuple[blocks.AnyBlock, ...]) -> bool:
    """Tells whether a message holds thinking that only its provider can read."""
    return any(
        isinstance(block, blocks.Reasoning) and not block.text and bool(block.encrypted or block.signature)
        for block in content
    )


def output_text(body: bodies.ToolFinished) -> str:
    """Gives what a tool gave back: all of it where that was found."""
    if body.full_output is not None:
        return body.full_output
    if is_json(body.output):
        return pretty(body.output)
    return plain(body.output) or body.error or ""


def is_json(output: Any) -> bool:
    """Tells whether an output is a value rather than a text or content blocks."""
    if isinstance(output, dict):
        return not isinstance(output.get("output"), str) and "type" not in output
    return isinstance(output, list) and not (output and all(_is_block(item) for item in output))


def _is_block(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("type"), str)


def stderr_of(body: bodies.ToolFinished) -> str | None:
    """Gives what a command wrote to stderr, where its agent keeps it apart."""
    found = body.data.get("stderr") if isinstance(body.data, dict) else None
    return found if isinstance(found, str) and found else None


def prompt_of(value: Any) -> str | None:
    """Gives what a sub-agent was told to do."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        for name in ("prompt", "message", "task", "description"):
            if isinstance(value.get(name), str) and value[name]:
                return str(value[name])
    return None


def rest_text(body: bodies.Body) -> str:
    """Gives what an event says that has no view of its own."""
    told = {
        name: value
        for name in body.__struct_fields__
        if (value := getattr(body, name)) not in (None, "", (), {}) and name != "call"
    }
    texts = [value for value in told.values() if isinstance(value, str)]
    if len(told) == 1 and len(texts) == 1:
        return texts[0]
    return pretty(msgspec.to_builtins(told)) if told else ""


def pretty(value: Any) -> str:
    """Gives a value as indented JSON."""
    try:
        return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError):
        return plain(value)


def pictures(event: Event) -> list[Picture]:
    """Gives the images of an event, in order."""
    body = event.body
    found = [
        Picture(data=block.data, blob=block.blob, size=len(block.data or "") * 3 // 4)
        for block in getattr(body, "blocks", None) or ()
        if isinstance(block, blocks.Image)
    ]
    if isinstance(body, bodies.ToolFinished):
        _inside(body.output, found, depth=0)
    return [picture for picture in found if picture.data or picture.blob]


def _inside(value: Any, found: list[Picture], *, depth: int) -> None:
    """Finds images in a tool's output, as providers and MCP servers write them."""
    if depth > 3 or len(found) > 50:
        return
    if isinstance(value, list | tuple):
        for item in value:
            _inside(item, found, depth=depth + 1)
    if isinstance(value, dict) and value.get("type") in {"image", "input_image"}:
        source = value.get("source")
        data = source.get("data") if isinstance(source, dict) else value.get("data")
        url = value.get("image_url")
        if isinstance(url, str) and url.startswith("data:image/"):
            data = url.partition(",")[2]
        if isinstance(data, str):
            found.append(Picture(data=data, size=len(data) * 3 // 4))


def image_bytes(picture: Picture, store: Store) -> tuple[str, bytes] | None:
    """Gives media type and bytes of an image that is one by its first bytes; else None."""
    data: bytes | None = None
    if picture.data is not None and len(picture.data) < LARGEST_IMAGE * 4 // 3:
        try:
            data = base64.b64decode(picture.data, validate=False)
        except (binascii.Error, ValueError):
            return None
    elif picture.blob is not None:
        data = store.blob(picture.blob, most=LARGEST_IMAGE)
    if data is None or len(data) > LARGEST_IMAGE:
        return None
    for magic, media_type in _MAGIC:
        if data.startswith(magic):
            return media_type, data
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp", data
    return None

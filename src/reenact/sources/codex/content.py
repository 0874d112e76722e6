"""Content of messages: blocks, plain text, and who a text in the user's name is really from."""

from __future__ import annotations

import re
from typing import Any

from reenact.events import AnyBlock
from reenact.events.blocks import File, Image, Other, Reasoning, Text
from reenact.sources.members import mappings, text

_TAGGED = re.compile(r"\s*<([A-Za-z_][\w\- ]*?)(?:\s[^<>]*)?>")
_CLOSED = re.compile(r"</([A-Za-z_][\w\- ]*)>\s*$")
_ORIGINS = {
    "environment_context": "environment",
    "environments.environment_context": "environment",
    "user_instructions": "instructions",
    "INSTRUCTIONS": "instructions",
    "turn_aborted": "interrupt",
    "subagent_notification": "notification",
    "multi_agent.subagent_notification": "notification",
    "user_shell_command": "command",
    "skill": "skill",
    "hook_prompt": "hook",
    "permissions instructions": "permissions",
    "permissions.instructions": "permissions",
    "user.text": "prompt",
    "user.image": "prompt",
}
_AGENTS_MD = "# AGENTS.md instructions"
_MADE_UP = re.compile(r"rollout-\d+")
_IMAGE = re.compile(r"</?image[^>]*>")


def blocks(payload: dict[str, Any]) -> tuple[AnyBlock, ...]:
    """Gives the content of a message item, without the tags that Codex puts around images."""
    content = payload.get("content")
    if isinstance(content, str):
        return (Text(text=content),)
    found = tuple(_block(item) for item in mappings(payload, "content"))
    if not any(isinstance(block, Image) for block in found):
        return found
    return tuple(b for b in found if not (isinstance(b, Text) and _IMAGE.fullmatch(b.text.strip())))


def _block(item: dict[str, Any]) -> AnyBlock:
    kind = text(item, "type")
    found = item.get("text")
    if isinstance(found, str) and kind in {"input_text", "output_text", "text", "Text", "summary_text"}:
        extra = {name: item[name] for name in ("annotations",) if item.get(name)}
        return Text(text=found, extra=extra or None)
    if kind in {"input_image", "image", "local_image"}:
        return image(text(item, "image_url") or text(item, "url") or text(item, "path"))
    if kind == "refusal" and isinstance(item.get("refusal"), str):
        return Text(text=item["refusal"], extra={"type": "refusal"})
    if kind in {"input_file", "file"}:
        return File(
            name=text(item, "filename") or text(item, "name"),
            data=text(item, "file_data"),
            url=text(item, "file_url") or text(item, "path"),
        )
    if kind == "encrypted_content" and " " in (hidden := text(item, "encrypted_content") or ""):
        return Text(text=hidden)  # providers that do not encrypt: what has spaces is no ciphertext
    return Other(raw=item)


def image(url: str | None) -> Image:
    """Gives an image from its URL; a data URL becomes data."""
    if url is not None and url.startswith("data:") and ";base64," in url[:100]:
        head, _, data = url.partition(";base64,")
        return Image(media_type=head.removeprefix("data:") or None, data=data)
    return Image(url=url)


def plain(content: tuple[AnyBlock, ...]) -> str:
    """Gives the text of blocks as one text."""
    if len(content) == 1 and isinstance(content[0], Text):
        return content[0].text
    return "\n".join(block.text for block in content if isinstance(block, Text))


def reasoning(payload: dict[str, Any]) -> Reasoning:
    """Gives a reasoning item as a block; the encrypted part stays as it is."""
    summary = [item["text"] for item in mappings(payload, "summary") if isinstance(item.get("text"), str)]
    content = [item["text"] for item in mappings(payload, "content") if isinstance(item.get("text"), str)]
    shown = "\n\n".join(summary)
    return Reasoning(
        text="\n\n".join(content) or shown,
        summary=(shown or None) if content else None,
        encrypted=text(payload, "encrypted_content"),
        id=text(payload, "id"),
    )


def origin(content: str, kinds: list[str]) -> str:
    """Names what put a text into the conversation in the user's name; `prompt` is the user.

    `kinds` is what the log itself says of it (0.169). Without that it goes by the tags that Codex
    wraps around what it injects; a text counts as injected only where one tag encloses it whole.
    """
    if kinds and not all(kind == "unknown" for kind in kinds):
        named = [_ORIGINS.get(kind, kind) for kind in kinds]
        return "prompt" if "prompt" in named else named[0]
    if content.startswith(_AGENTS_MD):
        return "instructions"
    if not content.lstrip().startswith("<"):
        return "prompt"
    opened, closed = _TAGGED.match(content), _CLOSED.search(content)
    if opened is None:
        return "prompt"
    tag = opened[1]
    if tag in _ORIGINS:
        return _ORIGINS[tag]
    return tag if closed is not None and closed[1] == tag and "_" in tag else "prompt"


def kinds_of(payload: dict[str, Any]) -> list[str]:
    """Gives what the log says the parts of a message are (0.169), else nothing."""
    told = payload.get("internal_chat_message_metadata_passthrough")
    kinds = told.get("content_item_kinds") if isinstance(told, dict) else None
    return [kind for kind in kinds if isinstance(kind, str)] if isinstance(kinds, list) else []


def turn_of(payload: dict[str, Any]) -> str | None:
    """Gives the id of the turn that an item or an event says it belongs to.

    `codex migrate-rollouts` makes up turns (`rollout-5`) for releases that had none (up to 0.98);
    such ids are no ids: they stand in every migrated file, and in none before its migration.
    """
    own = payload.get("turn_id")
    if not isinstance(own, str):
        told = payload.get("internal_chat_message_metadata_passthrough")
        own = told.get("turn_id") if isinstance(told, dict) else None
    return own if isinstance(own, str) and not is_made_up(own) else None


def is_made_up(turn: str) -> bool:
    """Tells whether a turn's id was made by a migration."""
    return _MADE_UP.fullmatch(turn) is not None

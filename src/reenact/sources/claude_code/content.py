"""Content of Claude's messages as blocks of ours, and what kind of text a user row holds."""

from __future__ import annotations

import re
from typing import Any, Literal

from reenact.events import blocks
from reenact.events.blocks import AnyBlock
from reenact.sources.claude_code.records import Row, table, text

Origin = Literal[
    "prompt", "task", "command", "command_output", "notification", "interrupt", "compact_summary", "meta",
    "continuation",
]  # fmt: skip
"""What put a user message there. Only a `prompt` is human."""

_COMMANDS = ("<command-name>", "<command-message>", "<bash-input>", "<user-memory-input>")
_OUTPUTS = ("<local-command-stdout>", "<local-command-stderr>", "<bash-stdout>", "<bash-stderr>")
_BESIDE = re.compile(
    r"\A\s*<(ide_opened_file|ide_selection|ide_diagnostics|system-reminder)>.*</\1>\s*\Z", re.DOTALL
)
_COMMAND_NAME = re.compile(r"<command-name>\s*/?([^<\s]+)")


def as_blocks(content: Any) -> tuple[AnyBlock, ...]:
    """Gives the blocks of a message's content, which is a text or a list."""
    if isinstance(content, str):
        return (blocks.Text(text=content),)
    if isinstance(content, dict):
        content = [content]
    return tuple(as_block(block) for block in content) if isinstance(content, list) else ()


def as_block(block: Any) -> AnyBlock:
    """Gives one content block; one that we do not know is kept whole."""
    if isinstance(block, str):
        return blocks.Text(text=block)
    match table(block).get("type"):
        case "text" if isinstance(block.get("text"), str):
            rest = {key: value for key, value in block.items() if key not in {"type", "text"} and value}
            return blocks.Text(text=block["text"], extra=rest or None)
        case "thinking":
            return blocks.Reasoning(
                text=text(block.get("thinking")) or "", signature=text(block.get("signature"))
            )
        case "redacted_thinking":
            return blocks.Reasoning(encrypted=text(block.get("data")))
        case "tool_use" | "server_tool_use" | "mcp_tool_use" as kind if text(block.get("id")):
            return blocks.ToolCall(
                call=block["id"],
                name=text(block.get("name")) or "",
                input=block.get("input"),
                server=kind != "tool_use",
            )
        case "image":
            source = table(block.get("source"))
            return blocks.Image(
                media_type=text(source.get("media_type")),
                data=text(source.get("data")),
                url=text(source.get("url")),
            )
        case "document":
            return _document(block)
        case str(kind) if kind.endswith("tool_result") and text(block.get("tool_use_id")):
            return blocks.ToolResult(
                call=block["tool_use_id"],
                output=shown(block.get("content")),
                is_error=block.get("is_error") is True,
            )
    return blocks.Other(raw=block)


def shown(content: Any) -> Any:
    """Gives a tool's output as the model was shown it; a single text block is its text."""
    match content:
        case [{"type": "text", "text": str(only)}]:
            return only
    return content


def plain(content: Any) -> str:
    """Gives all text of a content, joined."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    parts = [block.get("text") for block in content if isinstance(block, dict)]
    return "\n".join(part for part in parts if isinstance(part, str))


def words(block: Any) -> int:
    """Gives a number of tokens that this block must have cost at least: one for every word.

    No tokenizer joins words across white space, so a response that states fewer output tokens than
    its words was written down before it ended.
    """
    kind = table(block).get("type")
    if kind == "text":
        return len((text(block.get("text")) or "").split())
    if kind == "thinking":
        return len((text(block.get("thinking")) or "").split())
    if kind == "tool_use":
        given = table(block.get("input"))
        return 3 + len(given) + sum(len(part.split()) for part in given.values() if isinstance(part, str))
    return 0


def user_origin(row: Row, said: str, *, in_sub_agent: bool, first: bool) -> Origin:
    """Tells what put a user message there."""
    kind = text(table(row.origin).get("kind"))
    if row.is_compact_summary:
        return "compact_summary"
    head = said.lstrip()[:40]
    if kind == "task-notification" or head.startswith("<task-notification>"):
        return "notification"
    if head.startswith("[Request interrupted by user"):
        return "interrupt"
    if row.is_meta or head.startswith("<local-command-caveat>"):
        return "meta"
    if head.startswith(_OUTPUTS):
        return "command_output"
    if head.startswith(_COMMANDS):
        return "command"
    if row.turn_companion:
        return "continuation"
    if in_sub_agent:
        return "task" if first else "continuation"
    if row.is_visible_in_transcript_only or kind not in {None, "human", "user", "prompt"}:
        return "meta"
    return "prompt"


def beside(content: Any) -> tuple[list[Any], Any]:
    """Parts a prompt into what the editor or the agent put beside it, and what was said."""
    if not isinstance(content, list) or len(content) < 2:
        return [], content
    put = [block for block in content if _BESIDE.match(text(table(block).get("text")) or "")]
    said = [block for block in content if block not in put]
    return (put, said) if said else ([], content)


def command_name(said: str) -> str | None:
    """Gives the name of the slash command that a user row tells of."""
    found = _COMMAND_NAME.search(said)
    return found.group(1) if found else None


def _document(block: dict[str, Any]) -> AnyBlock:
    source = table(block.get("source"))
    data = text(source.get("data"))
    is_text = source.get("type") == "text"
    return blocks.File(
        name=text(block.get("title")),
        media_type=text(source.get("media_type")),
        data=None if is_text else data,
        url=text(source.get("url")),
        text=data if is_text else None,
    )

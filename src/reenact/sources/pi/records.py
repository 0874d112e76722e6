"""Entries of Pi's session files, decoded permissively. Observed 0.74 and 0.87; older after its docs.

Version 1 is a plain list; from version 2 on an entry has an id and names its parent, so that one
file is a tree. Version 3 only renamed a role.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from reenact import clock
from reenact.events import AnyBlock, content_hash
from reenact.events.blocks import Image, Other, Reasoning, Text, Tokens, ToolCall
from reenact.sources.members import count, integer, mapping, mappings, text

_UUID = re.compile(r"([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})\.jsonl\Z")
_NAMED = re.compile(r"(?:\A|[/\\])\d{4}-\d\d-\d\dT[\d-]+Z_([A-Za-z0-9][\w.-]{0,200})\.jsonl\Z")


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line."""

    type: str
    id: str | None = None
    parent: str | None = None
    ts: int | None = None
    message: dict[str, Any] = {}
    raw: dict[str, Any] = {}

    @property
    def role(self) -> str:
        role = text(self.message, "role") or ""
        return "custom" if role == "hookMessage" else role

    @property
    def name(self) -> str:
        """A name that a migration of the file keeps: it gives ids, and changes no content."""
        if self.type != "message":
            kept = {key: value for key, value in self.raw.items() if key not in {"id", "parentId"}}
            return f"{self.type}:{content_hash(kept)[-24:]}"
        kept = {key: value for key, value in self.message.items() if key != "role"}
        return f"m:{content_hash([self.raw.get('timestamp'), kept])[-24:]}"


def read(value: dict[str, Any]) -> Entry:
    """Gives the entry that a decoded line holds."""
    return Entry(
        type=text(value, "type") or "",
        id=text(value, "id"),
        parent=text(value, "parentId"),
        ts=clock.parse_iso(text(value, "timestamp")),
        message=mapping(value, "message"),
        raw=value,
    )


def parent_session(value: dict[str, Any]) -> str | None:
    """Gives the id of the session that a header says this one was forked from (it names the file)."""
    path = text(value, "parentSession")
    if path is None:
        return None
    found = _UUID.search(path)
    if found is not None:
        return found[1].lower()
    named = _NAMED.search(path)  # an id that a person gave
    return named[1] if named is not None else None


def blocks(content: Any) -> tuple[AnyBlock, ...]:
    """Gives the content of a message as blocks, tool calls included."""
    if isinstance(content, str):
        return (Text(text=content),) if content else ()
    if not isinstance(content, list):
        return ()
    return tuple(_block(item) for item in content if isinstance(item, dict))


def _block(item: dict[str, Any]) -> AnyBlock:
    kind = item.get("type")
    if kind == "text" and isinstance(item.get("text"), str):
        return Text(text=item["text"])
    if kind == "thinking" and isinstance(item.get("thinking"), str):
        return Reasoning(text=item["thinking"], signature=text(item, "thinkingSignature"))
    if kind == "image":
        return Image(media_type=text(item, "mimeType"), data=text(item, "data"))
    if kind == "toolCall":
        return ToolCall(
            call=text(item, "id") or "", name=text(item, "name") or "", input=item.get("arguments")
        )
    return Other(raw=item)


def plain(content: Any) -> str:
    """Gives the text of a content."""
    if isinstance(content, str):
        return content
    texts = [
        item.get("text") for item in mappings({"content": content}, "content") if item.get("type") == "text"
    ]
    return "\n".join(each for each in texts if isinstance(each, str))


def tokens(message: dict[str, Any]) -> Tokens | None:
    """Gives the tokens of an answer: Pi tells what was not cached apart; None where nothing is told."""
    usage = mapping(message, "usage")
    written, for_long = count(usage, "cacheWrite"), integer(usage, "cacheWrite1h")
    for_long = for_long if for_long is not None and 0 <= for_long <= written else None
    found = Tokens(
        input=count(usage, "input"),
        cache_read=count(usage, "cacheRead"),
        cache_write=written,
        cache_write_5m=None if for_long is None else written - for_long,
        cache_write_1h=for_long,
        output=count(usage, "output"),
        reasoning=integer(usage, "reasoning"),
    )
    return found if found.total else None


def key(message: dict[str, Any], told: Tokens) -> str:
    """Gives the ledger's key of an answer, out of what a fork's copy and a migration keep."""
    moment = integer(message, "timestamp")
    model = f"{text(message, 'provider')}/{text(message, 'model')}"
    counts = f"{told.input}:{told.cache_read}:{told.cache_write}:{told.output}"
    response = text(message, "responseId") or ""
    return f"pi:{moment}:{model}:{response}:{counts}"

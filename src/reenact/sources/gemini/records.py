"""Records of Gemini CLI's chat files, decoded permissively.

Observed 0.6 to 0.61; the rest after google-gemini/gemini-cli chatRecordingTypes.ts.
A `.jsonl` line (0.39 on) is, tested in this order as the producer does: a rewind, a message, a
change of the metadata, a header. A `.json` file (0.2 to 0.38) is one header that holds its messages.
"""

from __future__ import annotations

from typing import Any

import msgspec

from reenact import clock
from reenact.sources.members import items, mapping, mappings, text
from reenact.sources.names import name_of


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A tool call with what is known of its end."""

    id: str
    name: str
    args: Any = None
    result: Any = None
    status: str | None = None
    ts: int | None = None
    agent: str | None = None
    """The id of the sub-agent that did the work (0.39 on)."""
    display: Any = None


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One message; the same id again replaces it."""

    id: str
    type: str
    ts: int | None = None
    content: Any = None
    shown: Any = None
    """What people see in place of the content, where that differs."""
    model: str | None = None
    thoughts: tuple[dict[str, Any], ...] = ()
    tokens: dict[str, Any] | None = None
    calls: tuple[Call, ...] = ()
    raw: Any = None


class Meta(msgspec.Struct, frozen=True, kw_only=True):
    """A header, a change of it, or the frame of a whole document."""

    session: str | None = None
    project: str | None = None
    """SHA-256 of the project's root."""
    ts: int | None = None
    kind: str | None = None
    summary: str | None = None
    directories: tuple[str, ...] = ()
    messages: tuple[Message, ...] | None = None


class Rewind(msgspec.Struct, frozen=True, kw_only=True):
    """The conversation goes back to before a message."""

    to: str


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A `$set`: members of the header that are other now."""

    meta: Meta
    tells_session: bool = False


Record = Rewind | Message | Change | Meta


def read(value: dict[str, Any]) -> Record | None:
    """Gives the record that a decoded line holds; None for what is none that we know."""
    rewind = value.get("$rewindTo")
    if isinstance(rewind, str):
        return Rewind(to=rewind)
    if text(value, "id") is not None:
        return message(value)
    changed = value.get("$set")
    if isinstance(changed, dict):
        return Change(meta=meta(changed), tells_session=text(changed, "sessionId") is not None)
    if text(value, "sessionId") is not None:
        return meta(value)
    return None


def is_row(value: dict[str, Any]) -> bool:
    """Tells a record from a fragment of one, in the debris of a torn line."""
    return (
        isinstance(value.get("$set"), dict)
        or isinstance(value.get("$rewindTo"), str)
        or value.keys() >= {"sessionId", "projectHash"}
        or value.keys() >= {"id", "timestamp", "type", "content"}
    )


def meta(value: dict[str, Any]) -> Meta:
    """Gives what a header or a part of one says."""
    directories = tuple(item for item in items(value, "directories") if isinstance(item, str))
    has_messages = isinstance(value.get("messages"), list)
    return Meta(
        session=text(value, "sessionId"),
        project=text(value, "projectHash"),
        ts=clock.parse_iso(text(value, "startTime")),
        kind=text(value, "kind"),
        summary=text(value, "summary"),
        directories=directories,
        messages=tuple(map(message, mappings(value, "messages"))) if has_messages else None,
    )


def message(value: dict[str, Any]) -> Message:
    """Gives a message, whatever of it there is."""
    tokens = value.get("tokens")
    return Message(
        id=text(value, "id") or name_of("anon", f"{value.get('timestamp')}\x1f{value.get('type')}"),
        type=text(value, "type") or "",
        ts=clock.parse_iso(text(value, "timestamp")),
        content=value.get("content"),
        shown=value.get("displayContent"),
        model=text(value, "model"),
        thoughts=tuple(mappings(value, "thoughts")),
        tokens=tokens if isinstance(tokens, dict) else None,
        calls=tuple(map(_call, mappings(value, "toolCalls"))),
        raw=value,
    )


def _call(value: dict[str, Any]) -> Call:
    return Call(
        id=text(value, "id") or "",
        name=text(value, "name") or "",
        args=value.get("args"),
        result=value.get("result"),
        status=text(value, "status"),
        ts=clock.parse_iso(text(value, "timestamp")),
        agent=text(value, "agentId"),
        display=value.get("resultDisplay"),
    )


def responses(parts: Any) -> list[dict[str, Any]]:
    """Gives the function responses among parts."""
    found = [mapping(part, "functionResponse") for part in parts_of(parts)]
    return [each for each in found if each]


def parts_of(content: Any) -> list[dict[str, Any]]:
    """Gives content as parts, whichever of its forms it has."""
    if isinstance(content, str):
        return [{"text": content}] if content else []
    if isinstance(content, dict):
        return [content]
    if not isinstance(content, list):
        return []
    return [
        part if isinstance(part, dict) else {"text": part} for part in content if isinstance(part, dict | str)
    ]

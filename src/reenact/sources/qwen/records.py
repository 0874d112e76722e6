"""Records of Qwen Code's chat files, decoded permissively. Observed 0.15 and 0.24.

A record is an envelope (uuid, parentUuid, session, directory, version) around what the model was
given or said in Gemini's form, or around a notice of the system.
"""

from __future__ import annotations

from typing import Any

import msgspec

from reenact import clock
from reenact.events.blocks import Tokens
from reenact.sources.members import count, integer, mapping, text


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One line."""

    uuid: str | None
    type: str
    subtype: str | None = None
    parent: str | None = None
    session: str | None = None
    ts: int | None = None
    cwd: str | None = None
    version: str | None = None
    branch: str | None = None
    model: str | None = None
    parts: Any = None
    usage: dict[str, Any] = {}
    result: dict[str, Any] = {}
    payload: dict[str, Any] = {}
    agent: str | None = None
    """The sub-agent that wrote this record (0.24: in a file of its own)."""
    agent_name: str | None = None
    provenance: str | None = None
    forked_from: str | None = None
    raw: Any = None


def read(value: dict[str, Any]) -> Record:
    """Gives the record that a decoded line holds."""
    return Record(
        uuid=text(value, "uuid"),
        type=text(value, "type") or "",
        subtype=text(value, "subtype"),
        parent=text(value, "parentUuid"),
        session=text(value, "sessionId"),
        ts=clock.parse_iso(text(value, "timestamp")),
        cwd=text(value, "cwd"),
        version=text(value, "version"),
        branch=text(value, "gitBranch"),
        model=text(value, "model"),
        parts=mapping(value, "message").get("parts"),
        usage=mapping(value, "usageMetadata"),
        result=mapping(value, "toolCallResult"),
        payload=mapping(value, "systemPayload"),
        agent=text(value, "agentId"),
        agent_name=text(value, "agentName"),
        provenance=text(value, "provenance"),
        forked_from=text(mapping(value, "forkedFrom"), "sessionId"),
        raw=value,
    )


def is_row(value: dict[str, Any]) -> bool:
    """Tells a record from a fragment of one, in the debris of a torn line."""
    return value.keys() >= {"uuid", "sessionId", "type"}


def stated(usage: dict[str, Any]) -> Tokens | None:
    """Gives the tokens of an answer; None where nothing is told.

    The output of providers of OpenAI's kind holds the thoughts, that of Gemini's does not: the total
    tells which it is.
    """
    return _tokens(
        count(usage, "promptTokenCount"),
        count(usage, "candidatesTokenCount"),
        cached=count(usage, "cachedContentTokenCount"),
        thoughts=count(usage, "thoughtsTokenCount"),
        total=integer(usage, "totalTokenCount"),
    )


def logged(event: dict[str, Any]) -> Tokens | None:
    """Gives the tokens that a notice of an answer (`ui_telemetry`) tells."""
    return _tokens(
        count(event, "input_token_count"),
        count(event, "output_token_count"),
        cached=count(event, "cached_content_token_count"),
        thoughts=count(event, "thoughts_token_count"),
        total=integer(event, "total_token_count"),
    )


def _tokens(given: int, said: int, *, cached: int, thoughts: int, total: int | None) -> Tokens | None:
    cached = min(cached, given)
    is_apart = thoughts > said or total == given + said + thoughts
    found = Tokens(
        input=given - cached,
        cache_read=cached,
        output=said + thoughts if is_apart else said,
        reasoning=thoughts,
    )
    return found if found.total else None

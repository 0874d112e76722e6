"""Whole requests and their answers out of an imported log, for playing back.

Pure: rows in, exchanges out. Claude Code journals every request by content (`wire.anthropic.journal`);
the answer is the assistant rows that name the request. What the log no longer holds is named, never
made up. Not journaled: the request that asks for a compaction's summary.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from reenact.events.blocks import Tokens
from reenact.sources.claude_code import records, spent
from reenact.sources.claude_code.journal import Journal
from reenact.sources.claude_code.records import Row, items, number, table, text
from reenact.sources.protocol import Line
from reenact.wire.anthropic import journal as wire


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """One request as it went out, and what came back as far as the log holds it."""

    id: str
    lane: str | None = None
    """The sub-agent that asked; None for the main session."""
    purpose: str | None = None
    body: dict[str, Any]
    betas: tuple[str, ...] = ()
    """Travel as a header."""
    message: str | None = None
    """The answer's id; None where no row answers this request (it failed, or was tried again)."""
    model: str | None = None
    blocks: tuple[dict[str, Any], ...] = ()
    """The answer's content blocks as the protocol has them."""
    stop_reason: str | None = None
    usage: Tokens | None = None
    usage_raw: dict[str, Any] | None = None
    unresolved: tuple[str, ...] = ()
    """Hashes of the shape and of messages that the log does not hold or that do not fit."""
    defect: str | None = None
    ts: str | None = None


class _Answer:
    """What the rows of one response add up to."""

    def __init__(self, message: dict[str, Any]) -> None:
        self.id = text(message.get("id"))
        self.model = text(message.get("model"))
        self.blocks: list[dict[str, Any]] = []
        self.stop_reason: str | None = None
        self.usage: dict[str, Any] | None = None

    def add(self, message: dict[str, Any]) -> None:
        self.blocks.extend(table(block) for block in items(message.get("content")))
        self.stop_reason = text(message.get("stop_reason")) or self.stop_reason
        usage = message.get("usage")
        if isinstance(usage, dict):
            old = number(table(self.usage).get("output_tokens")) or 0
            if self.usage is None or (number(usage.get("output_tokens")) or 0) >= old:
                self.usage = usage


class _Script:
    """Walks the rows once; bodies are put together at the end, when every message is known."""

    def __init__(self) -> None:
        self.messages: dict[str, dict[str, Any]] = {}
        self.shapes: dict[str, dict[str, Any]] = {}
        self.requests: dict[str, wire.JournalRequest] = {}
        self.rows: dict[str, Row] = {}
        self.answers: dict[str, _Answer] = {}
        self.journal = Journal(keep=self._keep)
        self._seen: set[str] = set()

    def _keep(self, name: str, message: dict[str, Any]) -> None:
        self.messages.setdefault(name, message)

    def take(self, row: Row) -> None:
        match row.type:
            case "assistant" | "user" if isinstance(row.uuid, str) and row.uuid not in self._seen:
                self._seen.add(row.uuid)
                self._said(row, table(row.message))
            case "api-request-blob":
                self.journal.blob(row)
            case "api-request-shape":
                if self.journal.shape(row) and (name := text(row.shape_hash)):
                    self.shapes[name] = table(row.shape)
            case "api-request" if (identity := text(row.id)) is not None:
                self.journal.request(row)
                tail = tuple(name for name in items(row.tail) if isinstance(name, str))
                self.requests[identity] = wire.JournalRequest(
                    id=identity, base=text(row.base), keep=number(row.keep) or 0, tail=tail
                )
                self.rows[identity] = row

    def _said(self, row: Row, message: dict[str, Any]) -> None:
        if row.type == "user":
            self.journal.said(message.get("content"))
            return
        if message.get("model") == "<synthetic>" or row.is_api_error_message is True:
            return
        self.journal.answered(text(message.get("id")) or str(row.uuid), items(message.get("content")))
        if (exchange := text(row.request_ref)) is not None:
            self.answers.setdefault(exchange, _Answer(message)).add(message)

    def exchange(self, identity: str) -> Exchange:
        row, answer = self.rows[identity], self.answers.get(identity)
        shape = text(row.shape_hash)
        rebuilt = wire.rebuild(self.requests[identity], requests=self.requests, resolve=self.messages.get)
        params = table(row.params)
        body = wire.request_body(
            rebuilt,
            shape=self.shapes.get(shape or "", {}),
            params=params,
            cache_marks=_marks(row.cache_control),
        )
        missing = (shape,) if shape is not None and shape not in self.shapes else ()
        return Exchange(
            id=identity,
            lane=text(row.agent_id),
            purpose=text(row.query_source),
            body=body,
            betas=tuple(name for name in items(params.get("betas")) if isinstance(name, str)),
            message=answer.id if answer else None,
            model=answer.model if answer else None,
            blocks=tuple(answer.blocks) if answer else (),
            stop_reason=answer.stop_reason if answer else None,
            usage=spent.tokens_of(answer.usage) if answer and answer.usage else None,
            usage_raw=answer.usage if answer else None,
            unresolved=(*missing, *rebuilt.unresolved),
            defect=rebuilt.defect,
            ts=text(row.timestamp),
        )


def requests(lines: Iterable[Line]) -> list[Exchange]:
    """Gives the exchanges of one transcript in the order of its journal."""
    script = _Script()
    for line in lines:
        for found in records.read(line).found:
            script.take(found.row)
    script.journal.close()
    return [script.exchange(identity) for identity in script.requests]


def _marks(value: Any) -> list[wire.CacheMark]:
    marks = []
    for mark in map(table, items(value)):
        path = tuple(
            step
            for step in items(mark.get("path"))
            if isinstance(step, (str, int)) and not isinstance(step, bool)
        )
        if path and isinstance(mark.get("value"), dict):
            marks.append(wire.CacheMark(path=path, value=mark["value"]))
    return marks

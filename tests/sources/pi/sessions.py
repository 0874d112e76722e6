"""Sessions as Pi 0.74 writes them, made by hand, and what parsing one gives."""

from __future__ import annotations

import io
import json
from typing import Any, TypeVar

import msgspec

from reenact import usage
from reenact.events.blocks import Tokens
from reenact.events.bodies import UsageRecorded
from reenact.ingest.lines import cut
from reenact.sources import Draft, Parsed, Setting
from reenact.sources.pi import SOURCE

SESSION = "77777777-7777-4777-8777-777777777777"
NAME = f"2026-11-21T10-00-00-000Z_{SESSION}.jsonl"
BodyT = TypeVar("BodyT")


def moment(second: int) -> str:
    return f"2026-11-21T10:00:{second:02}.000Z"


def head(*, session: str = SESSION, second: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "type": "session",
        "version": 3,
        "id": session,
        "timestamp": moment(second),
        "cwd": "/w/todo",
        **more,
    }


def entry(kind: str, identity: str, parent: str | None, second: int, **more: Any) -> dict[str, Any]:
    return {"type": kind, "id": identity, "parentId": parent, "timestamp": moment(second), **more}


def message(name: str, parent: str | None, second: int, role: str, **more: Any) -> dict[str, Any]:
    said = {"role": role, "timestamp": 1_795_255_200_000 + second * 1000, **more}
    return entry("message", name, parent, second, message=said)


def prompt(name: str, parent: str | None, said: str, second: int = 1) -> dict[str, Any]:
    return message(name, parent, second, "user", content=[{"type": "text", "text": said}])


def answer(name: str, parent: str, *blocks: dict[str, Any], second: int = 2, **more: Any) -> dict[str, Any]:
    spent = {
        "input": 100, "output": 20, "cacheRead": 30, "cacheWrite": 5, "totalTokens": 155,
        "cost": {"input": 0.1, "output": 0.1, "cacheRead": 0.03, "cacheWrite": 0.02, "total": 0.25},
    }  # fmt: skip
    told = {"api": "x", "provider": "stub", "model": "m1", "usage": spent, "stopReason": "stop", **more}
    return message(name, parent, second, "assistant", content=list(blocks), **told)


def text(said: str) -> dict[str, Any]:
    return {"type": "text", "text": said}


def called(call: str, tool: str, **given: Any) -> dict[str, Any]:
    return {"type": "toolCall", "id": call, "name": tool, "arguments": given}


def result(name: str, parent: str, call: str, said: str, **more: Any) -> dict[str, Any]:
    told = {"toolCallId": call, "toolName": "x", "content": [text(said)], "isError": False, **more}
    return message(name, parent, 3, "toolResult", **told)


def journal(*rows: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


class Parse(msgspec.Struct, frozen=True, kw_only=True):
    """What parsing gave."""

    parsed: tuple[Parsed, ...]

    @property
    def drafts(self) -> list[Draft]:
        return [draft for each in self.parsed for draft in each.drafts]

    def bodies(self, kind: type[BodyT]) -> list[BodyT]:
        return [draft.body for draft in self.drafts if isinstance(draft.body, kind)]

    def spent(self) -> Tokens:
        held: dict[str, UsageRecorded] = {body.key: body for body in self.bodies(UsageRecorded)}
        return usage.total(body.tokens for body in held.values())


def parse(data: bytes) -> Parse:
    parser = SOURCE.parser(Setting(agent="pi", key=SESSION))
    return Parse(parsed=tuple(parser.feed(line) for line in cut(io.BytesIO(data))))

"""Sessions as Pi 0.74 writes them, made by hand, and what parsing one gives."""

from __future__ import annotations

import json
from typing import Any

from tests.sources.laws import parsed_by
from tests.sources.parsing import Parse

from reenact.sources import Setting
from reenact.sources.pi import SOURCE

SESSION = "77777777-7777-4777-8777-777777777777"
NAME = f"2026-11-21T10-00-00-000Z_{SESSION}.jsonl"


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


def parse(data: bytes) -> Parse:
    return Parse(parsed=tuple(parsed_by(SOURCE, data, Setting(agent="pi", key=SESSION))))

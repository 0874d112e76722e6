"""Chats as Qwen Code 0.24 writes them, made by hand, and what parsing one gives."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from tests.sources.laws import parsed_by
from tests.sources.parsing import Parse

from reenact.sources import Setting
from reenact.sources.qwen import SOURCE

SESSION = "55555555-5555-4555-8555-555555555555"


def uuid(name: str) -> str:
    digest = hashlib.sha256(name.encode()).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"


def row(name: str, kind: str, parent: str | None, second: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "uuid": uuid(name),
        "parentUuid": uuid(parent) if parent else None,
        "sessionId": SESSION,
        "timestamp": f"2026-11-21T10:00:{second:02}.000Z",
        "type": kind,
        "cwd": "/home/dev/code/todo",
        "version": "0.24.4",
        **more,
    }


def prompt(name: str, said: str, parent: str | None = None, second: int = 0, **more: Any) -> dict[str, Any]:
    return row(name, "user", parent, second, message={"role": "user", "parts": [{"text": said}]}, **more)


def told(given: int, said: int, cached: int = 0, thoughts: int = 0) -> dict[str, int]:
    return {
        "promptTokenCount": given,
        "candidatesTokenCount": said,
        "thoughtsTokenCount": thoughts,
        "totalTokenCount": given + said,
        "cachedContentTokenCount": cached,
    }


def answer(name: str, parent: str, *parts: dict[str, Any], second: int = 1, **more: Any) -> dict[str, Any]:
    return row(
        name,
        "assistant",
        parent,
        second,
        model="qwen-stub",
        message={"role": "model", "parts": list(parts)},
        **more,
    )


def result(name: str, parent: str, call: str, tool: str, output: str, **more: Any) -> dict[str, Any]:
    kind = "error" if more.get("status") == "error" else "output"
    part = {"functionResponse": {"id": call, "name": tool, "response": {kind: output}}}
    return row(
        name, "tool_result", parent, 2, message={"role": "user", "parts": [part]},
        toolCallResult={"callId": call, "status": "success", "resultDisplay": "", **more},
    )  # fmt: skip


def called(call: str, tool: str, **args: Any) -> dict[str, Any]:
    return {"functionCall": {"id": call, "name": tool, "args": args}}


def notice(name: str, parent: str, given: int, said: int, second: int = 1, **more: Any) -> dict[str, Any]:
    event = {
        "event.name": "qwen-code.api_response", "model": "qwen-stub", "input_token_count": given,
        "output_token_count": said, "total_token_count": given + said, "prompt_id": f"{SESSION}########0", **more,
    }  # fmt: skip
    return row(name, "system", parent, second, subtype="ui_telemetry", systemPayload={"uiEvent": event})


def journal(*rows: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in rows)


def parse(data: bytes, *, sidecars: dict[str, bytes] | None = None, **hints: str) -> Parse:
    setting = Setting(agent="qwen", key=SESSION, hints=hints, sidecars=sidecars or {})
    return Parse(parsed=tuple(parsed_by(SOURCE, data, setting)))

"""Rows in the form that Codex writes them, for fixtures of a few lines."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

Row = dict[str, Any]

PARENT = "01a1f000-0000-7000-8000-00000000000a"
CHILD = "01a1f100-0000-7000-8000-00000000000b"
SIBLING = "01a1f200-0000-7000-8000-00000000000c"
OLD_TURN = "01a1f010-0000-7000-8000-000000000001"
"""A turn of the parent: it began before the child was born."""
NEW_TURN = "01a1f110-0000-7000-8000-000000000002"
"""A turn of the child's own."""


def at(second: float) -> str:
    return f"2026-11-21T01:{int(second) // 60:02d}:{second % 60:06.3f}Z"


def row(kind: str, payload: Row, second: float = 0, **more: Any) -> Row:
    return {"timestamp": at(second), "type": kind, "payload": payload, **more}


def meta(thread: str = PARENT, second: float = 0, **more: Any) -> Row:
    payload = {"id": thread, "timestamp": at(second), "cwd": "/home/dev/code/todo", "cli_version": "0.121.0"}
    return row("session_meta", {**payload, "source": "exec", **more}, second)


def event(kind: str, second: float = 0, /, **payload: Any) -> Row:
    return row("event_msg", {"type": kind, **payload}, second)


def item(kind: str, second: float = 0, **payload: Any) -> Row:
    return row("response_item", {"type": kind, **payload}, second)


def completed(kind: str, second: float = 0, /, **found: Any) -> Row:
    return event("item_completed", second, item={"type": kind, **found})


def said(role: str, text: str, second: float = 0, **more: Any) -> Row:
    kind = "output_text" if role == "assistant" else "input_text"
    return item("message", second, role=role, content=[{"type": kind, "text": text}], **more)


def prompt(text: str, second: float = 0) -> list[Row]:
    return [said("user", text, second), event("user_message", second, message=text)]


def answer(text: str, second: float = 0) -> list[Row]:
    return [event("agent_message", second, message=text), said("assistant", text, second)]


def call(name: str, call_id: str, second: float = 0, **arguments: Any) -> Row:
    return item("function_call", second, name=name, call_id=call_id, arguments=json.dumps(arguments))


def output(call_id: str, text: Any, second: float = 0) -> Row:
    return item("function_call_output", second, call_id=call_id, output=text)


def context(model: str = "gpt-5.2-codex", second: float = 0, **more: Any) -> Row:
    return row("turn_context", {"model": model, "cwd": "/home/dev/code/todo", **more}, second)


def spent(given: int, cached: int, out: int, reasoning: int = 0, written: int = 0) -> Row:
    return {
        "input_tokens": given,
        "cached_input_tokens": cached,
        "cache_write_input_tokens": written,
        "output_tokens": out,
        "reasoning_output_tokens": reasoning,
        "total_tokens": given + out,
    }


def count(total: Row, last: Row | None = None, second: float = 0, **limits: Any) -> Row:
    info = {"total_token_usage": total, "last_token_usage": total if last is None else last}
    return event("token_count", second, info=info, rate_limits=limits or None)


def record(response: str, usage: Row, thread: Row, second: float = 0, **more: Any) -> Row:
    payload = {
        "response_id": response,
        "usage": usage,
        "turn_token_usage": thread,
        "thread_token_usage": thread,
    }
    return row("token_usage_record", {"thread_id": PARENT, "turn_id": OLD_TURN, **payload, **more}, second)


def started(turn: str, second: float = 0) -> Row:
    return event("task_started", second, turn_id=turn)


def done(turn: str, second: float = 0, **more: Any) -> Row:
    return event("task_complete", second, turn_id=turn, **more)


def as_bytes(rows: Iterable[Row]) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in rows)

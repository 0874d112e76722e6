"""A made-up session of one agent, always the same: what it asks, growing with every call, and is told."""

from __future__ import annotations

import json
import random
from typing import Any

Body = dict[str, Any]
SEED = 7
_PROJECT = "/home/ann/code/todo"
_WORDS = (
    "store", "task", "list", "file", "path", "line", "read", "write", "test", "value", "name", "index",
    "open", "close", "when", "due", "done",
)  # fmt: skip


def text(rng: random.Random, size: int) -> str:
    """Gives words of about so many bytes."""
    words: list[str] = []
    while size > 0:
        word = rng.choice(_WORDS)
        words.append(word)
        size -= len(word) + 1
    return " ".join(words)


def calls(count: int, *, answer: int = 600, result: int = 1400, beginning: int = 40_000) -> list[Body]:
    """Gives the requests of a session: each repeats the ones before it and adds an answer and a result.

    `beginning` is the size of system prompt and tools, as agents have them.
    """
    rng = random.Random(SEED)
    tools = [
        {
            "name": f"Tool{k}",
            "description": text(rng, beginning // 24),
            "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}},
        }
        for k in range(12)
    ]
    system = [{"type": "text", "text": "You work in /home/ann/code/todo.\n" + text(rng, beginning // 2)}]
    messages: list[Body] = [{"role": "user", "content": [{"type": "text", "text": "Call 0: begin."}]}]
    found: list[Body] = []
    for number in range(count):
        found.append(
            {
                "model": "test-model-1",
                "max_tokens": 1000,
                "stream": True,
                "system": system,
                "tools": tools,
                "messages": list(messages),
            }
        )
        said = {"type": "text", "text": answer_text(number, answer)}
        call = f"toolu_{number:024d}"
        use = {
            "type": "tool_use",
            "id": call,
            "name": "Tool1",
            "input": {"path": f"/home/ann/code/todo/{number}"},
        }
        told = {"type": "tool_result", "tool_use_id": call, "content": text(rng, result)}
        again = {"type": "text", "text": f"Call {number + 1}: go on."}
        messages += [
            {"role": "assistant", "content": [said, use]},
            {"role": "user", "content": [told, again]},
        ]
    return found


def short_calls(count: int) -> list[Body]:
    """Gives requests of about 4 KB, each the beginning of a conversation of its own."""
    found = calls(1, beginning=3_400)
    return [
        {
            **found[0],
            "messages": [{"role": "user", "content": [{"type": "text", "text": f"Call {k}: begin."}]}],
        }
        for k in range(count)
    ]


def answer_text(number: int, size: int = 600) -> str:
    return text(random.Random(f"{SEED} {number}"), size)


def stream(number: int, *, size: int = 600, piece: int = 20) -> bytes:
    """Gives the answer to a call as a provider streams it."""
    said = answer_text(number, size)
    head = {"id": f"msg_{number:024d}", "type": "message", "role": "assistant", "model": "test-model-1"}
    events: list[Body] = [
        {
            "type": "message_start",
            "message": {**head, "content": [], "stop_reason": None, "usage": {"input_tokens": 9}},
        },
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    ]
    for place in range(0, len(said), piece):
        delta = {"type": "text_delta", "text": said[place : place + piece]}
        events.append({"type": "content_block_delta", "index": 0, "delta": delta})
    events += [
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 12}},
        {"type": "message_stop"},
    ]
    return b"".join(f"event: {one['type']}\ndata: {json.dumps(one)}\n\n".encode() for one in events)


def as_sent(body: Body) -> bytes:
    """Gives a request as agents write it: `JSON.stringify` and the SDKs put no space between members."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()

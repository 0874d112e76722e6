"""The Anthropic Messages dialect as the scripted model speaks it: read a request, write a stream of events."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from tests.clients.script import Asked, Chosen, Cut, Lane, Refuse, Say, Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

# A mark of the request by which a session is summarised (seen: 2.1.329).
COMPACTION = "Respond with TEXT ONLY"
_SESSION = re.compile(r"session_([0-9a-f-]{36})")


def read(headers: Mapping[str, str], body: dict[str, Any], spawned: Callable[[str], bool]) -> Asked:
    """What the request asks. Before 2.1.x a sub-agent shows only by the task it opens with."""
    messages = body.get("messages", [])
    user = [m for m in messages if m.get("role") == "user"]
    opening = _said(user[:1])
    cut = max((i for i, m in enumerate(messages) if m.get("role") == "assistant"), default=-1)
    newest = [m for m in messages[cut + 1 :] if m.get("role") == "user"]
    agent = headers.get("x-claude-code-agent-id", "")
    latest = _said(newest)
    lane: Lane = "main"
    if opening.strip() == "Warmup":
        lane = "warmup"
    elif COMPACTION in latest:
        lane = "side"
    elif agent or spawned(opening):
        lane = "sub"
    elif not body.get("tools"):
        lane = "side"
    return Asked(
        lane=lane,
        model=str(body.get("model", "")),
        session=headers.get("x-claude-code-session-id") or _session(body),
        agent=agent or (opening if lane in ("sub", "warmup") else ""),
        parent="",
        opening=opening,
        latest=latest,
        results=frozenset(_results(newest)),
        has_tools=bool(body.get("tools")),
        prompt_chars=len(json.dumps(body)),
    )


def error(refuse: Refuse) -> dict[str, Any]:
    """The body of a refusal."""
    return {"type": "error", "error": {"type": refuse.kind, "message": refuse.message}}


def stream(asked: Asked, chosen: Chosen) -> Iterator[str]:
    """The events of an answer as server-sent events, cut off where the script says so."""
    answer = chosen.answer
    assert not isinstance(answer, Refuse)
    say, cut = (answer.say, answer) if isinstance(answer, Cut) else (answer, None)
    yield _event("message_start", message=_head(asked, chosen))
    yield _event("ping")
    for index, block in enumerate(_blocks(say, chosen)):
        if cut is not None and block["type"] == "text":
            yield _event("content_block_start", index=index, content_block={"type": "text", "text": ""})
            yield _delta(index, "text_delta", text=say.text[: cut.keep])
            if cut.how == "error":
                problem = {"type": "overloaded_error", "message": "Overloaded"}
                yield _event("error", error=problem)
            return
        yield from _block(index, block)
    stop = "tool_use" if say.calls else "end_turn"
    yield _event(
        "message_delta", delta={"stop_reason": stop, "stop_sequence": None}, usage=_usage(chosen.usage)
    )
    yield _event("message_stop")


def message_id(chosen: Chosen) -> str:
    """The id the client sees for an answer."""
    return f"msg_01{chosen.response}"


def call_id(raw: str) -> str:
    """The id the client sees for a tool call."""
    return f"toolu_01{raw}"


def _head(asked: Asked, chosen: Chosen) -> dict[str, Any]:
    return {
        "id": message_id(chosen),
        "type": "message",
        "role": "assistant",
        "model": asked.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": _usage(chosen.usage) | {"output_tokens": start_output(chosen.usage)},
    }


def start_output(usage: Usage) -> int:
    """The output tokens a stream states at its start, long before the true number is known."""
    return min(usage.output, 3)


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "input_tokens": usage.input,
        "cache_creation_input_tokens": usage.cache_write_5m + usage.cache_write_1h,
        "cache_read_input_tokens": usage.cache_read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": usage.cache_write_5m,
            "ephemeral_1h_input_tokens": usage.cache_write_1h,
        },
        "output_tokens": usage.output,
        "service_tier": "standard",
    }


def _blocks(say: Say, chosen: Chosen) -> Iterator[dict[str, Any]]:
    if say.thinking:
        yield {"type": "thinking", "thinking": say.thinking}
    if say.text:
        yield {"type": "text", "text": say.text}
    yield from say.blocks
    for call, raw in zip(say.calls, chosen.call_ids, strict=True):
        yield {"type": "tool_use", "id": call_id(raw), "name": call.name, "input": call.input}


def _block(index: int, block: dict[str, Any]) -> Iterator[str]:
    match block["type"]:
        case "thinking":
            empty = {"type": "thinking", "thinking": "", "signature": ""}
            yield _event("content_block_start", index=index, content_block=empty)
            for part in _parts(block["thinking"]):
                yield _delta(index, "thinking_delta", thinking=part)
            yield _delta(index, "signature_delta", signature="c2NyaXB0ZWQtc2lnbmF0dXJl")
        case "text":
            yield _event("content_block_start", index=index, content_block={"type": "text", "text": ""})
            for part in _parts(block["text"]):
                yield _delta(index, "text_delta", text=part)
        case "tool_use" | "server_tool_use":
            yield _event("content_block_start", index=index, content_block=block | {"input": {}})
            for part in _parts(json.dumps(block["input"])):
                yield _delta(index, "input_json_delta", partial_json=part)
        case _:
            yield _event("content_block_start", index=index, content_block=block)
    yield _event("content_block_stop", index=index)


def _parts(text: str, size: int = 40) -> Iterator[str]:
    for at in range(0, len(text), size):
        yield text[at : at + size]


def _delta(index: int, kind: str, **fields: str) -> str:
    return _event("content_block_delta", index=index, delta={"type": kind, **fields})


def _event(kind: str, **fields: Any) -> str:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n"


def _said(messages: list[dict[str, Any]]) -> str:
    return "\n".join(text for m in messages for text in _texts(m.get("content")))


def _texts(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    for block in content if isinstance(content, list) else ():
        if block.get("type") == "text" and _is_said(block["text"]):
            yield block["text"]
        elif block.get("type") == "tool_result":
            yield from _texts(block.get("content"))


def _is_said(text: str) -> bool:
    """News of a helper in the background comes wrapped as a reminder."""
    return not text.startswith("<system-reminder>") or "<task-notification>" in text


def _results(messages: list[dict[str, Any]]) -> Iterator[str]:
    for message in messages:
        content = message.get("content")
        for block in content if isinstance(content, list) else ():
            if block.get("type") == "tool_result":
                yield str(block.get("tool_use_id", "")).removeprefix("toolu_01")


def _session(body: dict[str, Any]) -> str:
    found = _SESSION.search(str((body.get("metadata") or {}).get("user_id", "")))
    return found.group(1) if found else ""

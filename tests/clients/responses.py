"""The OpenAI Responses dialect as the scripted model speaks it to Codex: read a request, write a stream of events."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from tests.clients.script import Asked, Chosen, Cut, Lane, Refuse, Say, Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


# A mark of the request by which a thread is summarised (seen: 0.169).
COMPACTION = "CONTEXT CHECKPOINT COMPACTION"


def read(headers: Mapping[str, str], body: dict[str, Any], spawned: Callable[[str], bool]) -> Asked:
    """What the request asks. Threads name themselves; early versions have one id for everything."""
    items = [i for i in body.get("input", []) if isinstance(i, dict)]
    said = [
        i for i in items if i.get("type") in ("message", "agent_message") and i.get("role") != "developer"
    ]
    cut = max((i for i, item in enumerate(items) if _is_ours(item)), default=-1)
    newest = items[cut + 1 :]
    thread = headers.get("thread-id") or headers.get("session_id") or headers.get("session-id", "")
    opening = _said([i for i in said if not _is_context(i)][:1])
    parent = headers.get("x-codex-parent-thread-id", "")
    sub = bool(headers.get("x-openai-subagent", "").startswith("collab")) or spawned(opening)
    latest = _said(newest)
    lane: Lane = "sub" if sub else "main"
    if COMPACTION in latest:
        lane = "side"
    return Asked(
        lane=lane,
        model=str(body.get("model", "")),
        session=headers.get("session-id") or thread,
        agent=thread,
        parent=parent,
        opening=opening,
        latest=latest,
        results=frozenset(
            str(i["call_id"]).removeprefix("call_")
            for i in newest
            if str(i.get("type", "")).endswith("_output") and "call_id" in i
        ),
        has_tools=bool(body.get("tools")),
        prompt_chars=len(json.dumps(body)),
        tells_cache_writes=_tells_cache_writes(headers.get("user-agent", "")),
    )


def error(refuse: Refuse) -> dict[str, Any]:
    """The body of a refusal."""
    return {"error": {"type": refuse.kind, "message": refuse.message, "code": refuse.kind}}


def stream(asked: Asked, chosen: Chosen) -> Iterator[str]:
    """The events of an answer as server-sent events, cut off where the script says so."""
    answer = chosen.answer
    assert not isinstance(answer, Refuse)
    say, cut = (answer.say, answer) if isinstance(answer, Cut) else (answer, None)
    done: list[dict[str, Any]] = []
    yield _event("response.created", response=_response(asked, chosen, "in_progress", [], None))
    for index, item in enumerate(_items(say, chosen)):
        yield _event("response.output_item.added", output_index=index, item=_opened(item))
        if cut is not None and item["type"] == "message":
            yield _text(index, item["id"], say.text[: cut.keep])
            if cut.how == "error":
                failed = _response(asked, chosen, "failed", [], None)
                failed["error"] = {"code": "server_error", "message": "The model stopped."}
                yield _event("response.failed", response=failed)
            return
        if item["type"] == "message":
            for at in range(0, len(say.text), 40):
                yield _text(index, item["id"], say.text[at : at + 40])
        yield _event("response.output_item.done", output_index=index, item=item)
        done.append(item)
    final = _response(asked, chosen, "completed", done, _usage(chosen.usage))
    yield _event("response.completed", response=final)


def message_id(chosen: Chosen) -> str:
    """The id the client sees for an answer."""
    return f"resp_{chosen.response}"


def call_id(raw: str) -> str:
    """The id the client sees for a tool call."""
    return f"call_{raw}"


def start_output(usage: Usage) -> int:
    """What a stream states about output before its end: nothing."""
    return 0 * usage.output


def _response(
    asked: Asked, chosen: Chosen, status: str, output: list[dict[str, Any]], usage: dict[str, Any] | None
) -> dict[str, Any]:
    return {
        "id": message_id(chosen),
        "object": "response",
        "status": status,
        "error": None,
        "incomplete_details": None,
        "model": asked.model,
        "output": output,
        "usage": usage,
    }


def _usage(usage: Usage) -> dict[str, Any]:
    written = usage.cache_write_5m + usage.cache_write_1h
    return {
        "input_tokens": usage.prompt,
        "input_tokens_details": {
            "cached_tokens": usage.cache_read,
            **({"cache_write_tokens": written} if written else {}),
        },
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.prompt + usage.output,
    }


def _items(say: Say, chosen: Chosen) -> Iterator[dict[str, Any]]:
    if say.thinking:
        summary = [{"type": "summary_text", "text": say.thinking}]
        rid = f"rs_{chosen.response}"
        yield {"type": "reasoning", "id": rid, "summary": summary, "encrypted_content": "c2NyaXB0ZWQ="}
    if say.text:
        content = [{"type": "output_text", "text": say.text, "annotations": []}]
        mid = f"msg_{chosen.response}"
        yield {"type": "message", "id": mid, "role": "assistant", "status": "completed", "content": content}
    for call, raw in zip(say.calls, chosen.call_ids, strict=True):
        base: dict[str, Any] = {"status": "completed", "call_id": call_id(raw), "name": call.name}
        if isinstance(call.input, str):
            yield {"type": "custom_tool_call", "id": f"ctc_{raw}", **base, "input": call.input}
            continue
        if call.namespace:
            base["namespace"] = call.namespace
        yield {"type": "function_call", "id": f"fc_{raw}", **base, "arguments": json.dumps(call.input)}


def _opened(item: dict[str, Any]) -> dict[str, Any]:
    empty: dict[str, Any] = {"content": [], "arguments": "", "input": "", "summary": []}
    opened = {key: empty.get(key, value) for key, value in item.items() if key != "encrypted_content"}
    return opened | ({"status": "in_progress"} if "status" in item else {})


def _text(index: int, item: str, text: str) -> str:
    return _event("response.output_text.delta", item_id=item, output_index=index, content_index=0, delta=text)


def _event(kind: str, **fields: Any) -> str:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n"


def _tells_cache_writes(user_agent: str) -> bool:
    """Early versions (seen: 0.42, 0.121) know no number for cache writes and count them as plain input."""
    found = re.search(r"/0\.(\d+)\.", user_agent)
    return found is None or int(found.group(1)) > 150


def _is_ours(item: dict[str, Any]) -> bool:
    if item.get("type") == "message":
        return item.get("role") == "assistant"
    return item.get("type") in ("reasoning", "function_call", "custom_tool_call", "local_shell_call")


def _is_context(item: dict[str, Any]) -> bool:
    return _said([item]).lstrip().startswith(("<", "# AGENTS.md"))


def _said(items: list[dict[str, Any]]) -> str:
    return "\n".join(text for item in items for text in _texts(item))


def _texts(item: dict[str, Any]) -> Iterator[str]:
    output = item.get("output")
    if isinstance(output, str):
        yield output
    for part in item.get("content") or []:
        if isinstance(part, dict):
            text = part.get("text") or part.get("encrypted_content")
            if isinstance(text, str):
                yield text

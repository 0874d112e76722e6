"""A make-believe provider that speaks OpenAI's and Google's dialects, written by hand from their references.

It does not use our renderers: what it sends is what official clients read. Every answer depends on
what was asked, so that a wrong one shows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from tests.gateway.providers import Asked, Reply

PIECE = 7


def speak(asked: Asked) -> Reply:
    """Answers a request of any of these dialects."""
    path = asked.path.partition("?")[0]
    body = json.loads(asked.body or b"{}")
    name = hashlib.sha256(asked.body).hexdigest()[:24]
    if path.endswith("/chat/completions"):
        return _chat(body, name)
    if path.endswith("/responses"):
        return _responses(body, name)
    if path.endswith("/embeddings"):
        return _embeddings(body)
    if ":" in path.rpartition("/")[2]:
        return _gemini(asked.path, body, name)
    return _json({"error": {"message": f"no route {path}", "type": "not_found_error"}}, status=404)


def _json(value: Any, status: int = 200) -> Reply:
    return Reply(json.dumps(value).encode(), status=status, kind="application/json")


def _cut(text: str) -> list[str]:
    return [text[start : start + PIECE] for start in range(0, len(text), PIECE)]


def _wants_tool(body: dict[str, Any], said: str) -> bool:
    return bool(body.get("tools")) and "tool said" not in said


# -- chat completions ---------------------------------------------------------------------------


def _chat(body: dict[str, Any], name: str) -> Reply:
    said = json.dumps(body["messages"])
    usage = {
        "prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120,
        "prompt_tokens_details": {"cached_tokens": 30}, "completion_tokens_details": {"reasoning_tokens": 5},
    }  # fmt: skip
    head = {
        "id": f"chatcmpl-{name}",
        "created": 1_795_000_000,
        "model": body["model"],
        "x_unknown": {"k": [1]},
    }
    call = None
    text: str | None = f"heard {len(body['messages'])} messages: {name}"
    if _wants_tool(body, said):
        call = {"id": f"call_{name}", "function": {"name": "look", "arguments": '{"path": "/tmp/a b"}'}}
        text = None
    reason = "tool_calls" if call else "stop"
    if not body.get("stream"):
        message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": None}
        if call:
            message["tool_calls"] = [{**call, "type": "function"}]
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reason}
        return _json({**head, "object": "chat.completion", "choices": [choice], "usage": usage})
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": "" if text else None, "refusal": None}]
    deltas += [{"content": piece} for piece in _cut(text or "")]
    if call:
        function: Any = call["function"]
        opened = {"index": 0, "id": call["id"], "type": "function", "function": {**function, "arguments": ""}}
        deltas.append({"tool_calls": [opened]})
        for piece in _cut(function["arguments"]):
            deltas.append({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
    head["object"] = "chat.completion.chunk"
    chunks = [{**head, "choices": [{"index": 0, "delta": one, "finish_reason": None}]} for one in deltas]
    chunks.append({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
    if (body.get("stream_options") or {}).get("include_usage"):
        chunks.append({**head, "choices": [], "usage": usage})
    return Reply(*(_data(chunk) for chunk in chunks), b"data: [DONE]\n\n")


def _data(value: Any) -> bytes:
    return b"data: %b\n\n" % json.dumps(value).encode()


# -- responses ----------------------------------------------------------------------------------


def _responses(body: dict[str, Any], name: str) -> Reply:
    said = json.dumps(body["input"])
    if _wants_tool(body, said):
        item: dict[str, Any] = {
            "type": "function_call", "id": f"fc_{name}", "call_id": f"call_{name}", "name": "look",
            "arguments": '{"path": "/tmp/a b"}', "status": "completed",
        }  # fmt: skip
    else:
        part = {"type": "output_text", "text": f"heard {len(said)} letters: {name}", "annotations": []}
        item = {
            "type": "message", "id": f"msg_{name}", "role": "assistant", "status": "completed",
            "content": [part],
        }  # fmt: skip
    thought = {"type": "reasoning", "id": f"rs_{name}", "summary": [{"type": "summary_text", "text": "Hm."}]}
    thought["encrypted_content"] = f"sealed/{name}"
    response = {
        "id": f"resp_{name}", "object": "response", "created_at": 1_795_000_000, "status": "completed",
        "model": body["model"], "output": [thought, item], "parallel_tool_calls": True, "tools": [],
        "tool_choice": "auto", "error": None, "incomplete_details": None, "instructions": None,
        "previous_response_id": body.get("previous_response_id"), "x_unknown": True,
        "usage": {
            "input_tokens": 100, "input_tokens_details": {"cached_tokens": 30, "cache_write_tokens": 10},
            "output_tokens": 20, "output_tokens_details": {"reasoning_tokens": 5}, "total_tokens": 120,
        },
    }  # fmt: skip
    if not body.get("stream"):
        return _json(response)
    return Reply(*_events(response, [thought, item]))


def _events(response: dict[str, Any], items: list[dict[str, Any]]) -> Iterator[bytes]:
    begun = {**response, "status": "in_progress", "output": [], "usage": None}
    events: list[dict[str, Any]] = [{"type": "response.created", "response": begun}]
    for place, item in enumerate(items):
        at = {"output_index": place, "item_id": item["id"]}
        opened = {**item, "status": "in_progress"}
        opened |= {key: empty for key, empty in (("content", []), ("arguments", "")) if key in item}
        events.append({"type": "response.output_item.added", "output_index": place, "item": opened})
        if item["type"] == "message":
            events += list(_text(at, item["content"][0]))
        if item["type"] == "function_call":
            kind = "response.function_call_arguments"
            events += [{"type": f"{kind}.delta", **at, "delta": one} for one in _cut(item["arguments"])]
            events.append({"type": f"{kind}.done", **at, "name": "look", "arguments": item["arguments"]})
        events.append({"type": "response.output_item.done", "output_index": place, "item": item})
    events.append({"type": "response.completed", "response": response})
    for number, event in enumerate(events):
        data = json.dumps({**event, "sequence_number": number}).encode()
        yield b"event: %b\ndata: %b\n\n" % (event["type"].encode(), data)


def _text(at: dict[str, Any], part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    at = {**at, "content_index": 0}
    yield {"type": "response.content_part.added", **at, "part": {**part, "text": ""}}
    for piece in _cut(part["text"]):
        yield {"type": "response.output_text.delta", **at, "delta": piece, "logprobs": []}
    yield {"type": "response.output_text.done", **at, "text": part["text"], "logprobs": []}
    yield {"type": "response.content_part.done", **at, "part": part}


# -- embeddings ---------------------------------------------------------------------------------


def _embeddings(body: dict[str, Any]) -> Reply:
    texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
    data = [{"object": "embedding", "index": at, "embedding": _vector(one)} for at, one in enumerate(texts)]
    usage = {"prompt_tokens": 3, "total_tokens": 3}
    return _json({"object": "list", "data": data, "model": body["model"], "usage": usage})


def _vector(text: str) -> list[float]:
    return [byte / 256 for byte in hashlib.sha256(text.encode()).digest()[:4]]


# -- gemini -------------------------------------------------------------------------------------


def _gemini(path: str, body: dict[str, Any], name: str) -> Reply:
    base, _, query = path.partition("?")
    verb = base.rpartition(":")[2]
    if verb == "countTokens":
        return _json({"totalTokens": len(json.dumps(body))})
    if verb == "embedContent":
        return _json({"embedding": {"values": _vector(json.dumps(body["content"]))}})
    if verb == "batchEmbedContents":
        found = [{"values": _vector(json.dumps(one["content"]))} for one in body["requests"]]
        return _json({"embeddings": found})
    said = json.dumps(body["contents"])
    thought: dict[str, Any] = {"text": "Let me see.", "thought": True}
    if _wants_tool(body, said):
        call = {"functionCall": {"name": "look", "args": {"path": "/tmp/a b"}}, "thoughtSignature": "c2ln"}
        groups = [[thought], [call]]
    else:
        text = f"heard {len(body['contents'])} contents: {name}"
        groups = [[thought], *([{"text": piece}] for piece in _cut(text))]
    usage = {
        "promptTokenCount": 100, "candidatesTokenCount": 15, "thoughtsTokenCount": 5,
        "cachedContentTokenCount": 30, "totalTokenCount": 120,
    }  # fmt: skip
    rest = {"modelVersion": "gemini-test", "responseId": name, "usageMetadata": usage}
    if verb == "generateContent":
        texts = "".join(part.get("text", "") for group in groups[1:] for part in group)
        parts = [thought, groups[-1][0] if "functionCall" in groups[-1][0] else {"text": texts}]
        content = {"role": "model", "parts": parts}
        return _json({"candidates": [{"content": content, "finishReason": "STOP", "index": 0}], **rest})
    pieces = [
        {"candidates": [{"content": {"role": "model", "parts": group}, "index": 0}], **rest}
        for group in groups
    ]
    pieces[-1]["candidates"][0]["finishReason"] = "STOP"  # type: ignore[index]  # as built above
    if "alt=sse" in query:
        return Reply(*map(_data, pieces))
    encoded = [json.dumps(piece, indent=1).encode() for piece in pieces]
    return Reply(b"[" + encoded[0], *(b",\r\n" + one for one in encoded[1:]), b"]", kind="application/json")

"""A small model endpoint on loopback for clients that speak Gemini or OpenAI Chat, from rules, with books.

Each rule is tried in order against a request's last words; the first that fits and is not used up
answers. What the books hold is the independent witness that imported numbers are compared with.
"""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import msgspec
from tests.clients.serving import Handler, Served

if TYPE_CHECKING:
    from collections.abc import Sequence


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens as the wire states them; `prompt` includes `cached`, `output` includes `thoughts`."""

    prompt: int
    output: int
    cached: int = 0
    thoughts: int = 0


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """What is answered to a request whose last words hold `when`; `lane` is the books' word for it."""

    when: str
    text: str = ""
    thought: str = ""
    calls: tuple[tuple[str, dict[str, Any]], ...] = ()
    spent: Spent
    lane: str = "main"
    status: int = 200
    times: int = 1


class Booked(msgspec.Struct, frozen=True, kw_only=True):
    """One answered request."""

    lane: str
    path: str
    spent: Spent | None
    rule: Rule | None
    body: dict[str, Any]
    """The request."""


class RulesEndpoint(Served):
    """The server; a context manager."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        super().__init__(_Handler)
        self._rules = list(rules)
        self._used = [0] * len(rules)
        self._lock = threading.Lock()
        self.books: list[Booked] = []
        self.strays: list[str] = []

    def choose(self, words: str) -> Rule | None:
        with self._lock:
            for number, rule in enumerate(self._rules):
                if rule.when in words and self._used[number] < rule.times:
                    self._used[number] += 1
                    return rule
        return None

    def lane(self, name: str) -> list[Spent]:
        """Gives what a lane's completed answers cost."""
        return [booked.spent for booked in self.books if booked.lane == name and booked.spent is not None]


class _Handler(Handler):
    door: RulesEndpoint

    def answer(self) -> None:
        body = json.loads(self.asked() or b"{}")
        path = self.path.partition("?")[0]
        is_gemini = "generateContent" in path or "GenerateContent" in path
        words = _last_gemini(body) if is_gemini else _last_chat(body)
        rule = self.door.choose(words)
        is_good = rule is not None and rule.status == 200
        self.door.books.append(
            Booked(
                lane=rule.lane if rule else "stray",
                path=path,
                spent=rule.spent if rule is not None and is_good else None,
                rule=rule,
                body=body,
            )
        )
        if rule is None:
            self.door.strays.append(words[-2000:])
            self.send(400, b'{"error":{"code":400,"message":"not scripted","status":"INVALID_ARGUMENT"}}')
        elif not is_good:
            self.send(rule.status, _error(rule.status))
        elif is_gemini:
            value = _gemini(rule)
            if "stream" in path:
                self.send(200, b"data: " + json.dumps(value).encode() + b"\r\n\r\n", kind="text/event-stream")
            else:
                self.send(200, json.dumps(value).encode())
        elif body.get("stream"):
            chunks = [b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in _chat_chunks(rule, body)]
            self.send(200, b"".join((*chunks, b"data: [DONE]\n\n")), kind="text/event-stream")
        else:
            self.send(200, json.dumps(_chat_whole(rule, body)).encode())


def _last_gemini(body: dict[str, Any]) -> str:
    contents = body.get("contents") or [{}]
    return json.dumps(contents[-1].get("parts"))


def _last_chat(body: dict[str, Any]) -> str:
    messages = body.get("messages") or [{}]
    return json.dumps(messages[-1].get("content"))


def _error(status: int) -> bytes:
    word = "RESOURCE_EXHAUSTED" if status == 429 else "INTERNAL"
    message = "Quota exceeded for requests. Please retry in 0.1s." if status == 429 else "broken"
    return json.dumps({"error": {"code": status, "message": message, "status": word}}).encode()


def _gemini(rule: Rule) -> dict[str, Any]:
    parts: list[dict[str, Any]] = []
    if rule.thought:
        parts.append({"text": rule.thought, "thought": True})
    if rule.text:
        parts.append({"text": rule.text})
    parts.extend({"functionCall": {"name": name, "args": args}} for name, args in rule.calls)
    spent = rule.spent
    return {
        "candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}],
        "usageMetadata": {
            "promptTokenCount": spent.prompt,
            "candidatesTokenCount": spent.output - spent.thoughts,
            "cachedContentTokenCount": spent.cached,
            "thoughtsTokenCount": spent.thoughts,
            "totalTokenCount": spent.prompt + spent.output,
        },
        "modelVersion": "gemini-2.5-pro",
        "responseId": "r1",
    }


def _usage(spent: Spent) -> dict[str, Any]:
    return {
        "prompt_tokens": spent.prompt,
        "completion_tokens": spent.output,
        "total_tokens": spent.prompt + spent.output,
        "prompt_tokens_details": {"cached_tokens": spent.cached},
        "completion_tokens_details": {"reasoning_tokens": spent.thoughts},
    }


def _chat_chunks(rule: Rule, body: dict[str, Any]) -> list[dict[str, Any]]:
    head = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": body.get("model")}
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    if rule.thought:
        deltas.append({"reasoning_content": rule.thought})
    if rule.text:
        deltas.append({"content": rule.text})
    for number, (name, args) in enumerate(rule.calls):
        call = {"name": name, "arguments": json.dumps(args)}
        deltas.append(
            {
                "tool_calls": [
                    {"index": number, "id": _call(rule, number), "type": "function", "function": call}
                ]
            }
        )
    reason = "tool_calls" if rule.calls else "stop"
    chunks = [{**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    chunks.append({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
    chunks.append({**head, "choices": [], "usage": _usage(rule.spent)})
    return chunks


def _call(rule: Rule, number: int) -> str:
    return f"call_{rule.spent.prompt}_{number}"


def _chat_whole(rule: Rule, body: dict[str, Any]) -> dict[str, Any]:
    calls = [
        {"id": _call(rule, n), "type": "function", "function": {"name": name, "arguments": json.dumps(args)}}
        for n, (name, args) in enumerate(rule.calls)
    ]
    message: dict[str, Any] = {"role": "assistant", "content": rule.text or None}
    if calls:
        message["tool_calls"] = calls
    reason = "tool_calls" if calls else "stop"
    return {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": body.get("model"),
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        "usage": _usage(rule.spent),
    }

"""Scripts that somebody writes by hand: what a model is to answer, turn by turn, and where it fails.

Nothing tells what will be asked, so the calls are played in their order, and a request more than
there are answers is refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from reenact.errors import UsageError
from reenact.events import blocks
from reenact.events.blocks import AnyBlock, Tokens
from reenact.replay.model import Exchange, Taped, Told, Value
from reenact.wire.canonical import Json, Object
from reenact.wire.dialect import Dialect
from reenact.wire.dialects import dialect_named
from reenact.wire.reply import STREAM_HEADERS

PATHS = {
    "anthropic": "/v1/messages",
    "openai-chat": "/v1/chat/completions",
    "openai-responses": "/v1/responses",
    "gemini": "/v1beta/models/{model}:generateContent",
}
_KINDS = {400: "invalid_request_error", 401: "authentication_error", 403: "permission_error",
          404: "not_found_error", 429: "rate_limit_error", 529: "overloaded_error"}  # fmt: skip


class Said(Value, frozen=True, kw_only=True):
    """An answer: what it says, and what it costs."""

    blocks: tuple[AnyBlock, ...]
    usage: Tokens = Tokens()
    stop_reason: str | None = None


class Failed(Value, frozen=True, kw_only=True):
    """An error in place of an answer; where an answer follows, that is what asking again gives."""

    status: int = 500
    message: str = "the model failed"
    retry_after: float | None = None


class Dropped(Value, frozen=True, kw_only=True):
    """An answer whose stream breaks off halfway; what asking again gives follows."""

    text: str = "this answer breaks off before its end"


Line: TypeAlias = str | AnyBlock | Sequence[AnyBlock] | Mapping[str, Any] | Said | Failed | Dropped
"""A text; blocks; an assistant's message as chat completions have it; or one of the values here."""


def exchanges(lines: Iterable[Line], *, dialect: str, model: str) -> list[Exchange]:
    """Gives the calls of a hand-written script.

    Raises:
        UsageError: a line is nothing that a model says, or the dialect is not known.
    """
    path = PATHS.get(dialect)
    if path is None:
        raise UsageError(f"no script is written in {dialect!r}", hint=f"one of {', '.join(PATHS)}")
    spoken, compose = dialect_named(dialect), _COMPOSERS[dialect]
    made: list[Exchange] = []
    failures: list[Taped] = []
    for number, line in enumerate(lines, start=1):
        if isinstance(line, (Failed, Dropped)):
            failures.append(_failure(line, spoken, compose, model))
            continue
        message = compose(spoken.stub(model, ""), _said(line, number), number)
        made.append(_exchange(len(made), path.format(model=model), Told(message=message), failures))
        failures = []
    if failures:
        made.append(_exchange(len(made), path.format(model=model), failures[-1], failures[:-1]))
    return made


def _exchange(number: int, path: str, response: Taped | Told, failures: Sequence[Taped]) -> Exchange:
    return Exchange(
        id=f"line-{number + 1}",
        arrival=number,
        path=path,
        response=response,
        failures=tuple(failures),
        fidelity="synthesised",
    )


def _failure(line: Failed | Dropped, dialect: Dialect, compose: _Compose, model: str) -> Taped:
    if isinstance(line, Dropped):
        message = compose(dialect.stub(model, ""), Said(blocks=(blocks.Text(text=line.text),)), 0)
        pieces = dialect.render(message, "sse")
        body = b"".join(pieces[: max(len(pieces) // 2, 1)])
        return Taped(status=200, headers=dict(STREAM_HEADERS), body=body, end="upstream_error")
    kind = _KINDS.get(line.status, "api_error")
    reply = dialect.error(line.status, kind=kind, message=line.message, may_retry=True)
    again = {} if line.retry_after is None else {"retry-after": f"{line.retry_after:g}"}
    return Taped(status=reply.status, headers={**reply.headers, **again}, body=reply.body)


def _said(line: Any, number: int) -> Said:
    match line:
        case Said():
            return line
        case str():
            return Said(blocks=(blocks.Text(text=line),))
        case blocks.Block():
            return Said(blocks=(line,))  # type: ignore[arg-type]  # all blocks are AnyBlock
        case Mapping():
            return _of_message(line, number)
        case Sequence() if all(isinstance(one, blocks.Block) for one in line):
            return Said(blocks=tuple(line))
    raise UsageError(f"line {number} of the script is no answer of a model: {line!r}")


def _of_message(line: Mapping[str, Any], number: int) -> Said:
    """Reads an assistant's message as chat completions have it."""
    if line.get("role", "assistant") != "assistant":
        raise UsageError(
            f"line {number} of the script is a message of role {line['role']!r}",
            hint="a script holds what the model answers; what it is asked comes from the agent",
        )
    made: list[AnyBlock] = []
    if reasoning := line.get("reasoning") or line.get("reasoning_content"):
        made.append(blocks.Reasoning(text=reasoning))
    if content := line.get("content"):
        made.append(blocks.Text(text=content))
    for place, call in enumerate(line.get("tool_calls") or ()):
        function = call.get("function", call)
        given = function.get("arguments", function.get("input", {}))
        made.append(
            blocks.ToolCall(
                call=call.get("id") or f"call_{number}_{place + 1}",
                name=function["name"],
                input=json.loads(given) if isinstance(given, str) else given,
            )
        )
    usage = line.get("usage")
    return Said(blocks=tuple(made), usage=msgspec.convert(usage, Tokens) if usage else Tokens())


# -- each dialect's words -----------------------------------------------------------------------

_Compose = Callable[[Object, Said, int], Object]


def _calls(said: Said) -> bool:
    return any(isinstance(block, blocks.ToolCall) for block in said.blocks)


def _anthropic(base: Object, said: Said, number: int) -> Object:
    content: list[Json] = []
    for block in said.blocks:
        match block:
            case blocks.Text(text=text):
                content.append({"type": "text", "text": text})
            case blocks.Reasoning(text=text, signature=signature):
                content.append({"type": "thinking", "thinking": text, "signature": signature or ""})
            case blocks.ToolCall(call=call, name=name, input=given):
                content.append({"type": "tool_use", "id": call, "name": name, "input": given or {}})
            case _:
                raise _unspoken(block, "anthropic")
    spent = said.usage
    usage: Object = {
        "input_tokens": spent.input,
        "cache_read_input_tokens": spent.cache_read,
        "cache_creation_input_tokens": spent.cache_write,
        "output_tokens": spent.output,
    }
    reason = said.stop_reason or ("tool_use" if _calls(said) else "end_turn")
    return {**base, "id": f"msg_{number}", "content": content, "usage": usage, "stop_reason": reason}


def _chat(base: Object, said: Said, number: int) -> Object:
    text: list[str] = []
    calls: list[Json] = []
    message: Object = {"role": "assistant", "content": None, "refusal": None}
    for block in said.blocks:
        match block:
            case blocks.Text(text=one):
                text.append(one)
            case blocks.Reasoning(text=one):
                message["reasoning_content"] = one
            case blocks.ToolCall(call=call, name=name, input=given):
                function: Object = {"name": name, "arguments": json.dumps(given or {})}
                calls.append({"id": call, "type": "function", "function": function})
            case _:
                raise _unspoken(block, "openai-chat")
    message["content"] = "".join(text) if text or not calls else None
    if calls:
        message["tool_calls"] = calls
    reason = said.stop_reason or ("tool_calls" if calls else "stop")
    choice: Object = {"index": 0, "message": message, "logprobs": None, "finish_reason": reason}
    spent = said.usage
    prompt = spent.input + spent.cache_read + spent.cache_write
    usage: Object = {
        "prompt_tokens": prompt,
        "completion_tokens": spent.output,
        "total_tokens": prompt + spent.output,
        "prompt_tokens_details": {"cached_tokens": spent.cache_read},
        "completion_tokens_details": {"reasoning_tokens": spent.reasoning or 0},
    }
    return {**base, "id": f"chatcmpl-{number}", "choices": [choice], "usage": usage}


def _responses(base: Object, said: Said, number: int) -> Object:
    output: list[Json] = [_item(block, f"{number}_{place}") for place, block in enumerate(said.blocks)]
    spent = said.usage
    prompt = spent.input + spent.cache_read + spent.cache_write
    usage: Object = {
        "input_tokens": prompt,
        "input_tokens_details": {"cached_tokens": spent.cache_read, "cache_write_tokens": spent.cache_write},
        "output_tokens": spent.output,
        "output_tokens_details": {"reasoning_tokens": spent.reasoning or 0},
        "total_tokens": prompt + spent.output,
    }
    return {**base, "id": f"resp_{number}", "output": output, "usage": usage}


def _item(block: AnyBlock, name: str) -> Object:
    match block:
        case blocks.Text(text=text):
            part: Object = {"type": "output_text", "text": text, "annotations": []}
            return {"id": f"msg_{name}", "type": "message", "status": "completed", "role": "assistant",
                    "content": [part]}  # fmt: skip
        case blocks.Reasoning(text=text):
            summary: list[Json] = [{"type": "summary_text", "text": block.summary or text}]
            return {"id": block.id or f"rs_{name}", "type": "reasoning", "summary": summary}
        case blocks.ToolCall(call=call, name=tool, input=given):
            return {"id": f"fc_{name}", "type": "function_call", "status": "completed", "call_id": call,
                    "name": tool, "arguments": json.dumps(given or {})}  # fmt: skip
        case blocks.Image(data=str(data)):
            return {"id": f"ig_{name}", "type": "image_generation_call", "status": "completed",
                    "result": data}  # fmt: skip
    raise _unspoken(block, "openai-responses")


def _gemini(base: Object, said: Said, number: int) -> Object:
    parts: list[Json] = []
    for block in said.blocks:
        match block:
            case blocks.Text(text=text):
                parts.append({"text": text})
            case blocks.Reasoning(text=text):
                parts.append({"text": text, "thought": True})
            case blocks.ToolCall(call=call, name=name, input=given):
                parts.append({"functionCall": {"id": call, "name": name, "args": given or {}}})
            case blocks.Image(media_type=kind, data=str(data)):
                parts.append({"inlineData": {"mimeType": kind or "image/png", "data": data}})
            case _:
                raise _unspoken(block, "gemini")
    content: Object = {"role": "model", "parts": parts}
    candidate: Object = {"content": content, "finishReason": said.stop_reason or "STOP", "index": 0}
    spent = said.usage
    prompt, thoughts = spent.input + spent.cache_read, spent.reasoning or 0
    usage: Object = {
        "promptTokenCount": prompt,
        "cachedContentTokenCount": spent.cache_read,
        "candidatesTokenCount": spent.output - thoughts,
        "thoughtsTokenCount": thoughts,
        "totalTokenCount": prompt + spent.output,
    }
    return {**base, "responseId": f"line-{number}", "candidates": [candidate], "usageMetadata": usage}


def _unspoken(block: AnyBlock, dialect: str) -> UsageError:
    return UsageError(f"{dialect} has no word for a {type(block).__name__} that a model says")


_COMPOSERS: dict[str, _Compose] = {
    "anthropic": _anthropic,
    "openai-chat": _chat,
    "openai-responses": _responses,
    "gemini": _gemini,
}

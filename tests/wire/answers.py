"""Answers of every dialect for hypothesis, with fields that nobody knows."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
WORD = st.text("abcdefghijklmnop", min_size=1, max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORD, inner, max_size=3),
    max_leaves=6,
)
SAID = st.one_of(TEXT, st.booleans(), st.integers(1, 9), st.dictionaries(WORD, st.integers(), min_size=1))
"""What an unknown field may say: not null, which in a stream says nothing."""
UNKNOWN = st.dictionaries(WORD.map(lambda name: f"x_{name}"), SAID, max_size=2)
ARGUMENTS = st.dictionaries(WORD, JSON, max_size=3).map(json.dumps)
COUNT = st.integers(0, 10_000)


@st.composite
def completions(draw: st.DrawFn) -> dict[str, Any]:
    """Chat completions as they come in one piece."""
    choices = []
    for index in range(draw(st.integers(1, 2))):
        said: dict[str, Any] = {"role": "assistant", "content": draw(st.none() | TEXT), "refusal": None}
        if draw(st.booleans()):
            said["reasoning_content"] = draw(TEXT)
        kinds = draw(st.lists(st.sampled_from(["function", "custom"]), max_size=3))
        if kinds:
            said["tool_calls"] = [_call(draw, kind, place) for place, kind in enumerate(kinds)]
        choices.append(
            {
                "index": index,
                "message": {**said, **draw(UNKNOWN)},
                "logprobs": None,
                "finish_reason": "tool_calls" if kinds else "stop",
                **draw(UNKNOWN),
            }
        )
    usage = {"prompt_tokens": draw(COUNT), "completion_tokens": draw(COUNT), "total_tokens": draw(COUNT)}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-test",
        "choices": choices,
        "usage": usage,
        **draw(UNKNOWN),
    }


def _call(draw: st.DrawFn, kind: str, place: int) -> dict[str, Any]:
    inner = {"name": draw(WORD), "arguments": draw(ARGUMENTS)}
    if kind == "custom":
        inner = {"name": draw(WORD), "input": draw(TEXT)}
    return {"id": f"call_{place}", "type": kind, kind: inner}


@st.composite
def responses(draw: st.DrawFn) -> dict[str, Any]:
    """Responses as they come in one piece."""
    output = [_item(draw, place) for place in range(draw(st.integers(0, 3)))]
    status = draw(st.sampled_from(["completed", "incomplete"]))
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "status": status,
        "model": "gpt-test",
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
        "output": output,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": draw(COUNT), "output_tokens": draw(COUNT), "total_tokens": draw(COUNT),
            "input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0},
        },
        **draw(UNKNOWN),
    }  # fmt: skip


def _item(draw: st.DrawFn, place: int) -> dict[str, Any]:
    kind = draw(st.sampled_from(["message", "reasoning", "function_call", "custom_tool_call", "x_new_thing"]))
    item: dict[str, Any] = {"id": f"item_{place}", "type": kind, "status": "completed", **draw(UNKNOWN)}
    match kind:
        case "message":
            texts = draw(st.lists(TEXT, max_size=2))
            parts: list[Any] = [{"type": "output_text", "text": text, "annotations": []} for text in texts]
            if draw(st.booleans()):
                parts.append({"type": "refusal", "refusal": draw(TEXT)})
            return {**item, "role": "assistant", "content": parts}
        case "reasoning":
            summary = [{"type": "summary_text", "text": text} for text in draw(st.lists(TEXT, max_size=2))]
            return {**item, "summary": summary, "encrypted_content": draw(WORD)}
        case "function_call":
            return {**item, "call_id": f"call_{place}", "name": draw(WORD), "arguments": draw(ARGUMENTS)}
        case "custom_tool_call":
            return {**item, "call_id": f"call_{place}", "name": draw(WORD), "input": draw(TEXT)}
    return item


@st.composite
def contents(draw: st.DrawFn) -> dict[str, Any]:
    """Gemini's answers as they come in one piece."""
    candidates = []
    for index in range(draw(st.integers(1, 2))):
        parts = draw(st.lists(_part(), max_size=5))
        candidates.append(
            {
                "content": {"role": "model", "parts": parts},
                "finishReason": "STOP",
                "index": index,
                **draw(UNKNOWN),
            }
        )
    usage = {"promptTokenCount": draw(COUNT), "candidatesTokenCount": draw(COUNT)}
    return {
        "candidates": candidates,
        "usageMetadata": usage,
        "modelVersion": "gemini-test",
        "responseId": "r1",
        **draw(UNKNOWN),
    }


def _part() -> st.SearchStrategy[dict[str, Any]]:
    call = st.fixed_dictionaries({"name": WORD, "args": st.dictionaries(WORD, JSON, max_size=2)})
    return st.one_of(
        TEXT.map(lambda text: {"text": text}),
        TEXT.map(lambda text: {"text": text, "thought": True}),
        TEXT.map(lambda text: {"text": text, "thoughtSignature": "c2ln"}),
        call.map(lambda made: {"functionCall": made, "thoughtSignature": "c2ln"}),
        st.fixed_dictionaries({"x_part": SAID}),
    )


MESSAGES = {"openai-chat": completions(), "openai-responses": responses(), "gemini": contents()}
EVERY = st.sampled_from(sorted(MESSAGES)).flatmap(lambda name: st.tuples(st.just(name), MESSAGES[name]))
"""The name of a dialect and a message of it."""

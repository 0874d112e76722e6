"""Spans as OTLP's JSON has them, read once into typed values.

Names are those of the GenAI semantic conventions since 1.37; earlier names of token counts are read, too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from reenact.events import Tokens, blocks
from reenact.events.blocks import AnyBlock

_MODELS = frozenset({"chat", "text_completion", "generate_content", "embeddings"})
_PLACING = ("gen_ai.conversation.id", "gen_ai.agent.name", "gen_ai.tool.call.id")
_DETAILS = "gen_ai.client.inference.operation.details"
_ERROR = 2


class GenAiSpan(msgspec.Struct, frozen=True, kw_only=True):
    """One span; `operation` is empty for those of something else, which only connect others."""

    trace: str
    id: str
    parent: str = ""
    name: str = ""
    begin: int = 0
    """Microseconds since 1970."""
    end: int = 0
    operation: str = ""
    attributes: dict[str, Any] = {}
    error: str | None = None

    def text(self, name: str) -> str | None:
        """Gives an attribute that is a text."""
        value = self.attributes.get(name)
        return value if isinstance(value, str) else None

    def count(self, name: str) -> int | None:
        """Gives an attribute that is a number."""
        value = self.attributes.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def value(self, name: str) -> Any:
        """Gives an attribute that is a value, or the JSON of one."""
        value = self.attributes.get(name)
        if isinstance(value, str):
            try:
                return json.loads(value)
            except ValueError:
                return value
        return value

    @property
    def is_model_call(self) -> bool:
        return self.operation in _MODELS

    @property
    def agent(self) -> str:
        """The agent's name."""
        return self.text("gen_ai.agent.name") or self.name.removeprefix("invoke_agent").strip() or "agent"

    @property
    def model(self) -> str | None:
        return self.text("gen_ai.response.model") or self.text("gen_ai.request.model")

    @property
    def tokens(self) -> Tokens | None:
        """What the call cost. The conventions' input includes what came from a cache or went into one."""
        given = self.count("gen_ai.usage.input_tokens") or self.count("gen_ai.usage.prompt_tokens")
        output = self.count("gen_ai.usage.output_tokens") or self.count("gen_ai.usage.completion_tokens")
        if given is None and output is None:
            return None
        read = self.count("gen_ai.usage.cache_read.input_tokens") or 0
        written = self.count("gen_ai.usage.cache_creation.input_tokens") or 0
        return Tokens(
            input=max((given or 0) - read - written, 0),
            cache_read=read,
            cache_write=written,
            output=output or 0,
            reasoning=self.count("gen_ai.usage.reasoning.output_tokens"),
        )

    @property
    def asked(self) -> list[Any]:
        """The messages that the model was given."""
        told = self.value("gen_ai.input.messages")
        return told if isinstance(told, list) else []

    @property
    def said(self) -> tuple[AnyBlock, ...]:
        """What the model answered."""
        told = self.value("gen_ai.output.messages")
        messages = told if isinstance(told, list) else []
        return tuple(block for message in messages for block in blocks_of(message))

    @property
    def stop_reason(self) -> str | None:
        told = self.value("gen_ai.response.finish_reasons")
        return str(told[0]) if isinstance(told, list) and told else None


def bare(span: GenAiSpan) -> GenAiSpan:
    """Gives a span with nothing but what others find their place by: agents, and what calls are named."""
    attributes = {name: span.attributes[name] for name in _PLACING if name in span.attributes}
    calls = [block.call for block in span.said if isinstance(block, blocks.ToolCall)]
    if calls:
        parts = [{"type": "tool_call", "id": call, "name": ""} for call in calls]
        attributes["gen_ai.output.messages"] = [{"parts": parts}]
    return msgspec.structs.replace(span, attributes=attributes)


def blocks_of(message: Any) -> Iterator[AnyBlock]:
    """Gives the parts of a message as our own blocks; what we do not know stays as it is."""
    parts = message.get("parts") if isinstance(message, dict) else None
    for part in parts if isinstance(parts, list) else ():
        match part:
            case {"type": "text", "content": str(text)}:
                yield blocks.Text(text=text)
            case {"type": "reasoning", "content": str(text)}:
                yield blocks.Reasoning(text=text)
            case {"type": "tool_call", "name": str(name)}:
                yield blocks.ToolCall(call=str(part.get("id") or ""), name=name, input=part.get("arguments"))
            case {"type": "tool_call_response"}:
                yield blocks.ToolResult(call=str(part.get("id") or ""), output=_response(part))
            case {"type": "blob", "modality": "image", "content": str(data)}:
                yield blocks.Image(media_type=part.get("mime_type"), data=data)
            case _:
                yield blocks.Other(raw=part)


def _response(part: Mapping[str, Any]) -> Any:
    return part.get("response", part.get("result"))


def spans_of(document: Any) -> Iterator[GenAiSpan]:
    """Yields the spans of an export request; what is no span is passed over."""
    for resource in _list(document, "resourceSpans"):
        for scope in _list(resource, "scopeSpans"):
            for span in _list(scope, "spans"):
                if isinstance(span, dict) and span.get("traceId") and span.get("spanId"):
                    yield _span(span)


def _span(span: Mapping[str, Any]) -> GenAiSpan:
    attributes = _attributes(span)
    for event in _list(span, "events"):
        if isinstance(event, dict) and event.get("name") == _DETAILS:
            attributes = {**_attributes(event), **attributes}
    status = span.get("status")
    error = None
    if isinstance(status, dict) and status.get("code") in (_ERROR, "STATUS_CODE_ERROR"):
        error = str(status.get("message") or attributes.get("error.type") or "error")
    return GenAiSpan(
        trace=str(span["traceId"]),
        id=str(span["spanId"]),
        parent=str(span.get("parentSpanId") or ""),
        name=str(span.get("name") or ""),
        begin=_time(span.get("startTimeUnixNano")),
        end=_time(span.get("endTimeUnixNano")),
        operation=str(attributes.get("gen_ai.operation.name") or ""),
        attributes=attributes,
        error=error,
    )


def _attributes(holder: Mapping[str, Any]) -> dict[str, Any]:
    return {
        str(one["key"]): _any(one.get("value"))
        for one in _list(holder, "attributes")
        if isinstance(one, dict) and "key" in one
    }


def _any(value: Any) -> Any:
    """Gives a value of OTLP's JSON as plain JSON."""
    match value:
        case {"stringValue": told} | {"boolValue": told} | {"doubleValue": told} | {"bytesValue": told}:
            return told
        case {"intValue": told}:
            return _integer(told)
        case {"arrayValue": listed}:
            return [_any(one) for one in _list(listed, "values")]
        case {"kvlistValue": listed}:
            return {
                str(one["key"]): _any(one.get("value"))
                for one in _list(listed, "values")
                if isinstance(one, dict) and "key" in one
            }
    return None


def _time(nanoseconds: Any) -> int:
    return (_integer(nanoseconds) or 0) // 1000


def _integer(told: Any) -> int | None:
    try:
        return int(told)  # 64-bit numbers are texts in OTLP's JSON
    except (TypeError, ValueError):
        return None


def _list(holder: Any, name: str) -> list[Any]:
    value = holder.get(name) if isinstance(holder, dict) else None
    return value if isinstance(value, list) else []

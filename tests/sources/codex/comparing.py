"""Items of two equal requests, without what differs between them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reenact.sources.codex import outputs

Item = dict[str, Any]
_RESULTS = frozenset({"function_call_output", "custom_tool_call_output", "tool_search_output"})
_VOLATILE = frozenset(
    {"id", "status", "annotations", "logprobs", "internal_chat_message_metadata_passthrough"}
)


def comparable(items: Iterable[Item]) -> list[Any]:
    """Gives items without what differs between two equal requests.

    That is ids, states, nulls and annotations; and the results of shell calls, which some versions
    log as JSON and send as text, are texts.
    """
    return [_stripped(_as_sent(item)) for item in items]


def _as_sent(item: Item) -> Item:
    output = item.get("output")
    if item.get("type") not in _RESULTS or not isinstance(output, str) or not output.startswith('{"output"'):
        return item
    told = outputs.shown(output)
    if told.exit_code is None or told.duration is None:
        return item
    head = f"Exit code: {told.exit_code}\nWall time: {told.duration / 1_000_000:g} seconds\nOutput:\n"
    return {**item, "output": head + str(told.output)}


def _stripped(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: _stripped(each)
            for name, each in value.items()
            if name not in _VOLATILE and each is not None
        }
    return [_stripped(each) for each in value] if isinstance(value, list) else value

"""A sample as lines of JSON: what it is, then its messages and events as they came, then how it ended.

What the log keeps apart is put back: texts in `attachments`, messages in a pool that events name by
their places. A message stands before the first model call that was given it.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any, BinaryIO

import msgspec

from reenact.sources.inspect_ai.discover import key_of
from reenact.sources.inspect_ai.log import BadLogError, opened
from reenact.sources.members import items, mapping, mappings, text

_ATTACHMENT = "attachment://"
_EVALUATION = (
    "eval_id", "run_id", "created", "task", "task_id", "model", "model_args", "config", "packages",
    "revision",
)  # fmt: skip
_SAMPLE = ("id", "epoch", "input", "target", "uuid", "metadata", "started_at", "sandbox")
_END = ("error", "limit", "scores", "completed_at", "total_time", "working_time", "model_usage")
_NOT_KEPT = frozenset({"input", "input_refs", "call", "sample", "state", "pending"})
"""Members of events that repeat what stands elsewhere."""
_DEEPEST = 50


def is_rows(path: str) -> bool:
    """Tells whether a path names a sample in a log."""
    return ".eval#" in path


def open_rows(path: str) -> BinaryIO:
    """Opens the lines of a sample.

    Raises:
        OSError: the log cannot be read, or holds no such sample.
    """
    file, _, key = path.rpartition("#")
    with opened(file) as log:
        head = log.head()
        evaluation = mapping(head, "eval")
        name = text(evaluation, "eval_id") or text(evaluation, "run_id") or ""
        for member in log.samples():
            if key_of(name, member.filename) == key:
                return BytesIO(b"".join(lines_of(head, log.read(member))))
    raise BadLogError(f"it holds no sample {key}")


def lines_of(head: dict[str, Any], sample: dict[str, Any]) -> Iterator[bytes]:
    """Yields the lines of one sample, each with its line end."""
    texts = mapping(sample, "attachments")
    evaluation = mapping(head, "eval")
    first = {
        "type": "sample",
        "eval": {
            name: evaluation[name] for name in _EVALUATION if evaluation.get(name) not in (None, {}, [])
        },
        "sample": {name: sample[name] for name in _SAMPLE if sample.get(name) not in (None, {}, [])},
    }
    yield _line(_filled(first, texts))
    pool = items(mapping(sample, "events_data"), "messages")
    seen: set[str] = set()
    for event in mappings(sample, "events"):
        if event.get("event") == "model":
            for message in _given(event, pool):
                name = text(message, "id") or msgspec.json.encode(message).decode()
                if name not in seen:
                    seen.add(name)
                    if message.get("role") in {"system", "user"}:
                        yield _line(_filled({"type": "message", "message": message}, texts))
            for choice in mappings(mapping(event, "output"), "choices")[:1]:
                seen.add(text(mapping(choice, "message"), "id") or "")
        told = {name: value for name, value in event.items() if name not in _NOT_KEPT}
        yield _line(_filled({"type": "event", "event": told}, texts))
    last = {name: sample[name] for name in _END if sample.get(name) not in (None, {}, [])}
    yield _line(_filled({"type": "end", "status": head.get("status"), "sample": last}, texts))


def _given(event: dict[str, Any], pool: list[Any]) -> Iterator[dict[str, Any]]:
    """Yields the messages that a model call was given."""
    yield from mappings(event, "input")
    for span in items(event, "input_refs"):
        match span:
            case [int(start), int(stop)] if 0 <= start <= stop:
                yield from (message for message in pool[start:stop] if isinstance(message, dict))


def _filled(value: Any, texts: dict[str, Any], depth: int = 0) -> Any:
    """Puts texts back where the log only names them."""
    if isinstance(value, str):
        return texts.get(value.removeprefix(_ATTACHMENT), value) if value.startswith(_ATTACHMENT) else value
    if depth > _DEEPEST:
        return value
    if isinstance(value, list):
        return [_filled(each, texts, depth + 1) for each in value]
    if isinstance(value, dict):
        return {name: _filled(each, texts, depth + 1) for name, each in value.items()}
    return value


def _line(value: dict[str, Any]) -> bytes:
    return msgspec.json.encode(value) + b"\n"

"""Lines of all generations as one kind of row: what happened to a session, a message or a part.

Observed: 1.18.33 (log of changes and tables). OpenCode 2's messages after its MIT source
(`packages/core/src/session/message.ts`): a message there holds its parts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from reenact.sources.members import integer, mapping, mappings, text


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One row: `kind` says of what, `info` is its object, `ts` the time (µs) that the line itself tells."""

    kind: str
    info: dict[str, Any]
    ts: int | None = None
    raw: Any = None


def rows(value: dict[str, Any]) -> Iterator[Row]:
    """Yields what a line tells; one line of OpenCode 2 tells of a message and of its parts."""
    table, data = text(value, "t"), mapping(value, "data")
    match table:
        case None:
            yield _change(value, data)
        case "session" | "state" | "end":
            yield Row(kind=table, info=_session(value), raw=value)
        case "message":
            yield Row(kind="message", info={**data, "id": value.get("id")}, raw=value)
        case "part":
            info = {**data, "id": value.get("id"), "messageID": value.get("message_id")}
            yield Row(kind="part", info=info, raw=value)
        case "session_message":
            yield from _newer(value, data)
        case _:
            yield Row(kind=table, info=data, raw=value)


def _change(value: dict[str, Any], data: dict[str, Any]) -> Row:
    """Reads a row of the log of changes; its type ends with the version of its shape."""
    name = (text(value, "type") or "").rpartition(".")
    kind = name[0] if name[2].isdigit() else text(value, "type") or ""
    time = integer(data, "time")
    ts = None if time is None else time * 1000
    match kind:
        case "message.updated":
            return Row(kind="message", info=mapping(data, "info"), ts=ts, raw=value)
        case "message.part.updated":
            return Row(kind="part", info=mapping(data, "part"), ts=ts, raw=value)
        case "session.created" | "session.updated":
            info = mapping(data, "info")
            at = integer(mapping(info, "time"), "updated")
            return Row(kind="change", info=info, ts=None if at is None else at * 1000, raw=value)
    return Row(kind=kind, info=data, ts=ts, raw=value)


def _session(value: dict[str, Any]) -> dict[str, Any]:
    """Gives the columns of a session in the form that the log of changes has."""
    names = {"project_id": "projectID", "parent_id": "parentID"}
    info = {names.get(name, name): found for name, found in value.items() if found is not None}
    info["time"] = {"created": value.get("time_created")}
    info["tokens"] = {
        "input": value.get("tokens_input"),
        "output": value.get("tokens_output"),
        "reasoning": value.get("tokens_reasoning"),
        "cache": {"read": value.get("tokens_cache_read"), "write": value.get("tokens_cache_write")},
    }
    return info


# -- OpenCode 2 -----------------------------------------------------------------------------------


def _newer(value: dict[str, Any], data: dict[str, Any]) -> Iterator[Row]:
    identity, kind = text(value, "id") or "", text(value, "type") or ""
    time = mapping(data, "time") or {"created": value.get("time_created")}
    base = {"id": identity, "time": time}
    match kind:
        case "user" | "synthetic":
            yield Row(kind="message", info={**base, "role": "user"}, raw=value)
            part = {"type": "text", "text": data.get("text"), "synthetic": kind == "synthetic"}
            yield _part(identity, 0, part)
            for number, file in enumerate(mappings(data, "files"), 1):
                yield _part(identity, number, {"type": "file", "url": file.get("uri"), **file})
        case "assistant":
            model = mapping(data, "model")
            more = {"role": "assistant", "modelID": model.get("id"), "providerID": model.get("providerID")}
            counts = mapping(data, "tokens")
            info = {**data, **base, **more, "tokens": {**counts, "total": _total(counts)}, "content": None}
            yield Row(kind="message", info=info, raw=value)
            for number, content in enumerate(mappings(data, "content")):
                yield _part(identity, number, _content(content))
        case _:
            yield Row(kind=f"newer.{kind}", info={**data, **base}, raw=value)


def _total(counts: dict[str, Any]) -> int:
    """Gives the sum of counts that are all apart, as OpenCode 2 has them."""
    cache = mapping(counts, "cache")
    told = [integer(counts, name) for name in ("input", "output", "reasoning")]
    return sum(each or 0 for each in (*told, integer(cache, "read"), integer(cache, "write")))


def _part(message: str, number: int, info: dict[str, Any]) -> Row:
    identity = text(info, "id") or f"{message}-{number}"
    return Row(kind="part", info={**info, "id": identity, "messageID": message})


def _content(content: dict[str, Any]) -> dict[str, Any]:
    """Gives a piece of an answer as the part that it was before."""
    if content.get("type") != "tool":
        return {**content, "id": None, "time": {"end": 0}}
    state, time = mapping(content, "state"), mapping(content, "time")
    said = "\n".join(line for each in mappings(state, "content") if (line := text(each, "text")) is not None)
    failed = mapping(state, "error")
    return {
        "type": "tool",
        "tool": content.get("name"),
        "callID": content.get("id"),
        "state": {
            "status": state.get("status"),
            "input": state.get("input"),
            "output": said,
            "error": text(failed, "message") or said,
            "metadata": mapping(state, "structured"),
            "time": {"start": time.get("ran") or time.get("created"), "end": time.get("completed")},
        },
    }

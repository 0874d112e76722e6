"""Trims the home of a Claude Code run; the hashes of its request journal are computed again, so that they hold.

The journal names messages by the sha256 of their compact, key-sorted JSON without `cache_control` (seen: 2.1.329).
Most bodies are not in the journal but follow from rows; the wire has them all, so the wire tells which message an
old hash meant, and the new hash is that of the message trimmed.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from typing import TYPE_CHECKING, Any

import msgspec
from tests.clients.trim import Trimmer, dump

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

# How the line begins that is added to the system prompt on the wire and left out of the journal.
BILLING = "x-anthropic-billing-header"
NOT_DIGESTED = ("metadata", "stream", "thread", "diagnostics", "safeguards", "data_flow")
KEPT = ("projects/**/*.jsonl", "projects/**/*.json", "projects/**/*.txt", "history.jsonl", "todos/*.json")


class UnknownHashError(Exception):
    """A journal names a message that never went over the wire."""


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it went over the wire; `betas` are the items of its header of that name."""

    body: dict[str, Any]
    betas: tuple[str, ...]


def trim(home: Path, out: Path, trimmer: Trimmer, requests: Sequence[Sent]) -> None:
    """Write the trimmed files of `home`/.claude below `out`/.claude."""
    root = home / ".claude"
    paths = sorted({path for pattern in KEPT for path in root.glob(pattern) if path.is_file()})
    rows = {path: path.read_text(encoding="utf-8") for path in paths}
    hashes = _new_hashes(trimmer, requests, rows.values())
    for path, text in rows.items():
        target = out / ".claude" / trimmer.place(str(path.relative_to(root)))
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".txt":
            target.write_text(trimmer.text(text), encoding="utf-8")
            continue
        if path.suffix == ".json":
            target.write_text(dump(trimmer.value(json.loads(text))), encoding="utf-8")
            continue
        lines = [dump(_renamed(trimmer.value(json.loads(line)), hashes)) for line in _lines(text)]
        target.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        shutil.copymode(path, target)


def _lines(text: str) -> list[str]:
    """The rows; a row may hold separators that `str.splitlines` would cut at."""
    return [line for line in text.split("\n") if line]


def message_hash(message: Any) -> str:
    """The journal's name of a message or of a shape."""
    return _digest(_without_cache_control(message))


def request_digest(sent: Sent, trimmer: Trimmer | None = None) -> str:
    """The journal's digest of a whole request: what the provider adds for its accounting is not part of it."""
    told = {key: value for key, value in sent.body.items() if key not in NOT_DIGESTED}
    told["betas"] = list(sent.betas)
    told["system"] = [b for b in told.get("system", []) if not b.get("text", "").startswith(BILLING)]
    told["messages"] = [_as_blocks(message) for message in told["messages"]]
    return _digest(trimmer.value(told) if trimmer else told)


def _digest(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _new_hashes(trimmer: Trimmer, requests: Sequence[Sent], logs: Iterable[str]) -> dict[str, str]:
    new = {request_digest(sent): request_digest(sent, trimmer) for sent in requests}
    for message in _messages(sent.body for sent in requests):
        new[message_hash(message)] = message_hash(trimmer.value(_without_cache_control(message)))
    wanted: set[str] = set()
    for text in logs:
        for line in _lines(text):
            if '"api-request' not in line:
                continue
            row = json.loads(line)
            match row.get("type"):
                case "api-request-shape":
                    _learn(new, row["shapeHash"], [row["shape"]], trimmer)
                case "api-request-blob":
                    _learn(new, row["hash"], forms(row["message"]), trimmer)
                case "api-request":
                    wanted.update(row.get("tail", []))
                    wanted.add(row["requestDigest"])
    missing = wanted - new.keys()
    if missing:
        raise UnknownHashError(f"{len(missing)} of {len(wanted)}: {sorted(missing)[:3]}")
    return new


def _learn(new: dict[str, str], stated: str, forms: Iterable[Any], trimmer: Trimmer) -> None:
    for form in forms:
        if message_hash(form) == stated:
            new[stated] = message_hash(trimmer.value(_without_cache_control(form)))
            return
    if stated not in new:
        raise UnknownHashError(f"{stated} is not the hash of its own body")


def _messages(bodies: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for body in bodies:
        for message in body.get("messages", []):
            yield from forms(message)


def forms(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A message as it stands and with its content as a text or as a list of blocks: hashes are made of either."""
    yield message
    yield _as_blocks(message)
    content = message.get("content")
    if isinstance(content, list) and [b.get("type") for b in content] == ["text"]:
        yield message | {"content": content[0]["text"]}


def _as_blocks(message: dict[str, Any]) -> dict[str, Any]:
    content = message["content"]
    return message | {"content": [{"type": "text", "text": content}]} if isinstance(content, str) else message


def _without_cache_control(value: Any) -> Any:
    match value:
        case dict():
            return {k: _without_cache_control(v) for k, v in value.items() if k != "cache_control"}
        case list():
            return [_without_cache_control(item) for item in value]
        case _:
            return value


def _renamed(row: Any, hashes: dict[str, str]) -> Any:
    match row:
        case str():
            return hashes.get(row, row)
        case list():
            return [_renamed(item, hashes) for item in row]
        case dict():
            return {key: _renamed(item, hashes) for key, item in row.items()}
        case _:
            return row

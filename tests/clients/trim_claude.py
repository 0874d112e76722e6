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

from tests.clients.trim import Trimmer, dump

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

KEPT = ("projects/**/*.jsonl", "projects/**/*.json", "projects/**/*.txt", "history.jsonl", "todos/*.json")


class UnknownHashError(Exception):
    """A journal names a message that never went over the wire."""


def trim(home: Path, out: Path, trimmer: Trimmer, bodies: Iterable[dict[str, Any]]) -> None:
    """Write the trimmed files of `home`/.claude below `out`/.claude."""
    root = home / ".claude"
    paths = sorted({path for pattern in KEPT for path in root.glob(pattern) if path.is_file()})
    rows = {path: path.read_text(encoding="utf-8") for path in paths}
    hashes = _new_hashes(trimmer, bodies, rows.values())
    for path, text in rows.items():
        target = out / ".claude" / trimmer.place(str(path.relative_to(root)))
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".txt":
            target.write_text(trimmer.text(text), encoding="utf-8")
            continue
        if path.suffix == ".json":
            target.write_text(dump(trimmer.value(json.loads(text))), encoding="utf-8")
            continue
        lines = [dump(_renamed(trimmer.value(json.loads(line)), hashes)) for line in text.splitlines()]
        target.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        shutil.copymode(path, target)


def message_hash(message: Any) -> str:
    """The journal's name of a message or of a shape."""
    bare = _without_cache_control(message)
    text = json.dumps(bare, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _new_hashes(trimmer: Trimmer, bodies: Iterable[dict[str, Any]], logs: Iterable[str]) -> dict[str, str]:
    new: dict[str, str] = {}
    for message in _messages(bodies):
        new[message_hash(message)] = message_hash(trimmer.value(_without_cache_control(message)))
    wanted: set[str] = set()
    for text in logs:
        for line in text.splitlines():
            if '"api-request' not in line:
                continue
            row = json.loads(line)
            match row.get("type"):
                case "api-request-shape":
                    _learn(new, row["shapeHash"], [row["shape"]], trimmer)
                case "api-request-blob":
                    _learn(new, row["hash"], _forms(row["message"]), trimmer)
                case "api-request":
                    wanted.update(row.get("tail", []))
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
            yield from _forms(message)


def _forms(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A message as it stands and with its content as a text or as a list of blocks: hashes are made of either."""
    yield message
    content = message.get("content")
    if isinstance(content, str):
        yield message | {"content": [{"type": "text", "text": content}]}
    elif isinstance(content, list) and [b.get("type") for b in content] == ["text"]:
        yield message | {"content": content[0]["text"]}


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

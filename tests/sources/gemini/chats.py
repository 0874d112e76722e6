"""Chats as Gemini CLI 0.61 writes them, made by hand, and what parsing one gives."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from tests.sources.laws import parsed_by
from tests.sources.parsing import Parse

from reenact.sources import Setting
from reenact.sources.gemini import SOURCE

SESSION = "11111111-1111-4111-8111-111111111111"
ROOT = "/home/dev/code/todo"
PROJECT = hashlib.sha256(ROOT.encode()).hexdigest()
CONTEXT = "d04923d38bb0f6017037e74183378ef4"


def moment(second: int) -> str:
    return f"2026-11-21T10:{second // 60:02}:{second % 60:02}.000Z"


def head(*, session: str = SESSION, second: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "sessionId": session,
        "projectHash": PROJECT,
        "startTime": moment(second),
        "lastUpdated": moment(second),
        "kind": "main",
        **more,
    }


def context(second: int = 0, *, root: str = ROOT) -> dict[str, Any]:
    said = f"<session_context>\nToday.\n- **Workspace Directories:**\n  - {root}\n</session_context>"
    return {"id": CONTEXT, "timestamp": moment(second), "type": "user", "content": [{"text": said}]}


def replaced(*messages: dict[str, Any]) -> dict[str, Any]:
    return {"$set": {"messages": list(messages), "lastUpdated": moment(0)}}


def uuid(name: str) -> str:
    digest = hashlib.sha256(name.encode()).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"


def prompt(name: str, said: str, second: int = 1) -> dict[str, Any]:
    return {"id": uuid(name), "timestamp": moment(second), "type": "user", "content": [{"text": said}]}


def tokens(given: int = 1000, said: int = 50, cached: int = 200, thoughts: int = 10) -> dict[str, int]:
    total = given + said + thoughts
    return {"input": given, "output": said, "cached": cached, "thoughts": thoughts, "tool": 0, "total": total}


def answer(name: str, said: str, second: int = 2, **more: Any) -> dict[str, Any]:
    return {
        "id": uuid(name),
        "timestamp": moment(second),
        "type": "gemini",
        "content": said,
        "thoughts": [],
        "tokens": tokens(),
        "model": "gemini-2.5-pro",
        **more,
    }


def call(name: str, args: dict[str, Any], output: str, second: int = 3, **more: Any) -> dict[str, Any]:
    identity = more.pop("id", f"{name}_1")
    kind = "error" if more.get("status") in {"error", "cancelled"} else "output"
    response = {"id": identity, "name": name, "response": {kind: output}}
    return {
        "id": identity,
        "name": name,
        "args": args,
        "result": [{"functionResponse": response}],
        "status": "success",
        "timestamp": moment(second),
        "resultDisplay": "",
        **more,
    }


def given(name: str, result: list[dict[str, Any]], second: int = 4) -> dict[str, Any]:
    """Gives the user message that hands results to the model."""
    return {"id": uuid(name), "timestamp": moment(second), "type": "user", "content": result}


def journal(*rows: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def whole(*messages: dict[str, Any], **more: Any) -> bytes:
    """Gives a chat as one document (0.2 to 0.38)."""
    changed = max(message["timestamp"] for message in messages)
    frame = {**head(), "lastUpdated": changed}
    return json.dumps({**frame, "messages": list(messages), **more}, indent=2).encode()


def parse(data: bytes, *, sidecars: dict[str, bytes] | None = None, **hints: str) -> Parse:
    setting = Setting(agent="gemini", key=SESSION, hints=hints, sidecars=sidecars or {})
    return Parse(parsed=tuple(parsed_by(SOURCE, data, setting)))


def place(home: Path, name: str, data: bytes, *, project: str = "todo", registry: bool = True) -> Path:
    """Puts a chat where the CLI keeps it."""
    folder = home / ".gemini" / "tmp" / project
    path = folder / "chats" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    if registry:
        (folder / ".project_root").write_text(ROOT)
    return path

"""Small programs that keep transcripts as the real agents do, for runs that must not be mixed up.

Each says one prompt and one answer, in the layout of its agent: where, when and under which name the
file comes to be is what matters here. Run as `python fake_agents.py AGENT PROMPT [--session-id ID]`.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
import time
import uuid
from pathlib import Path
from typing import Any

from reenact.clock import SystemClock, to_datetime

HOLD = 0.35
"""Seconds for which a program lives: as long as a look at processes may take to come."""


def now() -> str:
    """The time as agents write it."""
    return to_datetime(SystemClock().now()).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def fresh() -> str:
    """An id as agents mint them."""
    return str(uuid.UUID(bytes=os.urandom(16), version=4))


def claude(prompt: str, session: str) -> None:
    """`projects/<slug>/<session>.jsonl`, and `sessions/<pid>.json` while it lives."""
    home, cwd = Path(os.environ["HOME"]) / ".claude", str(Path.cwd())
    folder = home / "projects" / "".join(c if c.isalnum() else "-" for c in cwd)
    folder.mkdir(parents=True, exist_ok=True)
    register = home / "sessions" / f"{os.getpid()}.json"
    register.parent.mkdir(parents=True, exist_ok=True)
    started = SystemClock().now() // 1000
    register.write_text(
        json.dumps({"pid": os.getpid(), "sessionId": session, "cwd": cwd, "startedAt": started})
    )
    base = {
        "sessionId": session,
        "cwd": cwd,
        "version": "2.1.329",
        "isSidechain": False,
        "userType": "external",
    }
    asked, said = fresh(), fresh()
    rows: list[dict[str, Any]] = [
        {**base, "type": "user", "uuid": asked, "parentUuid": None, "timestamp": now(),
         "message": {"role": "user", "content": prompt}},
        {**base, "type": "assistant", "uuid": said, "parentUuid": asked, "timestamp": now(),
         "message": {"id": f"msg_{said[:12]}", "role": "assistant", "type": "message", "model": "m",
                     "content": [{"type": "text", "text": f"Done: {prompt}"}], "stop_reason": "end_turn",
                     "usage": {"input_tokens": 3, "output_tokens": 2}}},
    ]  # fmt: skip
    with (folder / f"{session}.jsonl").open("a") as handle:
        for row in rows:
            handle.write(json.dumps(row) + "\n")
            handle.flush()
            time.sleep(HOLD / 2)
    register.unlink()


def codex(prompt: str, session: str) -> None:
    """`sessions/Y/M/D/rollout-<time>-<thread>.jsonl`, held open while it lives."""
    home, today = Path(os.environ["HOME"]) / ".codex", to_datetime(SystemClock().now())
    folder = home / "sessions" / f"{today:%Y/%m/%d}"
    folder.mkdir(parents=True, exist_ok=True)
    meta = {
        "id": session, "timestamp": now(), "cwd": str(Path.cwd()), "originator": "codex_exec",
        "cli_version": "0.121.0", "source": "exec",
    }  # fmt: skip
    said = {
        "type": "message",
        "role": "assistant",
        "content": [{"type": "output_text", "text": f"Done: {prompt}"}],
    }
    rows: list[tuple[str, dict[str, Any]]] = [
        ("session_meta", meta),
        ("event_msg", {"type": "user_message", "message": prompt}),
        ("response_item", said),
        ("event_msg", {"type": "task_complete"}),
    ]
    with (folder / f"rollout-{today:%Y-%m-%dT%H-%M-%S}-{session}.jsonl").open("a") as handle:
        for kind, payload in rows:
            handle.write(json.dumps({"timestamp": now(), "type": kind, "payload": payload}) + "\n")
            handle.flush()
            time.sleep(HOLD / len(rows))


def gemini(prompt: str, session: str) -> None:
    """`tmp/<hash>/chats/session-<time>-<id8>.jsonl`; nothing tells whose it is but what is in it."""
    home = Path(os.environ["HOME"]) / ".gemini"
    mark = hashlib.sha256(str(Path.cwd()).encode()).hexdigest()
    folder = home / "tmp" / mark / "chats"
    folder.mkdir(parents=True, exist_ok=True)
    (folder.parent / ".project_root").write_text(str(Path.cwd()))
    head = {
        "sessionId": session,
        "projectHash": mark,
        "startTime": now(),
        "lastUpdated": now(),
        "kind": "main",
    }
    rows: list[dict[str, Any]] = [
        head,
        {"id": fresh(), "timestamp": now(), "type": "user", "content": [{"text": prompt}]},
        {"id": fresh(), "timestamp": now(), "type": "gemini", "content": f"Done: {prompt}", "model": "m",
         "tokens": {"input": 3, "output": 2, "cached": 0, "thoughts": 0, "tool": 0, "total": 5}},
    ]  # fmt: skip
    path = folder / f"session-{to_datetime(SystemClock().now()):%Y-%m-%dT%H-%M}-{session[:8]}.jsonl"
    for row in rows:
        with path.open("a") as handle:
            handle.write(json.dumps(row) + "\n")
    time.sleep(HOLD)


def main(words: list[str]) -> int:
    """Plays one agent; `--silent` makes it leave no transcript, `--endless` makes it stay."""
    agent, *rest = words
    prompt = rest[rest.index("-p") + 1]
    named = rest[rest.index("--session-id") + 1] if "--session-id" in rest else fresh()
    print(json.dumps({"session": named, "pid": os.getpid()}), flush=True)
    if "--silent" not in rest:
        {"claude": claude, "codex": codex, "gemini": gemini}[agent](prompt, named)
    print(json.dumps({"written": True}), flush=True)
    while "--endless" in rest:
        signal.pause()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Forks a Codex thread through its app server, as an editor does: early versions offer no other way headless."""

from __future__ import annotations

import json
import subprocess
from typing import IO, TYPE_CHECKING, Any

from tests.clients import install

if TYPE_CHECKING:
    from tests.clients.run import Machine


def fork(machine: Machine, client: str, thread: str, prompt: str) -> str:
    """Fork `thread`, say `prompt` to the fork, wait for the end of its turn and return the new thread's id."""
    order = install.command(client)
    assert order is not None
    with subprocess.Popen(
        [*order, "app-server"],
        cwd=machine.cwd,
        env=machine.environment({"STUB_KEY": "dummy"}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            about = {"name": "editor", "title": "Editor", "version": "1.0.0"}
            _ask(process.stdin, process.stdout, 1, "initialize", {"clientInfo": about})
            _send(process.stdin, {"method": "initialized"})
            how = {"threadId": thread, "approvalPolicy": "never", "sandbox": "danger-full-access"}
            made = _ask(process.stdin, process.stdout, 2, "thread/fork", how)
            child = str(made["thread"]["id"])
            said = {"threadId": child, "input": [{"type": "text", "text": prompt}]}
            _ask(process.stdin, process.stdout, 3, "turn/start", said)
            _wait(process.stdout, lambda message: message.get("method") == "turn/completed")
        finally:
            process.terminate()
    return child


def _ask(to: IO[str], out: IO[str], number: int, method: str, params: dict[str, Any]) -> Any:
    _send(to, {"id": number, "method": method, "params": params})
    return _wait(out, lambda message: message.get("id") == number)["result"]


def _send(to: IO[str], message: dict[str, Any]) -> None:
    to.write(json.dumps(message) + "\n")
    to.flush()


def _wait(out: IO[str], wanted: Any) -> dict[str, Any]:
    for line in out:
        message: dict[str, Any] = json.loads(line)
        if wanted(message):
            return message
    raise AssertionError("the app server went away")

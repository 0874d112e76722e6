"""Starts the real clients in a clean home of their own, offline, and tells how they ended.

Every stray connection meets a closed proxy port on loopback; only the scripted endpoint is exempt.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from typing import TYPE_CHECKING

import msgspec
from tests.clients import install

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.clients.endpoint import Endpoint

LIMIT = 180.0
# The model each version of Codex knows best: its tools depend on it.
MODELS = {"codex-0.169.0": "gpt-5.5-codex", "codex-0.121.0": "gpt-5.2-codex", "codex-0.42.0": "gpt-5-codex"}


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """How one start of a client ended."""

    arguments: tuple[str, ...]
    code: int
    stdout: str
    stderr: str


class Machine:
    """A make-believe machine below `root`: the home of a user `dev` with one small project in it."""

    def __init__(self, root: Path, *, project: str, files: Mapping[str, str]) -> None:
        self.root = root
        self.home = root / "home" / "dev"
        self.cwd = self.home / "code" / project
        self.cwd.mkdir(parents=True)
        for name, text in files.items():
            path = self.cwd / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        for step in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "first"]):
            subprocess.run(["git", *step], cwd=self.cwd, env=self.environment(), check=True)

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """Everything a client sees of the outside; nothing is inherited but the search path."""
        who = {"NAME": "Dev", "EMAIL": "dev@example.com", "DATE": "2026-01-05T09:00:00Z"}
        git = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()}
        dead = "http://127.0.0.1:9"
        return {
            "HOME": str(self.home),
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "TERM": "dumb",
            "SHELL": "/bin/bash",
            "USER": "dev",
            "LOGNAME": "dev",
            "HTTP_PROXY": dead,
            "HTTPS_PROXY": dead,
            "NO_PROXY": "127.0.0.1,localhost",
            **git,
            **(extra or {}),
        }


def claude(
    machine: Machine,
    endpoint: Endpoint,
    prompt: str,
    *options: str,
    client: str = "claude-2.1.329",
    extra: Mapping[str, str] | None = None,
    interrupt: int = 0,
    allow: bool = True,
) -> Run:
    """Start Claude Code headless with `prompt`; `interrupt` is a signal, sent once an answer hangs."""
    order = _command(client)
    # IS_SANDBOX is what lets permissions be skipped by root, as in a container.
    environment = machine.environment(
        {
            "ANTHROPIC_BASE_URL": endpoint.url,
            "ANTHROPIC_API_KEY": "dummy",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1",
            "DISABLE_TELEMETRY": "1",
            "DISABLE_ERROR_REPORTING": "1",
            "IS_SANDBOX": "1",
            **(extra or {}),
        }
    )
    if client.startswith("claude-1."):
        # These send even loopback through a proxy.
        environment = {k: v for k, v in environment.items() if not k.endswith("_PROXY")}
    how = ["--output-format", "stream-json", "--verbose", *options]
    if allow and client.startswith("claude-1."):
        # These refuse to skip permissions for root, sandbox or not.
        how += ["--allowedTools", "Bash,Edit,Read,Task,TodoWrite,Write"]
    elif allow:
        how.append("--dangerously-skip-permissions")
    return _start([*order, "-p", prompt, *how], machine, environment, endpoint, interrupt)


def codex(
    machine: Machine,
    endpoint: Endpoint,
    *arguments: str,
    client: str = "codex-0.169.0",
    settings: Mapping[str, str] | None = None,
    interrupt: int = 0,
    model: str | None = None,
) -> Run:
    """Start `codex exec` with these arguments; `settings` are `-c` pairs."""
    order = _command(client)
    folder = machine.home / ".codex"
    folder.mkdir(exist_ok=True)
    (folder / "config.toml").write_text(_codex_settings(endpoint, model or MODELS[client]), encoding="utf-8")
    environment = machine.environment({"STUB_KEY": "dummy"})
    pairs = [part for key, value in (settings or {}).items() for part in ("-c", f"{key}={value}")]
    how = ["exec", "--json", "--dangerously-bypass-approvals-and-sandbox", *pairs]
    return _start([*order, *how, *arguments], machine, environment, endpoint, interrupt)


def codex_command(machine: Machine, *arguments: str, client: str = "codex-0.169.0") -> Run:
    """Start another verb of Codex, one that asks no model."""
    return _start(
        [*_command(client), *arguments], machine, machine.environment({"STUB_KEY": "dummy"}), None, 0
    )


def _codex_settings(endpoint: Endpoint, model: str) -> str:
    return f"""\
model = "{model}"
model_provider = "stub"
check_for_update_on_startup = false

[model_providers.stub]
name = "stub"
base_url = "{endpoint.url}/v1"
env_key = "STUB_KEY"
wire_api = "responses"

[analytics]
enabled = false

[otel]
exporter = "none"
"""


def _command(client: str) -> list[str]:
    order = install.command(client)
    if order is None:
        raise FileNotFoundError(f"{client} is not installed; run: python tests/clients/install.py {client}")
    return order


def _start(
    order: Sequence[str],
    machine: Machine,
    environment: Mapping[str, str],
    endpoint: Endpoint | None,
    interrupt: int,
) -> Run:
    process = subprocess.Popen(
        order,
        cwd=machine.cwd,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    if endpoint is not None and interrupt:
        threading.Thread(target=_interrupt, args=(process, endpoint, interrupt), daemon=True).start()
    try:
        out, err = process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
    return Run(
        arguments=tuple(order[1:]),
        code=process.returncode,
        stdout=out.decode(errors="replace"),
        stderr=err.decode(errors="replace"),
    )


def _interrupt(process: subprocess.Popen[bytes], endpoint: Endpoint, number: int) -> None:
    if not endpoint.hanging.wait(LIMIT):
        return
    # The client needs a moment to read what was streamed before the silence; nothing can tell us when it has.
    endpoint.closing.wait(1.0)
    process.send_signal(number)

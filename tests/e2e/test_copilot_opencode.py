"""Copilot CLI and OpenCode at work for real, offline: what is imported equals the endpoint's books."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from tests.clients import install
from tests.clients.books import Entry, add
from tests.clients.endpoint import Endpoint
from tests.clients.run import Machine
from tests.clients.script import Call, Cut, Say, Script, Talk, Usage
from tests.ingest.corpus import texts
from tests.ingest.machines import answers, imported, opened

from reenact.events import Tokens
from reenact.events.bodies import FileChanged, ToolCalled, ToolFinished
from reenact.store import SessionRow

pytestmark = pytest.mark.e2e

COPILOT, OPENCODE = "copilot-1.0.102", "opencode-1.18.33"
FILES = {"README.md": "# todo\n\nThe magic number is 42.\n"}
LIMIT = 120


def _command(client: str) -> list[str]:
    found = install.command(client)
    if found is None:
        missing = f"{client} is not installed: python tests/clients/install.py {client}"
        if os.environ.get("REENACT_REQUIRE_CLIENTS") == "all":
            pytest.fail(missing)
        pytest.skip(missing)
    return found


class Desk:
    """A machine, a scripted endpoint, and the two clients, started as a person without a screen would."""

    def __init__(self, root: Path, talks: tuple[Talk, ...]) -> None:
        self.machine = Machine(root, project="todo", files=FILES)
        self.endpoint = Endpoint(Script(talks, seed=root.name))

    def entries(self) -> list[Entry]:
        """What the endpoint answered by script, whole."""
        return [
            entry
            for entry in self.endpoint.books.entries()
            if entry.talk is not None and entry.outcome == "complete"
        ]

    def copilot(self, *arguments: str, kill: int = 0) -> int:
        environment = {
            "COPILOT_OFFLINE": "true",
            "COPILOT_PROVIDER_BASE_URL": self.endpoint.url,
            "COPILOT_PROVIDER_TYPE": "anthropic",
            "COPILOT_PROVIDER_API_KEY": "dummy",
            "COPILOT_MODEL": "stub-model",
            "COPILOT_AUTO_UPDATE": "false",
        }
        order = [*_command(COPILOT), "--allow-all", "--no-auto-update", "--output-format", "json", *arguments]
        return self._run(order, environment, kill)

    def opencode(self, *arguments: str, kill: int = 0) -> int:
        order = _command(OPENCODE)
        settings = self.machine.home / ".config" / "opencode"
        settings.mkdir(parents=True, exist_ok=True)
        model = {"name": "stub-model", "limit": {"context": 200_000, "output": 8192}}
        provider = {
            "npm": "@ai-sdk/anthropic",
            "options": {"baseURL": f"{self.endpoint.url}/v1", "apiKey": "dummy"},
            "models": {"stub-model": model},
        }
        config = {
            "autoupdate": False,
            "share": "disabled",
            "model": "stub/stub-model",
            "small_model": "stub/stub-model",
            "provider": {"stub": provider},
        }
        (settings / "opencode.json").write_text(json.dumps(config))
        names = ("MODELS_FETCH", "AUTOUPDATE", "LSP_DOWNLOAD", "DEFAULT_PLUGINS")
        environment = {f"OPENCODE_DISABLE_{name}": "1" for name in names}
        return self._run([*order, "run", "--format", "json", "--auto", *arguments], environment, kill)

    def _run(self, order: list[str], environment: Mapping[str, str], kill: int) -> int:
        process = subprocess.Popen(
            order,
            cwd=self.machine.cwd,
            env=self.machine.environment(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            if kill:
                assert self.endpoint.hanging.wait(LIMIT)
                self._wait_for_the_log()
                os.killpg(process.pid, kill)
            return process.wait(LIMIT)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def _wait_for_the_log(self) -> None:
        """Copilot keeps rows in memory for a moment; what it never wrote cannot be imported."""
        sessions = self.machine.home / ".copilot" / "session-state"
        end = time.monotonic() + LIMIT
        while sessions.is_dir() and time.monotonic() < end:
            logs = [path.read_bytes() for path in sessions.glob("*/events.jsonl")]
            if any(b"tool.execution_complete" in log for log in logs):
                return
            time.sleep(0.02)


def _usage(number: int) -> Usage:
    return Usage(input=1000 + number, cache_read=200 + number, cache_write_5m=50 + number, output=40 + number)


def _work(machine_file: str, shell: Mapping[str, object], read: str) -> tuple[Talk, ...]:
    first = Say(
        text="Let me look.", calls=(Call(name=read, input={machine_file: "README.md"}),), usage=_usage(1)
    )
    return (
        Talk(
            says="Find the number",
            answers=(
                first,
                Say(calls=(Call(name="bash", input=dict(shell)),), usage=_usage(2)),
                Say(text="The number is 42.", usage=_usage(3)),
            ),
        ),
        Talk(says="And again", answers=(Say(text="Still 42.", usage=_usage(4)),)),
    )


def _tokens(entries: list[Entry]) -> Tokens:
    spent = add(*(entry.usage for entry in entries))
    written = spent.cache_write_5m + spent.cache_write_1h
    return Tokens(input=spent.input, cache_read=spent.cache_read, cache_write=written, output=spent.output)


def _counted(row: SessionRow) -> Tokens:
    own = row.own.tokens
    return Tokens(input=own.input, cache_read=own.cache_read, cache_write=own.cache_write, output=own.output)


_BOOM = {"command": "echo oops; exit 3", "description": "Fail"}


@pytest.fixture(params=[COPILOT, OPENCODE])
def worked(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Desk]]:
    """One of the two after a piece of work with tools, and a second prompt in the same session."""
    client: str = request.param
    file, read = ("path", "view") if client == COPILOT else ("filePath", "read")
    root = tmp_path / "machine"
    talks = _work(file, _BOOM, read)
    talks = (_with_path(talks[0], root), talks[1])
    desk = Desk(root, talks)
    run = desk.copilot if client == COPILOT else desk.opencode
    prompt = ("-p",) if client == COPILOT else ()
    with desk.endpoint:
        assert run(*prompt, "Find the number") == 0
        assert run("--continue", *prompt, "And again") == 0
        yield client, desk


def _with_path(talk: Talk, root: Path) -> Talk:
    """Gives the talk with the whole path of the file, which the tools ask for."""
    first = talk.answers[0]
    assert isinstance(first, Say)
    (call,) = first.calls
    assert isinstance(call.input, dict)
    path = str(root / "home" / "dev" / "code" / "todo" / "README.md")
    whole = Call(name=call.name, input=dict.fromkeys(call.input, path))
    again = Say(text=first.text, calls=(whole,), usage=first.usage)
    return Talk(says=talk.says, answers=(again, *talk.answers[1:]))


def test_what_is_imported_is_what_the_endpoint_answered(worked: tuple[str, Desk], tmp_path: Path) -> None:
    client, desk = worked
    assert len(desk.entries()) == 4
    with imported(tmp_path / "archive", desk.machine.home) as archive:
        (row,) = archive.sessions()
        assert row.agent == client.partition("-")[0]
        assert row.cwd == str(desk.machine.cwd)
        assert row.status == "completed"
        assert _counted(row) == _tokens(desk.entries())
        assert texts(archive, row) == ["Let me look.", "The number is 42.", "Still 42."]
        events = list(archive.events(row.id))
        calls = [event.body for event in events if isinstance(event.body, ToolCalled)]
        assert [call.tool_kind for call in calls] == ["file_read", "shell"]
        done = [event.body for event in events if isinstance(event.body, ToolFinished)]
        assert [(each.ok, each.exit_code) for each in done][1] == (False, 3)
        assert archive.store.drift() == []
        assert [account for account in archive.accounts() if not account.balances] == []


def test_importing_after_each_run_is_importing_once(worked: tuple[str, Desk], tmp_path: Path) -> None:
    client, desk = worked
    run = desk.copilot if client == COPILOT else desk.opencode
    with opened(tmp_path / "grown", desk.machine.home) as archive:
        archive.catch_up()
        assert run("--continue", *(("-p",) if client == COPILOT else ()), "A stray question") == 0
        archive.catch_up()
        assert sum(each.new + each.changed for each in archive.catch_up().agents) == 0
        grown = answers(archive)
    with imported(tmp_path / "once", desk.machine.home) as archive:
        assert answers(archive) == grown


def _helper(name: str, given: Mapping[str, object]) -> tuple[Talk, ...]:
    return (
        Talk(
            says="Ask a helper",
            answers=(
                Say(calls=(Call(name=name, input=dict(given)),), usage=_usage(5)),
                Say(text="The helper says 42.", usage=_usage(6)),
            ),
        ),
        Talk(says="Helper task", answers=(Say(text="It is 42.", usage=_usage(7)),)),
    )


@pytest.mark.parametrize("client", [COPILOT, OPENCODE])
def test_a_helper_is_a_session_of_its_own(client: str, tmp_path: Path) -> None:
    given = {"description": "Look", "prompt": "Helper task: find the number"}
    more = (
        {"agent_type": "general-purpose", "name": "helper", "mode": "sync"}
        if client == COPILOT
        else {"subagent_type": "general"}
    )
    desk = Desk(tmp_path / "machine", _helper("task", {**given, **more}))
    with desk.endpoint:
        code = desk.copilot("-p", "Ask a helper") if client == COPILOT else desk.opencode("Ask a helper")
        assert code == 0
    parts: dict[str, list[Entry]] = {"Ask a helper": [], "Helper task": []}
    for entry in desk.entries():
        parts[entry.talk or ""].append(entry)
    assert [len(entries) for entries in parts.values()] == [2, 1]
    with imported(tmp_path / "archive", desk.machine.home) as archive:
        rows = {row.kind: row for row in archive.sessions()}
        assert _counted(rows["main"]) == _tokens(parts["Ask a helper"])
        assert _counted(rows["subagent"]) == _tokens(parts["Helper task"])
        assert rows["subagent"].parent == rows["main"].id
        assert texts(archive, rows["subagent"]) == ["It is 42."]
        assert [e.body for e in archive.events(rows["main"].id) if isinstance(e.body, FileChanged)] == []


@pytest.mark.parametrize("client", [COPILOT, OPENCODE])
def test_what_was_answered_before_a_kill_is_kept(client: str, tmp_path: Path) -> None:
    talks = (
        Talk(
            says="Go on",
            answers=(
                Say(text="One.", calls=(Call(name="bash", input={"command": "true", "description": "Do"}),), usage=_usage(8)),
                Cut(say=Say(text="This is never said to its end.", usage=_usage(9)), keep=4, how="hang"),
            ),
        ),
    )  # fmt: skip
    desk = Desk(tmp_path / "machine", talks)
    with desk.endpoint:
        if client == COPILOT:
            desk.copilot("-p", "Go on", kill=signal.SIGKILL)
        else:
            desk.opencode("Go on", kill=signal.SIGKILL)
        with imported(tmp_path / "archive", desk.machine.home) as archive:
            (row,) = archive.sessions()
            assert row.status != "completed"
            assert _counted(row) == _tokens(desk.entries())
            assert texts(archive, row)[0] == "One."


def test_a_fork_of_opencode_counts_only_what_it_asked_itself(tmp_path: Path) -> None:
    talks = (
        Talk(says="Remember blue", answers=(Say(text="Blue.", usage=_usage(10)),)),
        Talk(says="Which colour", answers=(Say(text="Blue it is.", usage=_usage(11)),)),
    )
    desk = Desk(tmp_path / "machine", talks)
    with desk.endpoint:
        assert desk.opencode("Remember blue") == 0
        assert desk.opencode("--continue", "--fork", "Which colour") == 0
    with imported(tmp_path / "archive", desk.machine.home) as archive:
        rows = {row.kind: row for row in archive.sessions()}
        first, second = desk.entries()
        assert _counted(rows["main"]) == _tokens([first])
        assert _counted(rows["fork"]) == _tokens([second])
        assert rows["fork"].parent == rows["main"].id

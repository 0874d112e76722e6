"""Gemini CLI, Qwen Code and Pi, really run, offline: what is imported equals the endpoint's books."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.clients import install
from tests.clients.rules_endpoint import Rule, RulesEndpoint, Spent
from tests.ingest.corpus import texts
from tests.ingest.machines import answers, imported, opened

from reenact.events.bodies import AgentSpawned, FileChanged, ToolCalled, ToolFinished

if TYPE_CHECKING:
    from collections.abc import Callable

    from reenact.store import SessionRow

pytestmark = pytest.mark.e2e
FINAL = "The number is 42."
AGAIN = "Still 42."


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """How a client is set up and started, and what the model tells it to do."""

    name: str
    rules: Callable[[Path], list[Rule]]
    settle: Callable[[Path, str], dict[str, str]]
    arguments: tuple[str, ...]
    resume: tuple[str, ...]


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """What a client left behind, and the books."""

    client: Client
    home: Path
    cwd: Path
    endpoint: RulesEndpoint


def _spent(prompt: int, output: int, cached: int = 0, thoughts: int = 0) -> Spent:
    return Spent(prompt=prompt, output=output, cached=cached, thoughts=thoughts)


def _story(cwd: Path, *, shell: str, read: str, write: str, key: str, missing: str) -> list[Rule]:
    """Gives the beginning that all clients share: a read, a failing command, a missing file, a new file."""
    return [
        Rule(
            when="what is the magic number",
            text="Reading.",
            thought="I look.",
            calls=((read, {key: str(cwd / "README.md")}),),
            spent=_spent(3000, 71, 211, 11),
        ),
        Rule(
            when="magic number is 42",
            calls=((shell, {"command": "echo oops >&2; exit 3"}), (read, {key: str(cwd / "missing.txt")})),
            spent=_spent(3100, 60, 300),
        ),
        Rule(
            when=missing,
            calls=((write, {key: str(cwd / "out.txt"), "content": "42\n"}),),
            spent=_spent(3200, 50, 400),
        ),
    ]


def _gemini(cwd: Path) -> list[Rule]:
    return [
        *_story(cwd, shell="run_shell_command", read="read_file", write="write_file", key="file_path", missing="missing.txt"),
        Rule(
            when="out.txt",
            calls=(("invoke_agent", {"agent_name": "generalist", "prompt": "Helper task: report"}),),
            spent=_spent(3300, 50, 400),
        ),
        Rule(
            when="Helper task: report",
            calls=(("read_file", {"file_path": str(cwd / "README.md")}),),
            spent=_spent(1000, 40, 0, 5),
            lane="sub",
        ),
        Rule(
            when="magic number is 42",
            calls=(("complete_task", {"result": {"response": "Sub says 42."}}),),
            spent=_spent(1100, 30, 100),
            lane="sub",
        ),
        Rule(when="Sub says 42", text=FINAL, spent=_spent(3400, 20, 500)),
        Rule(when="And again", text=AGAIN, spent=_spent(3500, 21, 600)),
    ]  # fmt: skip


def _gemini_of_documents(cwd: Path) -> list[Rule]:
    """Gives the same for 0.34: each agent is a tool, and what an agent does is in no log."""
    rules = [
        msgspec.structs.replace(rule, lane="unlogged" if rule.lane == "sub" else rule.lane)
        for rule in _gemini(cwd)
    ]
    place = next(number for number, rule in enumerate(rules) if rule.when == "out.txt")
    call = ("generalist", {"request": "Helper task: report"})
    rules[place] = msgspec.structs.replace(rules[place], calls=(call,))
    return rules


def _qwen(cwd: Path) -> list[Rule]:
    agent = {
        "description": "find number",
        "prompt": "Helper task: report",
        "subagent_type": "general-purpose",
    }
    return [
        *_story(cwd, shell="run_shell_command", read="read_file", write="write_file", key="file_path", missing="missing.txt"),
        Rule(when="out.txt", calls=(("agent", {**agent, "run_in_background": False}),), spent=_spent(3300, 50, 400)),
        Rule(
            when="Helper task: report",
            calls=(("read_file", {"file_path": str(cwd / "README.md")}),),
            spent=_spent(1000, 40, 0, 5),
            lane="sub",
        ),
        Rule(when="magic number is 42", text="Sub says 42.", spent=_spent(1100, 30, 100), lane="sub"),
        Rule(when="Sub says 42", text=FINAL, spent=_spent(3400, 20, 500)),
        Rule(when="And again", text=AGAIN, spent=_spent(3500, 21, 600)),
        Rule(when="", text="Nothing to keep.", spent=_spent(700, 7), lane="side", times=5),
    ]  # fmt: skip


def _pi(cwd: Path) -> list[Rule]:
    return [
        *_story(cwd, shell="bash", read="read", write="write", key="path", missing="ENOENT"),
        Rule(when="Successfully wrote", text=FINAL, spent=_spent(3400, 20, 500)),
        Rule(when="And again", text=AGAIN, spent=_spent(3500, 21, 600)),
    ]


def _settle_gemini(home: Path, url: str) -> dict[str, str]:
    settings = {
        "privacy": {"usageStatisticsEnabled": False},
        "general": {"enableAutoUpdate": False},
        "security": {"auth": {"selectedType": "gemini-api-key"}},
        "telemetry": {"enabled": False},
    }
    _write(home / ".gemini" / "settings.json", settings)
    return {
        "GEMINI_API_KEY": "dummy",
        "GOOGLE_GEMINI_BASE_URL": url,
        "GEMINI_CLI_TRUST_WORKSPACE": "true",
        "GEMINI_CLI_NO_RELAUNCH": "true",
    }


def _settle_qwen(home: Path, url: str) -> dict[str, str]:
    settings = {
        "general": {"enableAutoUpdate": False},
        "privacy": {"usageStatisticsEnabled": False},
        "telemetry": {"enabled": False},
        "security": {"auth": {"selectedType": "openai"}},
    }
    _write(home / ".qwen" / "settings.json", settings)
    return {"OPENAI_API_KEY": "dummy", "OPENAI_BASE_URL": f"{url}/v1", "OPENAI_MODEL": "qwen-stub"}


def _settle_pi(home: Path, url: str) -> dict[str, str]:
    model = {
        "id": "stub-model", "name": "Stub", "reasoning": True, "input": ["text"], "contextWindow": 100_000,
        "maxTokens": 4000, "cost": {"input": 1, "output": 2, "cacheRead": 0.1, "cacheWrite": 0},
    }  # fmt: skip
    provider = {"baseUrl": f"{url}/v1", "api": "openai-completions", "apiKey": "dummy", "models": [model]}
    _write(home / ".pi" / "agent" / "models.json", {"providers": {"stub": provider}})
    return {"PI_OFFLINE": "1", "PI_SKIP_VERSION_CHECK": "1"}


def _write(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")


CLIENTS = (
    *(
        Client(
            name=name,
            rules=rules,
            settle=_settle_gemini,
            arguments=("-m", "gemini-2.5-pro", "--yolo"),
            resume=("-r", "latest"),
        )
        for name, rules in (
            ("gemini-0.61.0", _gemini),
            ("gemini-0.40.0", _gemini),
            ("gemini-0.34.0", _gemini_of_documents),
        )
    ),
    Client(
        name="qwen-0.24.4", rules=_qwen, settle=_settle_qwen, arguments=("--yolo",), resume=("--continue",)
    ),
    *(
        Client(
            name=name,
            rules=_pi,
            settle=_settle_pi,
            arguments=("--provider", "stub", "--model", "stub-model"),
            resume=("--continue",),
        )
        for name in ("pi-0.87.1", "pi-0.74.2")
    ),
)


@pytest.fixture(scope="module", params=CLIENTS, ids=lambda client: client.name)
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """A session of a real client, resumed once; skipped where the client is not installed."""
    client: Client = request.param
    command = install.command(client.name)
    if command is None:
        missing = f"{client.name} is not installed: python tests/clients/install.py {client.name}"
        if os.environ.get("REENACT_REQUIRE_CLIENTS") == "all":
            pytest.fail(missing)
        pytest.skip(missing)
    home = tmp_path_factory.mktemp(client.name.partition("-")[0])
    cwd = home / "code" / "todo"
    cwd.mkdir(parents=True)
    (cwd / "README.md").write_text("# todo\nThe magic number is 42.\n", encoding="utf-8")
    with RulesEndpoint(client.rules(cwd)) as endpoint:
        variables = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}
        variables |= client.settle(home, endpoint.url)
        for arguments in (("-p", "what is the magic number"), (*client.resume, "-p", "And again")):
            done = subprocess.run(
                [*command, *client.arguments, *arguments],
                cwd=cwd, env=variables, capture_output=True, text=True, timeout=100, check=False,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr[-2000:]
    assert endpoint.strays == []
    return Played(client=client, home=home, cwd=cwd, endpoint=endpoint)


def _sums(spent: list[Spent]) -> dict[str, int]:
    return {
        "input": sum(each.prompt - each.cached for each in spent),
        "cache_read": sum(each.cached for each in spent),
        "output": sum(each.output for each in spent),
    }


def _own(rows: list[SessionRow]) -> dict[str, int]:
    return {
        name: sum(getattr(row.own.tokens, name) for row in rows) for name in ("input", "cache_read", "output")
    }


def test_usage_is_what_went_over_the_wire(played: Played, tmp_path: Path) -> None:
    with imported(tmp_path, played.home) as archive:
        rows = archive.sessions()
        main = [row for row in rows if row.kind == "main"]
        sub = [row for row in rows if row.kind == "subagent" and not row.hidden]
        assert len(main) == 1
        assert _own(main) == _sums(played.endpoint.lane("main"))
        beside = _sums(played.endpoint.lane("unlogged"))  # 0.34: only where its minute was another one
        assert _own(sub) == _sums(played.endpoint.lane("sub")) or (sub and _own(sub) == beside)
        hidden = [row for row in rows if row.hidden]
        assert _own(hidden) == _sums(played.endpoint.lane("side"))


def test_calls_texts_and_places_are_those_of_the_run(played: Played, tmp_path: Path) -> None:
    with imported(tmp_path, played.home) as archive:
        rows = [row for row in archive.sessions() if not row.hidden]
        (main,) = (row for row in rows if row.kind == "main")
        assert main.title == "what is the magic number"
        assert main.cwd == str(played.cwd)
        assert (main.loops, main.warnings) == (2, 0)
        asked = Counter(
            name
            for each in played.endpoint.books
            if each.rule and each.lane != "unlogged"
            for name, _ in each.rule.calls
        )
        called = Counter(
            event.body.name for row in rows for event in archive.events(row.id) if isinstance(event.body, ToolCalled)
        )  # fmt: skip
        assert called == asked
        said = texts(archive, main)
        assert FINAL in said
        assert AGAIN in said
        assert all(row.parent == main.id for row in rows if row.kind == "subagent")
        spawned = [event for event in archive.events(main.id) if isinstance(event.body, AgentSpawned)]
        lanes = {each.lane for each in played.endpoint.books}
        assert len(spawned) == len(lanes & {"sub", "unlogged"})


def test_ends_of_calls_and_changes_of_files_are_told(played: Played, tmp_path: Path) -> None:
    with imported(tmp_path, played.home) as archive:
        (main,) = (row for row in archive.sessions() if row.kind == "main")
        bodies = [event.body for event in archive.events(main.id)]
        ended = [body for body in bodies if isinstance(body, ToolFinished)]
        assert Counter(body.ok for body in ended)[False] == 2
        assert 3 in {body.exit_code for body in ended}
        changed = [body for body in bodies if isinstance(body, FileChanged)]
        assert [(Path(body.path).name, body.after) for body in changed] == [("out.txt", "42\n")]


def test_every_line_is_booked_and_understood_and_twice_is_once(played: Played, tmp_path: Path) -> None:
    with imported(tmp_path, played.home) as archive:
        assert [account for account in archive.accounts() if not account.balances] == []
        assert archive.store.drift() == []
        before = answers(archive)
        archive.catch_up()
        assert answers(archive) == before
    with opened(tmp_path / "backwards", played.home) as archive:
        for item in reversed(archive.find()):
            archive.catch_up([item])
        assert answers(archive) == before

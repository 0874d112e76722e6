"""Gemini CLI, Qwen Code and Pi on a bad day: an error on the way, calls side by side, two at once in one folder."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from tests.clients import install
from tests.clients.rules_endpoint import Rule, RulesEndpoint
from tests.e2e.test_more_clients import CLIENTS, Client, _own, _spent, _sums
from tests.ingest.machines import imported

from reenact.events.blocks import Text
from reenact.events.bodies import FileChanged, ToolCalled, ToolFinished

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reenact.archive import Archive
    from reenact.store import SessionRow

pytestmark = pytest.mark.e2e
NEWEST = ("gemini-0.61.0", "qwen-0.24.4", "pi-0.87.1")
TOOLS = {
    "gemini": ("run_shell_command", "write_file", "read_file", "file_path"),
    "qwen": ("run_shell_command", "write_file", "read_file", "file_path"),
    "pi": ("bash", "write", "read", "path"),
}


class Desk:
    """A home with a project in it, and a client that works there against a scripted model."""

    def __init__(self, root: Path, client: Client, rules: Sequence[Rule]) -> None:
        self.client = client
        self.home = root / "home"
        self.cwd = self.home / "code" / "todo"
        self.cwd.mkdir(parents=True)
        (self.cwd / "README.md").write_text("# todo\nThe magic number is 42.\n", encoding="utf-8")
        beside = Rule(when="", text="Nothing to keep.", spent=_spent(700, 7), lane="side", times=9)
        self.endpoint = RulesEndpoint([*rules, *([beside] if client.name.startswith("qwen") else [])])

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        variables = {"PATH": os.environ["PATH"], "HOME": str(self.home), "LANG": "C.UTF-8"}
        return subprocess.Popen(
            [*(install.command(self.client.name) or []), *self.client.arguments, *arguments],
            cwd=self.cwd,
            env=variables | self.client.settle(self.home, self.endpoint.url),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def play(self, *starts: tuple[str, ...]) -> None:
        """Starts the client so often, one after the other."""
        with self.endpoint:
            for one in starts:
                _ended(self.start(*one))
        assert self.endpoint.strays == []


def _ended(process: subprocess.Popen[str]) -> None:
    _, said = process.communicate(timeout=100)
    assert process.returncode == 0, said[-2000:]


@pytest.fixture(params=NEWEST)
def client(request: pytest.FixtureRequest) -> Client:
    """A client that is installed."""
    name: str = request.param
    if install.command(name) is None:
        missing = f"{name} is not installed: python tests/clients/install.py {name}"
        if os.environ.get("REENACT_REQUIRE_CLIENTS") == "all":
            pytest.fail(missing)
        pytest.skip(missing)
    return next(each for each in CLIENTS if each.name == name)


def _bad_day(desk_cwd: Path, client: Client) -> list[Rule]:
    shell, write, read, path = TOOLS[client.name.partition("-")[0]]
    return [
        Rule(when="Do three", status=500, spent=_spent(0, 0)),
        Rule(
            when="Do three",
            text="Three at once.",
            calls=(
                (shell, {"command": "echo one; exit 4"}),
                (write, {path: str(desk_cwd / "p.txt"), "content": "p\n"}),
                (read, {path: str(desk_cwd / "README.md")}),
            ),
            spent=_spent(2000, 90, 100, 5),
        ),
        Rule(when="magic number", text="Done.", spent=_spent(2500, 20, 1000)),
        Rule(when="And again", text="Still done.", spent=_spent(2600, 21, 2000)),
    ]


def test_an_error_and_calls_side_by_side_are_told_as_they_were(client: Client, tmp_path: Path) -> None:
    root = tmp_path / "machine"
    desk = Desk(root, client, _bad_day(root / "home" / "code" / "todo", client))
    desk.play(("-p", "Do three"), (*client.resume, "-p", "And again"))
    assert desk.endpoint.books[0].spent is None  # the error
    with imported(tmp_path / "archive", desk.home) as archive:
        (main,) = (row for row in archive.sessions() if row.kind == "main")
        assert _own([main]) == _sums(desk.endpoint.lane("main"))
        assert (main.title, main.loops, main.status) == ("Do three", 2, "completed")
        bodies = [event.body for event in archive.events(main.id)]
        calls = {body.call: body for body in bodies if isinstance(body, ToolCalled)}
        ends = [body for body in bodies if isinstance(body, ToolFinished)]
        assert {calls[end.call].tool_kind: (end.ok, end.exit_code in {0, None}) for end in ends} == {
            "shell": (False, False),
            "file_write": (True, True),
            "file_read": (True, True),
        }
        assert [body.after for body in bodies if isinstance(body, FileChanged)] == ["p\n"]
        assert archive.store.drift() == []
        asked = [each for each in desk.endpoint.books if each.lane == "main"][-1]
        assert sorted(_context(archive, main)) == sorted([*_asked(asked.body), "Still done."])


def _context(archive: Archive, row: SessionRow) -> list[str]:
    """Gives the texts that the model would be given now; the system's own left out."""
    bodies = {event.id: event.body for event in archive.events(row.id)}
    parts = archive.tree(row.id).at(row.events).context
    told = [bodies[part.id] for part in parts if part.role in {"user", "assistant"}]
    return [
        block.text
        for body in told
        for block in getattr(body, "blocks", ())
        if isinstance(block, Text)
    ]  # fmt: skip


def _asked(body: dict[str, Any]) -> list[str]:
    """Gives the texts of a request; what only Qwen Code's wire knows (reminders) left out."""
    found: list[str] = []
    for message in body.get("contents") or body["messages"]:
        parts = message.get("parts") or message.get("content") or []
        if message["role"] not in {"user", "assistant", "model"}:
            continue
        whole = [{"type": "text", "text": parts}] if isinstance(parts, str) else parts
        found += [part["text"] for part in whole if "text" in part and not part.get("thought")]
    return [text for text in found if not text.startswith("<system-reminder>")]


def test_two_at_once_in_one_folder_are_two_sessions(client: Client, tmp_path: Path) -> None:
    rule = Rule(when="Say it twice", text="The same.", spent=_spent(1000, 10, 100), times=2)
    desk = Desk(tmp_path / "machine", client, [rule])
    with desk.endpoint:
        for process in [desk.start("-p", "Say it twice") for _ in "ab"]:
            _ended(process)
    with imported(tmp_path / "archive", desk.home) as archive:
        mains = [row for row in archive.sessions() if row.kind == "main"]
        each = msgspec.structs.astuple(mains[0].own.tokens)
        assert [msgspec.structs.astuple(row.own.tokens) for row in mains] == [each, each]
        assert _own(mains) == _sums(desk.endpoint.lane("main"))

"""`reenact watch`: lines for people, JSON for programs, commands for events; nothing recorded gets out of hand."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tests.ingest.following import ONE, TWO, append, row, rows, transcript

from reenact.archive import open_archive
from reenact.cli import watch_lines
from reenact.cli.glyphs import Look
from reenact.events import FORMAT, Event, Tokens, blocks, bodies
from reenact.store import SessionRow, Sums


def session(**more: Any) -> SessionRow:
    told: dict[str, Any] = {
        "id": "s1", "native_id": "abcdefgh-1234", "agent": "claude_code", "kind": "main", "title": None,
        "cwd": None, "project": None, "models": (), "started_at": None, "ended_at": None,
        "status": "unknown", "completeness": "full", "parent": None, "parent_call": None,
        "parent_event": None, "children": (), "loops": 0, "turns": 0, "events": 1, "tool_calls": 0,
        "warnings": 0, "removed_at_source": 0, "tags": (), "hidden": False, "agent_version": None,
        "original": None, "source_path": None, "own": Sums(), "total": Sums(), "inherited": Tokens(),
    }  # fmt: skip
    return SessionRow(**{**told, **more})


def said(body: bodies.AnyBody, **look: Any) -> str | None:
    event = Event(
        v=FORMAT, seq=1, id="e", session="s1", recorded_at=0, ts=0, source_kind="recorder", body=body
    )
    line = watch_lines.line(event, session(), Look(width=look.pop("width", 100), **look))
    return None if line is None else line.plain


def text(words: str) -> tuple[blocks.AnyBlock, ...]:
    return (blocks.Text(text=words),)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (bodies.UserMessage(blocks=text("fix it"), human=True), "▌ fix it"),
        (bodies.UserMessage(blocks=text("context"), human=False), "▹ context"),
        (bodies.AssistantMessage(blocks=text("done")), "● done"),
        (bodies.AssistantMessage(blocks=text("no more"), error="rate_limit"), "✗ no more"),
        (
            bodies.ToolCalled(call="c", name="Bash", input={"command": "ls -la", "description": "lists"}),
            "▸ Bash  ls -la",
        ),
        (bodies.ToolCalled(call="c", name="Read", input={"file_path": "/a/b/c.py"}), "▸ Read  /a/b/c.py"),
        (bodies.ToolCalled(call="c", name="Stop", input=None), "▸ Stop"),
        (bodies.ToolCalled(call="c", name="X", input={"n": 3}), '▸ X  {"n":3}'),
        (bodies.ToolFinished(call="c", ok=True, output="a\nb"), "✓ a ⏎ b"),
        (bodies.ToolFinished(call="c", ok=False, error="no such file"), "✗ no such file"),
        (bodies.ToolFinished(call="c", ok=False, error="user said no", category="denied"), "⊘ user said no"),
        (bodies.PermissionAsked(tool="Bash", description="rm -r x"), "☐ may it? Bash rm -r x"),
        (bodies.PermissionAnswered(granted=True, tool="Bash"), "✓ allowed Bash"),
        (bodies.PermissionAnswered(granted=False, tool="Bash"), "⊘ denied Bash"),
        (bodies.LimitHit(scope="weekly", message="limit reached"), "▲ limit.hit limit reached"),
        (
            bodies.ParseWarning(message="torn", category="malformed", raw="", size=1),
            "▲ parse.warning malformed torn",
        ),
        (bodies.SessionEnded(status="failed"), "✗ session failed"),
        (bodies.Unknown(name="new-row", raw={}), "◌ unknown new-row"),
        (bodies.Stderr(text="oops"), "· stderr oops"),
    ],
    ids=lambda value: value.kind if hasattr(value, "kind") else "",
)
def test_s5_45_each_kind_has_a_sign_and_its_words(body: bodies.AnyBody, expected: str) -> None:
    line = said(body)
    assert line is not None
    assert line.startswith("00:00:00 claude  abcdefg…  ")
    assert line[27:] == expected


def test_s5_45_heartbeats_and_sums_have_no_line_and_reasoning_only_where_asked() -> None:
    assert said(bodies.Heartbeat()) is None
    assert said(bodies.UsageRecorded(key="k", tokens=Tokens())) is None
    thought = bodies.ReasoningBody(text="hm")
    assert said(thought) is None
    assert (said(thought, thinking=True) or "").endswith("∴ hm")


@pytest.mark.parametrize("words", ["x" * 9999, "ж" * 9999, "🙂" * 9999, "a\n" * 9999, "\u202eabc" * 999])
def test_s5_46_47_a_line_is_one_line_of_the_terminals_width_whatever_it_says(words: str) -> None:
    from rich.cells import cell_len

    line = said(bodies.UserMessage(blocks=text(words), human=True), width=80)
    assert line is not None
    assert "\n" not in line
    assert cell_len(line) <= 80


@pytest.mark.parametrize("evil", ["\x1b[2J", "\x1b]0;title\x07", "\x9b31m", "\u202e", "\r", "\x00"])
def test_recorded_text_cannot_move_the_cursor(evil: str) -> None:
    for body in (
        bodies.UserMessage(blocks=text(f"a{evil}b"), human=True),
        bodies.ToolCalled(call="c", name=f"Ba{evil}sh", input={"command": f"l{evil}s"}),
        bodies.Unknown(name=f"n{evil}", raw={}),
    ):
        assert evil not in (said(body) or evil)


# -- the command itself -----------------------------------------------------------------------


class Watching:
    """The command as people start it."""

    def __init__(self, home: Path, *words: str) -> None:
        environment = {**os.environ, "HOME": str(home), "TZ": "UTC", "REENACT_HOME": str(home / "archive")}
        for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "CLAUDE_CONFIG_DIR", "CODEX_HOME", "REENACT_CACHE"):
            environment.pop(name, None)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "reenact", "watch", *words],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, errors="replace",
        )  # fmt: skip

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def end(self, how: int = signal.SIGINT) -> tuple[int, str, str]:
        self.process.send_signal(how)
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err


@pytest.fixture
def home(tmp_path: Path) -> Path:
    transcript(tmp_path, ONE).write_bytes(rows(ONE, [1, 2]))
    return tmp_path


def until_it_watches(watching: Watching) -> None:
    assert watching.process.stderr is not None
    assert watching.process.stderr.readline().startswith("watching")


@pytest.mark.parametrize("how", [(), ("--poll",)], ids=["notified", "polled"])
def test_what_is_written_is_shown_and_an_interrupt_is_a_clean_end(home: Path, how: tuple[str, ...]) -> None:
    watching = Watching(home, *how)
    until_it_watches(watching)
    append(transcript(home, ONE), row(ONE, 3, text="do the other thing"))
    assert watching.line().rstrip().endswith("▌ do the other thing")
    code, out, err = watching.end()
    assert (code, out) == (0, "")
    assert "--since-cursor" in err
    assert "Traceback" not in err


def test_json_gives_each_event_and_a_killed_watcher_loses_nothing(home: Path) -> None:
    watching = Watching(home, "--json", "--kind", "message")
    until_it_watches(watching)
    path = transcript(home, ONE)
    append(path, row(ONE, 3))
    first: dict[str, Any] = json.loads(watching.line())
    assert set(first) == {"v", "cursor", "session", "event"}
    assert first["session"]["agent"] == "claude_code"
    watching.end(signal.SIGKILL)
    append(path, rows(ONE, [101, 102]))
    again = Watching(home, "--json", "--kind", "message", "--since-cursor", first["cursor"])
    given = [first["event"]["id"]]
    while True:
        record = json.loads(again.line())
        given.append(record["event"]["id"])
        if record["event"]["body"]["blocks"][0]["text"] == "line 102":
            break
    again.end()
    listed = subprocess.run(
        [sys.executable, "-m", "reenact", "export", "last", "--format", "jsonl"],
        env={**os.environ, "HOME": str(home), "REENACT_HOME": str(home / "archive")},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    events = [json.loads(each) for each in listed.stdout.splitlines()][1:]
    kept = [event["id"] for event in events if event["body"]["kind"].startswith("message.")]
    assert kept[kept.index(given[0]) :] == given


def test_exec_gives_events_on_stdin_and_never_to_a_shell(home: Path, tmp_path: Path) -> None:
    script = tmp_path / "take.py"
    script.write_text(
        "import sys, json\n"
        "event = json.loads(sys.stdin.read())\n"
        f"open({str(tmp_path / 'got')!r}, 'a').write(json.dumps([sys.argv[1:], event['event']['body']]) + '\\n')\n"
        "print('taken', flush=True)\n"
    )
    words = f"{sys.executable} {script} 'two words' $HOME ;"
    watching = Watching(home, "--kind", "message.user", "--exec", words, "--json")
    until_it_watches(watching)
    append(transcript(home, ONE), row(ONE, 3, text="$(touch /tmp/never) `id`"))
    assert "stdin" not in watching.line()
    assert watching.line() == "taken\n"
    watching.end()
    arguments, body = json.loads((tmp_path / "got").read_text().splitlines()[0])
    assert arguments == ["two words", "$HOME", ";"]
    assert body["blocks"][0]["text"] == "$(touch /tmp/never) `id`"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["interrupt", "terminate"])
def test_a_command_that_hangs_stops_no_import_and_ending_goes_on_before_its_event(
    home: Path, how: int
) -> None:
    begun = home / "begun"
    hang = f"import time; open({str(begun)!r}, 'a').write('x'); time.sleep(600)"
    watching = Watching(
        home, "--kind", "message", "--json", "--exec", shlex.join([sys.executable, "-c", hang])
    )
    until_it_watches(watching)
    path = transcript(home, ONE)
    append(path, rows(ONE, [3, 4, 5]))
    assert json.loads(watching.line())["event"]["body"]["blocks"][0]["text"] == "line 3"
    append(path, row(ONE, 7, text="written while it hangs"))
    with open_archive(home / "archive", variables={"HOME": str(home), "TZ": "UTC"}) as reader:
        for _ in range(600):
            reader.store.catch_up()
            if any("while it hangs" in str(event.body) for event in reader.events("last")):
                break
            time.sleep(0.05)
        else:
            pytest.fail("what was written while the command hung was not imported")
    code, _, err = watching.end(how)
    assert code == 0
    assert begun.read_text() == "x"
    cursor = err.split("--since-cursor ")[1].strip()
    again = Watching(home, "--kind", "message", "--json", "--since-cursor", cursor)
    said = [json.loads(again.line())["event"]["body"]["blocks"][0]["text"] for _ in range(4)]
    again.end()
    assert said == ["line 3", "line 4", "line 5", "written while it hangs"]


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("/no/such/program", "No such file"),
        (f"{sys.executable} -c 'import sys; sys.exit(3)'", "ended with 3"),
        (f"{sys.executable} -c 'import os; os.close(0); os.write(1, bytes(range(256)))'", ""),
    ],
    ids=["missing", "failing", "binary and deaf"],
)
def test_a_command_that_fails_is_told_for_each_event_and_stops_nothing(
    home: Path, command: str, told: str
) -> None:
    watching = Watching(home, "--kind", "message.user", "--exec", command)
    until_it_watches(watching)
    append(transcript(home, ONE), rows(ONE, range(3, 23)))
    append(transcript(home, TWO, project="-home-dev-last"), row(TWO, 1, text="the very last"))
    while "the very last" not in watching.line():
        pass
    if told:
        assert watching.process.stderr is not None
        lines = [watching.process.stderr.readline() for _ in range(11)]
        assert all("warning: " in line and told in line for line in lines)
    assert watching.end()[0] == 0


def test_a_reader_that_has_enough_ends_it_without_a_word(home: Path) -> None:
    watching = Watching(home, "--json", "--kind", "message")
    until_it_watches(watching)
    path = transcript(home, ONE)
    append(path, row(ONE, 3))
    watching.line()
    assert watching.process.stdout is not None
    assert watching.process.stderr is not None
    watching.process.stdout.close()
    append(path, row(ONE, 4))
    assert watching.process.wait(60) == 0
    with watching.process.stderr as told:
        assert told.read() == ""


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--exec", "'open"), 2),
        (("--exec", ""), 2),
        (("--since-cursor", "x"), 2),
        (("--session", "nobody"), 4),
    ],
)
def test_wrong_words_are_told(home: Path, words: tuple[str, ...], code: int) -> None:
    watching = Watching(home, *words)
    _, err = watching.process.communicate(timeout=60)
    assert watching.process.returncode == code
    assert err.startswith("error: ") or "error: " in err

"""Where Pi's sessions are found, and what is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.sources.pi.sessions import NAME, SESSION, head, journal, prompt

from reenact.sources import Environment
from reenact.sources.pi import SOURCE


def put(home: Path) -> Path:
    path = home / ".pi" / "agent" / "sessions" / "--w-todo--" / NAME
    path.parent.mkdir(parents=True)
    path.write_bytes(journal(head(), prompt("p", None, "hi")))
    (path.parent / "notes.jsonl").write_text('{"type":"note"}\n')
    (path.parent / "empty.jsonl").write_text("")
    return path


@pytest.mark.parametrize(
    "below", ["", ".pi", ".pi/agent", ".pi/agent/sessions", ".pi/agent/sessions/--w-todo--"]
)
def test_sessions_are_found_from_any_folder_above(tmp_path: Path, below: str) -> None:
    put(tmp_path)
    (found,) = SOURCE.transcripts(str(tmp_path / below))
    assert (found.hints["file"], found.hints["session"]) == (NAME, SESSION)
    assert SOURCE.retention(Environment(home=str(tmp_path)), found) is None


def test_one_file_will_do_and_another_is_told(tmp_path: Path) -> None:
    path = put(tmp_path)
    assert len(list(SOURCE.transcripts(str(path)))) == 1
    other = str(path.parent / "notes.jsonl")
    assert list(SOURCE.problems(other)) == [(other, "it holds no session of Pi")]
    assert list(SOURCE.problems(str(tmp_path))) == []
    damaged = path.with_name("2026-01-05T10-00-00-000Z_" + SESSION[::-1] + ".jsonl")
    damaged.write_bytes(b"\x00" * 64)
    assert list(SOURCE.problems(str(tmp_path))) == [(str(damaged), "it holds no session of Pi")]


def test_variables_and_settings_name_more_folders(tmp_path: Path) -> None:
    agent = tmp_path / "agent"
    agent.mkdir()
    (agent / "settings.json").write_text(json.dumps({"sessionDir": "~/mine"}))
    told = {"PI_CODING_AGENT_DIR": str(agent), "PI_CODING_AGENT_SESSION_DIR": "/srv/s"}
    environment = Environment(home="/home/dev", variables=told, extra_roots={"pi": ("/x",)})
    assert SOURCE.roots(environment) == (str(agent / "sessions"), "/srv/s", "/home/dev/mine", "/x")
    assert SOURCE.roots(Environment(home="/home/dev")) == ("/home/dev/.pi/agent/sessions",)

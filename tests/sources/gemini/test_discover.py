"""Where chats are found: every layout, folders that mirror one, single files, and what is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.sources.gemini.chats import PROJECT, ROOT, SESSION, answer, head, journal, place, prompt, whole

from reenact.sources import Environment, Transcript
from reenact.sources.gemini import SOURCE
from reenact.sources.life import folders_of

CHILD = "33333333-3333-4333-8333-333333333333"
NAME = "session-2026-11-21T10-00-11111111.jsonl"
DATA = journal(head(), prompt("p", "hi"), answer("a", "x"))


def found(root: Path) -> dict[str, Transcript]:
    return {transcript.hints["file"]: transcript for transcript in SOURCE.transcripts(str(root))}


def test_the_variable_names_the_home_and_not_the_folder() -> None:
    told = Environment(
        home="/home/dev", variables={"GEMINI_CLI_HOME": "/srv/g"}, extra_roots={"gemini": ("/x",)}
    )
    assert SOURCE.roots(told) == ("/srv/g/.gemini", "/x")
    assert SOURCE.roots(Environment(home="/home/dev")) == ("/home/dev/.gemini",)


def test_chats_of_named_projects_and_of_hashes_are_found(tmp_path: Path) -> None:
    place(tmp_path, NAME, DATA)
    place(
        tmp_path,
        "session-2025-11-21T10-00-22222222.json",
        whole(prompt("q", "old")),
        project=PROJECT,
        registry=False,
    )
    home = tmp_path / ".gemini"
    (home / "projects.json").write_text(json.dumps({"projects": {ROOT: "todo"}}))
    both = found(home)
    assert {name: transcript.layout for name, transcript in both.items()} == {
        NAME: "lines",
        "session-2025-11-21T10-00-22222222.json": "document",
    }
    assert {transcript.hints["cwd"] for transcript in both.values()} == {ROOT}


@pytest.mark.parametrize(
    "below", ["", ".gemini", ".gemini/tmp", ".gemini/tmp/todo", ".gemini/tmp/todo/chats"]
)
def test_any_folder_above_will_do(tmp_path: Path, below: str) -> None:
    place(tmp_path, NAME, DATA)
    assert list(found(tmp_path / below)) == [NAME]


def test_one_file_will_do(tmp_path: Path) -> None:
    path = place(tmp_path, NAME, DATA)
    (transcript,) = SOURCE.transcripts(str(path))
    assert transcript.hints["session"] == SESSION


def test_a_sub_agents_file_tells_the_session_above(tmp_path: Path) -> None:
    place(
        tmp_path,
        f"{SESSION}/{CHILD}.jsonl",
        journal(head(session=CHILD, kind="subagent"), prompt("p", "task")),
    )
    place(tmp_path, "session-2026-01-01T10-00-33333333.jsonl", journal(head(session=CHILD, kind="subagent")))
    files = found(tmp_path)
    assert files[f"{CHILD}.jsonl"].hints["root"] == SESSION
    assert "root" not in files["session-2026-01-01T10-00-33333333.jsonl"].hints


def test_spilled_outputs_lie_beside(tmp_path: Path) -> None:
    place(tmp_path, NAME, DATA)
    spilled = tmp_path / ".gemini" / "tmp" / "todo" / "tool-outputs" / f"session-{SESSION}" / "ls_1.txt"
    spilled.parent.mkdir(parents=True)
    spilled.write_text("everything")
    assert [sidecar.name for sidecar in found(tmp_path)[NAME].sidecars] == ["ls_1.txt"]


def test_siblings_and_strangers_are_no_chats(tmp_path: Path) -> None:
    place(tmp_path, NAME, DATA)
    project = tmp_path / ".gemini" / "tmp" / "todo"
    for name in (
        "logs.json",
        "checkpoint-tag.json",
        "checkpoints/x.json",
        "chats/notes.json",
        "chats/empty.jsonl",
    ):
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text("" if "empty" in name else '[{"sessionId":"x","projectHash":"y"}]')
    assert list(found(tmp_path)) == [NAME]
    assert list(SOURCE.problems(str(tmp_path))) == []


def test_chats_of_qwen_code_are_left_to_qwen(tmp_path: Path) -> None:
    chats = tmp_path / ".qwen" / "tmp" / PROJECT / "chats"
    chats.mkdir(parents=True)
    (chats / "session-2025-10-10T10-00-11111111.json").write_bytes(whole(prompt("p", "hi")))
    assert found(tmp_path) == {}


def test_what_looks_like_a_chat_and_is_none_is_told(tmp_path: Path) -> None:
    place(tmp_path, NAME, b"<html>")
    place(tmp_path, "session-2026-01-01T10-00-44444444.jsonl", b"")
    (tmp_path / ".gemini/tmp/todo/chats/session-gone.jsonl").symlink_to(tmp_path / "nowhere")
    reasons = {Path(path).name: reason for path, reason in SOURCE.problems(str(tmp_path))}
    assert reasons[NAME] == "it holds no chat of Gemini CLI"
    assert reasons["session-2026-01-01T10-00-44444444.jsonl"] == "it is empty"
    assert "session-gone.jsonl" in reasons


def test_only_what_holds_chats_is_watched(tmp_path: Path) -> None:
    assert folders_of(SOURCE, "/home/dev/.gemini") == ("/home/dev/.gemini/tmp",)
    assert folders_of(SOURCE, str(tmp_path)) == (str(tmp_path),)


def test_nothing_there_is_nothing_found(tmp_path: Path) -> None:
    assert found(tmp_path / "nowhere") == {}
    assert list(SOURCE.problems(str(tmp_path / "nowhere"))) == []

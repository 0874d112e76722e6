"""Where Qwen Code's chats are found, and what is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.sources.qwen.chats import SESSION, journal, prompt

from reenact.sources import Environment
from reenact.sources.life import folders_of
from reenact.sources.qwen import SOURCE

AGENT: dict[str, Any] = {"agentId": "helper-1", "isSidechain": True}


def put(home: Path) -> Path:
    project = home / ".qwen" / "projects" / "-code"
    (project / "chats").mkdir(parents=True)
    (project / "subagents" / SESSION).mkdir(parents=True)
    (project / "chats" / f"{SESSION}.jsonl").write_bytes(journal(prompt("p", "hi")))
    line = journal(prompt("t", "help", **AGENT))
    (project / "subagents" / SESSION / "agent-helper-1.jsonl").write_bytes(line)
    (project / "subagents" / SESSION / "agent-helper-1.meta.json").write_text("{}")
    (project / "memory").mkdir()
    (project / "memory" / "x.jsonl").write_bytes(journal(prompt("m", "no")))
    (home / ".qwen" / "usage_record.jsonl").write_text('{"version":1}\n')
    return home


def test_the_variables_name_its_folders() -> None:
    told = {"QWEN_HOME": "~/q", "QWEN_RUNTIME_DIR": "/run/q"}
    assert SOURCE.roots(Environment(home="/home/dev", variables=told)) == ("/home/dev/q", "/run/q")
    assert SOURCE.roots(Environment(home="/home/dev", extra_roots={"qwen": ("/x",)})) == (
        "/home/dev/.qwen",
        "/x",
    )


@pytest.mark.parametrize("below", ["", ".qwen", ".qwen/projects", ".qwen/projects/-code"])
def test_chats_and_sub_agents_are_found(tmp_path: Path, below: str) -> None:
    found = {each.hints["file"]: each for each in SOURCE.transcripts(str(put(tmp_path) / below))}
    assert set(found) == {f"{SESSION}.jsonl", "agent-helper-1.jsonl"}
    sub = found["agent-helper-1.jsonl"]
    assert (sub.hints["main"], sub.hints["session"]) == (SESSION, f"{SESSION}#helper-1")
    assert [sidecar.name for sidecar in sub.sidecars] == ["meta"]


def test_only_what_holds_chats_is_watched() -> None:
    assert folders_of(SOURCE, "/home/dev/.qwen") == ("/home/dev/.qwen/projects", "/home/dev/.qwen/tmp")


def test_rows_of_claude_code_are_none_of_qwens(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(
        '{"uuid":"a","parentUuid":null,"sessionId":"s","type":"user","message":{"role":"user","content":"hi"}}\n'
    )
    assert list(SOURCE.transcripts(str(tmp_path))) == []
    assert list(SOURCE.problems(str(path))) == [(str(path), "it holds no chat of Qwen Code")]


def test_what_lies_among_the_chats_and_is_none_is_told(tmp_path: Path) -> None:
    damaged = put(tmp_path) / ".qwen" / "projects" / "-code" / "chats" / "damaged.jsonl"
    assert list(SOURCE.problems(str(tmp_path))) == []
    damaged.write_bytes(b"\x00" * 64)
    assert list(SOURCE.problems(str(tmp_path))) == [(str(damaged), "it holds no chat of Qwen Code")]


def test_nothing_is_deleted_by_qwen(tmp_path: Path) -> None:
    environment = Environment(home=str(tmp_path))
    found = list(SOURCE.transcripts(str(put(tmp_path))))
    assert {SOURCE.retention(environment, transcript) for transcript in found} == {None}

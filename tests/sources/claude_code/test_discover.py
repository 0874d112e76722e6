from __future__ import annotations

import os
from pathlib import Path

import pytest

from reenact.sources import Transcript
from reenact.sources.claude_code import SOURCE, head

from .transcripts import OTHER, SESSION, Log, environment

AGENT = "a20e0c00114079789"


def session(path: Path, log: Log | None = None) -> Path:
    """Writes a transcript; that of a main session where nothing else is given."""
    if log is None:
        log = Log()
        log.prompt()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(log.data)
    return path


def sub(owner: str = SESSION, agent: str = AGENT) -> Log:
    log = Log(owner, agent=agent)
    log.prompt("look")
    return log


def keys(root: Path) -> dict[str, str]:
    return {found.key: str(Path(found.path).relative_to(root)) for found in SOURCE.transcripts(str(root))}


def only(root: Path) -> Transcript:
    (found,) = SOURCE.transcripts(str(root))
    return found


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, ("{home}/.claude", "{home}/.config/claude")),
        ({"XDG_CONFIG_HOME": "/xdg"}, ("{home}/.claude", "/xdg/claude")),
        ({"CLAUDE_CONFIG_DIR": "/one"}, ("/one",)),
        ({"CLAUDE_CONFIG_DIR": " /one , ~/two,/one,"}, ("/one", "{home}/two")),
    ],
    ids=["home", "XDG", "its own variable", "a list"],
)
def test_the_roots_are_where_the_agent_looks(
    tmp_path: Path, variables: dict[str, str], expected: tuple[str, ...]
) -> None:
    found = SOURCE.roots(environment(tmp_path, **variables))
    assert found == tuple(path.format(home=tmp_path) for path in expected)


def test_every_layout_is_found_from_a_home_folder(tmp_path: Path) -> None:
    project = tmp_path / ".claude" / "projects" / "-home-dev-code"
    session(project / f"{SESSION}.jsonl")
    session(project / "agent-a51b196.jsonl", sub(agent="a51b196"))
    session(project / SESSION / "subagents" / f"agent-{AGENT}.jsonl", sub())
    session(
        project / SESSION / "subagents" / "workflows" / "wf" / "agent-abcdef1.jsonl", sub(agent="abcdef1")
    )
    session(project / SESSION / "subagents" / "agent-acompact-946d2b.jsonl", sub(agent="acompact-946d2b"))
    session(tmp_path / ".config" / "claude" / "projects" / "-p" / f"{OTHER}.jsonl", Log(OTHER))
    (tmp_path / ".config" / "claude" / "projects" / "-p" / f"{OTHER}.jsonl").write_bytes(b"{}\n")
    assert set(keys(tmp_path)) == {
        SESSION,
        OTHER,
        f"{SESSION}/a51b196",
        f"{SESSION}/{AGENT}",
        f"{SESSION}/abcdef1",
        f"{SESSION}/acompact-946d2b",
    }


@pytest.mark.parametrize("part", ["", ".claude", ".claude/projects", ".claude/projects/-p"])
def test_any_folder_above_is_a_root(tmp_path: Path, part: str) -> None:
    session(tmp_path / ".claude" / "projects" / "-p" / f"{SESSION}.jsonl")
    assert only(tmp_path / part).key == SESSION


def test_what_is_no_transcript_is_passed_over(tmp_path: Path) -> None:
    project = tmp_path / "projects" / "-p"
    session(project / f"{SESSION}.jsonl")
    session(project / f"{SESSION}.jsonl.compact.tmp.0a1b")
    session(project / SESSION / "subagents" / "workflows" / "wf" / "journal.jsonl")
    session(project / SESSION / "tool-results" / "x.jsonl")
    (project / f"{OTHER}.jsonl").touch()
    (tmp_path / "history.jsonl").write_text('{"display":"x"}\n')
    assert set(keys(tmp_path)) == {SESSION}
    assert list(SOURCE.problems(str(tmp_path))) == []


def test_a_single_file_is_known_by_its_name_or_by_its_rows(tmp_path: Path) -> None:
    assert only(session(tmp_path / f"{OTHER}.jsonl")).key == OTHER
    assert only(session(tmp_path / "00_copy.full.jsonl")).key == SESSION
    copied = only(session(tmp_path / "copy-of-agent.jsonl", sub()))
    assert (copied.key, copied.hints["owner"]) == (f"{SESSION}/{AGENT}", "rows")
    old = only(session(tmp_path / "agent-a51b196.jsonl", sub(OTHER, "a51b196")))
    assert (old.key, old.hints) == (f"{OTHER}/a51b196", {"file": "agent-a51b196.jsonl", "owner": "rows"})


def test_a_file_tells_how_it_lies_on_disk(tmp_path: Path) -> None:
    path = session(tmp_path / f"{SESSION}.jsonl")
    found = only(path)
    status = path.stat()
    assert (found.size, found.mtime_ns, found.inode) == (status.st_size, status.st_mtime_ns, status.st_ino)
    assert (found.agent, found.encoding, found.layout) == ("claude_code", "plain", "lines")


def test_sidecars_are_spills_of_the_session_and_the_meta_file_of_an_agent(tmp_path: Path) -> None:
    project = tmp_path / "projects" / "-p"
    session(project / f"{SESSION}.jsonl")
    agent = session(project / SESSION / "subagents" / f"agent-{AGENT}.jsonl", sub())
    meta = agent.with_name(f"agent-{AGENT}.meta.json")
    meta.write_text("{}")
    spill = project / SESSION / "tool-results" / "b0q.txt"
    spill.parent.mkdir()
    spill.write_text("long")
    found = {transcript.key: transcript.sidecars for transcript in SOURCE.transcripts(str(tmp_path))}
    assert [(one.name, one.path) for one in found[SESSION]] == [("tool-results/b0q.txt", str(spill))]
    assert [(one.name, one.path) for one in found[f"{SESSION}/{AGENT}"]] == [("meta.json", str(meta))]


def test_links_pipes_and_unreadable_things_are_problems_or_nothing(tmp_path: Path) -> None:
    project = tmp_path / "projects" / "-p"
    session(project / f"{SESSION}.jsonl")
    (project / "loop").symlink_to(project)
    (project / "self.jsonl").symlink_to(project / "self.jsonl")
    (project / "gone.jsonl").symlink_to(project / "nowhere")
    os.mkfifo(project / "pipe.jsonl")
    (project / "folder.jsonl").mkdir()
    assert set(keys(tmp_path)) == {SESSION}
    told = {Path(path).name: reason for path, reason in SOURCE.problems(str(tmp_path))}
    assert set(told) == {"self.jsonl", "gone.jsonl", "pipe.jsonl"}
    assert told["pipe.jsonl"] == "not a regular file"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    closed = tmp_path / "projects" / "-closed"
    closed.mkdir(parents=True)
    closed.chmod(0)
    try:
        assert list(SOURCE.problems(str(tmp_path))) == [(str(closed), "Permission denied")]
    finally:
        closed.chmod(0o700)


def test_a_file_that_cannot_be_opened_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = session(tmp_path / "unnamed.jsonl")

    def closed(path: str) -> tuple[list[bytes], bool]:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(head, "_first_lines", closed)
    assert list(SOURCE.transcripts(str(tmp_path))) == []
    assert list(SOURCE.problems(str(tmp_path))) == [(str(path), "Permission denied")]


def test_lines_of_other_agents_are_not_ours_and_no_problem_either(tmp_path: Path) -> None:
    other = tmp_path / "rollout-x.jsonl"
    other.write_text('{"timestamp":"t","type":"session_meta","payload":{}}\n')
    assert list(SOURCE.transcripts(str(tmp_path))) == []
    assert list(SOURCE.problems(str(tmp_path))) == []
    assert list(SOURCE.problems(str(other))) == [(str(other), "JSON lines, but not those of Claude Code")]


def test_a_first_row_whose_type_is_no_text_stops_no_search(tmp_path: Path) -> None:
    (tmp_path / "odd.jsonl").write_text('{"type":{},"uuid":"u"}\n{"type":[],"leafUuid":"u"}\n')
    path = session(tmp_path / f"{SESSION}.jsonl")
    assert keys(tmp_path) == {SESSION: path.name}


def test_nothing_there_is_no_problem(tmp_path: Path) -> None:
    assert list(SOURCE.transcripts(str(tmp_path / "gone"))) == []
    assert list(SOURCE.problems(str(tmp_path / "gone"))) == []
    [(path, reason)] = SOURCE.problems("\0")
    assert path == "\0"
    assert "embedded null" in reason  # "byte" or "character in path", as Python's version has it


def test_an_empty_file_is_a_problem_only_for_who_asked_for_it(tmp_path: Path) -> None:
    empty = tmp_path / f"{SESSION}.jsonl"
    empty.touch()
    assert list(SOURCE.problems(str(tmp_path))) == []
    assert list(SOURCE.problems(str(empty))) == [(str(empty), "the file is empty")]


def test_a_wrong_file_under_a_right_name_is_named_as_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "projects" / "-p" / f"{SESSION}.jsonl"
    path.parent.mkdir(parents=True)
    path.write_bytes(os.urandom(4096).replace(b"\n", b" ") + b"\n")
    assert list(SOURCE.problems(str(tmp_path))) == [(str(path), "not JSON lines")]


def test_a_damaged_row_is_no_reason_to_call_a_file_wrong(tmp_path: Path) -> None:
    log = Log()
    log.prompt()
    row = log.data.strip()
    for name, data in {
        "spliced": row[:60] + row,
        "nul": b"\x00" * 64 + row,
        "encoding": row.replace(b"Do it", b"\xff\xfe"),
        "surrogate": row.replace(b"Do it", b"\\ud800"),
    }.items():
        (tmp_path / f"{name}.jsonl").write_bytes(data + b"\n")
    assert [found.key for found in SOURCE.transcripts(str(tmp_path))] == [SESSION] * 4
    assert list(SOURCE.problems(str(tmp_path))) == []


def test_names_that_tell_enough_cost_no_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = tmp_path / "projects" / "-p"
    session(project / f"{SESSION}.jsonl")
    session(project / SESSION / "subagents" / f"agent-{AGENT}.jsonl", sub())

    def refuse(path: str) -> tuple[list[bytes], bool]:
        raise AssertionError(path)

    monkeypatch.setattr(head, "_first_lines", refuse)
    assert set(keys(tmp_path)) == {SESSION, f"{SESSION}/{AGENT}"}


def test_a_chat_of_another_agent_that_is_called_by_an_id_is_left_to_it(tmp_path: Path) -> None:
    folder = tmp_path / "chats" / "11111111-1111-4111-8111-111111111111"
    folder.mkdir(parents=True)
    path = folder / "22222222-2222-4222-8222-222222222222.jsonl"
    path.write_text('{"sessionId":"x","projectHash":"y","kind":"subagent"}\n{"id":"a","type":"user"}\n')
    assert list(SOURCE.transcripts(str(tmp_path))) == []

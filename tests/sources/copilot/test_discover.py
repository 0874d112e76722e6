"""Where sessions of Copilot CLI are found, and what is none."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from reenact.events.bodies import SessionTitled
from reenact.sources import Environment
from reenact.sources.copilot import SOURCE

from .transcripts import SESSION, Log, bodies_of, counts, home, parse


@pytest.fixture
def file(tmp_path: Path) -> Path:
    log = Log()
    log.start()
    log.prompt("Say hello")
    return home(tmp_path, log.data)


def keys(root: Path) -> list[str]:
    return [transcript.key for transcript in SOURCE.transcripts(str(root))]


def test_a_home_a_state_folder_a_session_folder_and_a_file_are_roots(file: Path, tmp_path: Path) -> None:
    for root in (tmp_path, tmp_path / ".copilot", file.parent.parent, file.parent, file):
        assert keys(root) == [SESSION]


def test_a_file_elsewhere_says_itself_whose_session_it_is(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "backup" / "log.jsonl"
    other.parent.mkdir()
    file.rename(other)
    assert keys(other) == [SESSION]


@pytest.mark.parametrize(
    "data",
    [
        b'{"type":"user","sessionId":"x","uuid":"y"}\n',
        b"<html>",
        b"\x00" * 50,
        b"",
        b'{"type":"session.start"}\n',
    ],
    ids=["another agent's", "a page", "nothing but NUL", "empty", "no data"],
)
def test_a_file_of_another_kind_is_passed_over(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(data)
    assert keys(path) == []
    assert list(SOURCE.problems(str(path))) == []


def test_an_empty_session_is_a_problem(file: Path, tmp_path: Path) -> None:
    file.write_bytes(b"")
    assert keys(tmp_path) == []
    assert list(SOURCE.problems(str(tmp_path))) == [(str(file), "it is empty")]


def test_the_variable_names_the_home(file: Path, tmp_path: Path) -> None:
    environment = Environment(home="/nobody", variables={"COPILOT_HOME": str(tmp_path / ".copilot")})
    assert SOURCE.roots(environment) == (str(tmp_path / ".copilot"),)
    assert SOURCE.roots(Environment(home="/nobody")) == ("/nobody/.copilot",)


def test_the_notes_of_a_session_are_its_title(file: Path, tmp_path: Path) -> None:
    notes = 'id: x\nname: "A \\"fine\\" title"\nuser_named: true\ncwd: /home/dev\n'
    (file.parent / "workspace.yaml").write_text(notes)
    (transcript,) = SOURCE.transcripts(str(tmp_path))
    assert [sidecar.name for sidecar in transcript.sidecars] == ["workspace.yaml"]
    parsed = parse(file.read_bytes(), sidecars={"workspace.yaml": notes.encode()})
    assert [(body.title, body.by) for body in bodies_of(parsed, SessionTitled)] == [
        ('A "fine" title', "user")
    ]


def test_rows_of_a_session_with_records_of_its_own_are_not_kept(tmp_path: Path) -> None:
    log = Log()
    log.start()
    log.prompt("Say hello")
    log.answer("Hello.", usage=counts(500, 5))
    home(tmp_path, log.data)
    store = tmp_path / ".copilot" / "session-store.db"
    database = apsw.Connection(str(store))
    database.execute(
        "CREATE TABLE assistant_usage_events (id INTEGER, session_id TEXT, model TEXT)"
    ).fetchall()
    database.execute("INSERT INTO assistant_usage_events VALUES (1, ?, 'gpt-5.5')", (SESSION,)).fetchall()
    database.close()
    with SOURCE.open_rows(f"{store}#{SESSION}") as stream:
        assert stream.read() == b""

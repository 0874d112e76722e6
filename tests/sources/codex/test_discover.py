from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import zstandard

from reenact.sources import Environment
from reenact.sources.codex import SOURCE

from .rows import CHILD, PARENT, as_bytes, context, meta, prompt


def rollout(
    home: Path, thread: str = PARENT, *, folder: str = "sessions/2026/11/21", suffix: str = ".jsonl"
) -> Path:
    path = home / folder / f"rollout-2026-11-21T01-00-00-{thread}{suffix}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(as_bytes([meta(thread), *prompt("Go")]))
    return path


def keys(root: Path) -> list[str]:
    return sorted(each.key for each in SOURCE.transcripts(str(root)))


def test_the_home_is_what_its_variable_says_else_below_the_users() -> None:
    assert SOURCE.roots(Environment(home="/home/dev")) == ("/home/dev/.codex",)
    told = Environment(
        home="/home/dev", variables={"CODEX_HOME": "/c"}, extra_roots={"codex": ("/more",), "other": ("/no",)}
    )
    assert SOURCE.roots(told) == ("/c", "/more")


@pytest.mark.parametrize("place", [".", ".codex", ".codex/sessions", ".codex/sessions/2026"])
def test_any_folder_around_the_sessions_will_do(tmp_path: Path, place: str) -> None:
    rollout(tmp_path / ".codex")
    assert keys(tmp_path / place) == [PARENT]


def test_a_single_file_will_do(tmp_path: Path) -> None:
    path = rollout(tmp_path)
    (found,) = SOURCE.transcripts(str(path))
    assert (found.key, found.path, found.layout, found.encoding) == (PARENT, str(path), "lines", "plain")
    assert found.hints["started"] == "2026-11-21T01:00:00"
    status = path.stat()
    assert (found.size, found.mtime_ns, found.inode) == (status.st_size, status.st_mtime_ns, status.st_ino)


def test_a_copy_under_an_odd_name_is_known_by_its_first_row(tmp_path: Path) -> None:
    (tmp_path / "backup of monday.jsonl").write_bytes(as_bytes([meta(CHILD), *prompt("Go")]))
    (tmp_path / f"torn-{PARENT}.jsonl").write_bytes(as_bytes([context(), *prompt("Go")]))
    (tmp_path / "packed.jsonl.zst").write_bytes(zstandard.compress(as_bytes([meta("packed-thread")])))
    document = {"session": {"id": "written-first", "timestamp": "x"}, "items": []}
    (tmp_path / "rollout-odd.json").write_text(json.dumps(document))
    assert keys(tmp_path) == sorted([CHILD, PARENT, "packed-thread", "written-first"])


def test_a_damaged_first_row_still_tells_whose_it_is(tmp_path: Path) -> None:
    torn = as_bytes([meta(CHILD)])[:-40] + b"\n" + as_bytes(prompt("Go"))
    (tmp_path / "odd.jsonl").write_bytes(torn)
    assert keys(tmp_path) == [CHILD]


def test_other_files_are_not_taken(tmp_path: Path) -> None:
    (tmp_path / "history.jsonl").write_bytes(b'{"session_id":"x","text":"Go"}\n')
    (tmp_path / "claude.jsonl").write_bytes(b'{"type":"user","sessionId":"x","uuid":"y","message":{}}\n')
    (tmp_path / "list.jsonl").write_bytes(b'["session_meta"]\n')
    (tmp_path / "text.jsonl").write_bytes(b"payload\n")
    (tmp_path / "settings.json").write_bytes(b'{"session":{"id":"x"},"items":[]}')
    (tmp_path / "bytes.jsonl").write_bytes(bytes(range(256)))
    (tmp_path / "broken.jsonl.zst").write_bytes(b'"session_meta" but no frame')
    assert keys(tmp_path) == []
    assert list(SOURCE.problems(str(tmp_path))) == []


def test_the_name_of_a_thread_comes_from_the_index(tmp_path: Path) -> None:
    rollout(tmp_path)
    rollout(tmp_path, CHILD, folder="archived_sessions")
    index = [
        {"id": PARENT, "thread_name": "Old"},
        {"id": PARENT, "thread_name": "New"},
        {"id": CHILD, "thread_name": ""},
    ]
    (tmp_path / "session_index.jsonl").write_bytes(as_bytes(index) + b"torn {\n[]\n")
    titles = {each.key: each.hints.get("title") for each in SOURCE.transcripts(str(tmp_path))}
    assert titles == {PARENT: "New", CHILD: None}


def test_what_cannot_be_read_is_named_and_the_rest_is_found(tmp_path: Path) -> None:
    rollout(tmp_path)
    day = tmp_path / "sessions" / "2026" / "11" / "21"
    names = [
        f"rollout-2026-11-21T01-00-00-{number:08d}-0000-7000-8000-000000000000.jsonl" for number in range(3)
    ]
    os.mkfifo(day / names[0])
    (day / names[1]).symlink_to(day / names[1])
    (day / names[2]).touch()
    (day / "loop").symlink_to(tmp_path / "sessions")
    assert keys(tmp_path) == [PARENT]
    found = {Path(path).name: reason for path, reason in SOURCE.problems(str(tmp_path))}
    assert set(found) == set(names)
    assert found[names[0]] == "it is not a regular file"
    assert found[names[2]] == "it is empty"


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_what_may_not_be_read_is_named(tmp_path: Path) -> None:
    path = rollout(tmp_path)
    closed = rollout(tmp_path, CHILD, folder="sessions/2027")
    path.chmod(0)
    closed.parent.chmod(0)
    try:
        assert keys(tmp_path) == []
        assert {path for path, _ in SOURCE.problems(str(tmp_path))} == {str(path), str(closed.parent)}
    finally:
        closed.parent.chmod(0o700)


def test_a_file_that_the_user_names_and_that_is_no_rollout_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "other.jsonl"
    path.write_bytes(b'{"a":1}\n')
    assert list(SOURCE.problems(str(path))) == [(str(path), "it holds no rollout of Codex")]


def test_a_root_that_is_not_there_has_nothing_and_no_problem(tmp_path: Path) -> None:
    assert keys(tmp_path / "none") == []
    assert list(SOURCE.problems(str(tmp_path / "none"))) == []
    (tmp_path / "dangling").symlink_to(tmp_path / "none")
    assert keys(tmp_path / "dangling") == []
    assert [path for path, _ in SOURCE.problems(str(tmp_path / "dangling"))] == [str(tmp_path / "dangling")]


def test_codex_deletes_nothing_of_its_own_accord(tmp_path: Path) -> None:
    rollout(tmp_path)
    (found,) = SOURCE.transcripts(str(tmp_path))
    assert SOURCE.retention(Environment(home=str(tmp_path)), found) is None

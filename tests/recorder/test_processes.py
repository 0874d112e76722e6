"""Processes: a fork records into a session of its own, many write side by side, none disturbs another."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.recorder.rooms import answer, bodies_of, events_of, request, said, tree_of

from reenact.archive import Archive
from reenact.recorder import Session

WORKER = """
import sys, reenact
with reenact.open(sys.argv[1]) as archive:
    with archive.record(agent="worker", parent=sys.argv[2] or None, cwd=sys.argv[1]) as session:
        for number in range(int(sys.argv[3])):
            session.message("user", f"{number}")
            with session.tool("t", call=f"c{number}") as tool:
                tool.finish("x" * 500)
    print(session.id, session.lost)
"""


def works(session: Session, count: int) -> None:
    for number in range(count):
        session.note(f"{os.getpid()} {number}")


def test_a_forked_worker_records_into_a_sub_agent_of_its_own(archive: Archive) -> None:
    with archive.record(agent="mine") as session:
        session.message("user", "before")
        context = multiprocessing.get_context("fork")
        workers = [context.Process(target=works, args=(session, 5)) for _ in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        session.message("assistant", "after")
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert session.degraded is None
    archive.store.catch_up()
    row = archive.session(session.id)
    assert len(row.children) == 2
    for child in row.children:
        assert archive.session(child).status == "completed"
        assert len(bodies_of(archive, child, "session.note")) == 5
    assert [event.seq for event in events_of(archive, session)] == list(
        range(1, len(events_of(archive, session)) + 1)
    )
    assert bodies_of(archive, session, "session.note") == []


@pytest.mark.slow
def test_many_processes_record_side_by_side(archive: Archive) -> None:
    """S5-71: no event is lost, whoever writes beside."""
    with archive.record(agent="mine") as session:
        session.message("user", "go")
        words = [sys.executable, "-c", WORKER, str(archive.path), session.id, "20"]
        running = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(4)]
        told = [process.communicate()[0].split() for process in running]
    assert [line[1] for line in told] == ["0"] * 4
    archive.store.catch_up()
    assert set(archive.session(session.id).children) == {line[0] for line in told}
    for name, _ in told:
        tree = tree_of(archive, name)
        calls = [step.call for step in tree.walk() if step.kind == "tool"]
        assert calls == [f"c{number}" for number in range(20)]


def test_a_session_that_somebody_else_records_is_left_to_him(
    archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    with archive.record(session="one") as first:
        first.message("user", "x")
        with archive.record(session="one") as second:
            second.message("user", "y")
            second.model_call(request(said("user", "y")), answer())
            with second.tool("t") as tool:
                tool.finish("fine")
            assert second.degraded is not None
        first.message("assistant", "z")
    assert "were not recorded" in capsys.readouterr().err
    assert first.degraded is None
    assert len(bodies_of(archive, first, "message.user")) == 1


def test_a_disk_that_fails_degrades_and_is_told_loudly(
    archive: Archive, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with archive.record() as session:
        session.message("user", "kept")
        real = os.write

        def full(handle: int, data: bytes) -> int:
            if handle > 2 and os.readlink(f"/proc/self/fd/{handle}").startswith(str(archive.path)):
                raise OSError(28, "No space left on device")
            return real(handle, data)

        with monkeypatch.context() as patch:
            patch.setattr(os, "write", full)
            session.message("assistant", "lost")
            session.model_call(request(said("user", "x" * 9000)), answer())
            with session.tool("t") as tool:
                tool.finish("also lost")
        session.model_call(request(said("user", "x" * 9000)), answer(id="m2"))
    assert session.lost == 6
    assert f"6 events of session {session.id} were not recorded" in capsys.readouterr().err
    events = events_of(archive, session)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    (exchange,) = archive.script(session.id).exchanges
    assert exchange.request == request(said("user", "x" * 9000))


@pytest.mark.parametrize("where", ["none", "plain", "detached", "packed", "worktree", "broken"])
def test_the_repository_is_read_as_far_as_it_can_be(archive: Archive, tmp_path: Path, where: str) -> None:
    work = tmp_path / "work"
    work.mkdir()
    git = ("git", "-C", str(work), "-c", "user.name=a", "-c", "user.email=a@b", "-c", "gc.auto=0")
    if where != "none":
        subprocess.run(("git", "init", "-q", "-b", "main", str(work)), check=True)
        (work / "file").write_text("1")
        subprocess.run((*git, "add", "file"), check=True)
        subprocess.run((*git, "commit", "-q", "-m", "x"), check=True)
        subprocess.run((*git, "remote", "add", "origin", "https://me:pw@host/x.git"), check=True)
        head = subprocess.run(
            (*git, "rev-parse", "HEAD"), check=True, capture_output=True, text=True
        ).stdout.strip()
    place, branch = work, "main"
    if where == "detached":
        subprocess.run((*git, "checkout", "-q", "--detach"), check=True)
    if where == "packed":
        subprocess.run((*git, "pack-refs", "--all"), check=True)
    if where == "worktree":
        place, branch = tmp_path / "tree", "side"
        subprocess.run((*git, "worktree", "add", "-q", "-b", "side", str(place)), check=True)
    if where == "broken":
        (work / ".git" / "HEAD").unlink()
    with archive.record(cwd=place) as session:
        pass
    (begun,) = bodies_of(archive, session, "session.started")
    if where in {"none", "broken"}:
        assert begun.repo is None
        return
    assert (begun.repo.head, begun.repo.dirty) == (head, False)
    assert begun.repo.branch == (None if where == "detached" else branch)
    assert begun.repo.remote == "https://host/x.git"
    (place / "file").write_text("2")
    with archive.record(cwd=place) as again:
        pass
    assert bodies_of(archive, again, "session.started")[0].repo.dirty is True

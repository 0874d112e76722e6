"""Sessions of agents without signs of life: a process in their folder tells, and its end."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.sources.gemini.chats import answer, head, journal, prompt

from reenact.archive import Archive, open_archive
from reenact.archive.agents import SOURCES
from reenact.archive.presence import Presence
from reenact.clock import ManualClock, SystemClock, to_datetime
from reenact.tree.status import GONE, Last, Life, status

pytestmark = pytest.mark.skipif(
    not os.path.exists("/proc/self/cmdline"), reason="the system tells no processes"
)
SECOND = 1_000_000
ONE, TWO = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home" / ".gemini" / "tmp").mkdir(parents=True)
    (tmp_path / "code").mkdir()
    return tmp_path / "home"


@contextmanager
def working(cwd: Path) -> Iterator[None]:
    """A process by the name of the agent, in a folder."""
    process = subprocess.Popen(
        ["gemini", "-c", "print(flush=True); input()"],
        executable=sys.executable, cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.readline()  # before that it may not bear its name yet
    try:
        yield
    finally:
        process.communicate(b"\n")


def moment(ago: float) -> str:
    return to_datetime(SystemClock().now() - int(ago * SECOND)).isoformat()


def chat(
    home: Path, session: str, *, cwd: Path, ago: float = 0.0, more: tuple[dict[str, Any], ...] = ()
) -> None:
    """Puts a chat in the middle of something, whose last event came so many seconds ago."""
    folder = home / ".gemini" / "tmp" / "code"
    (folder / "chats").mkdir(parents=True, exist_ok=True)
    (folder / ".project_root").write_text(str(cwd))
    at = moment(ago)
    said = {**prompt(f"p{session}", "Go on"), "timestamp": at}
    path = folder / "chats" / f"session-2026-11-21T10-00-{session[:8]}.jsonl"
    path.write_bytes(journal(head(session=session), said, *more))


def looked(home: Path, folder: Path) -> Archive:
    clock = ManualClock(SystemClock().now())
    archive = open_archive(folder, variables={"HOME": str(home), "TZ": "UTC"}, clock=clock)
    archive.catch_up()
    return archive


def stands(archive: Archive) -> dict[str | None, str]:
    assert isinstance(archive.clock, ManualClock)
    archive.clock.advance(2 * SECOND)  # a look at the processes counts for a second
    return {row.native_id: row.status for row in archive.standing()}


def test_a_process_in_its_folder_is_at_work_on_it_and_its_end_is_noticed(home: Path, tmp_path: Path) -> None:
    with working(tmp_path / "code"):
        chat(home, ONE, cwd=tmp_path / "code", ago=-600)  # as after ten minutes in one tool
        with looked(home, tmp_path / "archive") as archive:
            assert stands(archive) == {ONE: "working"}
            assert {row.native_id for row in archive.standing(query="is:live")} == {ONE}
    with looked(home, tmp_path / "archive") as archive:
        assert stands(archive)[ONE] != "working"  # it was never seen by this one: time alone tells


def test_what_was_seen_to_end_is_gone_at_once(home: Path, tmp_path: Path) -> None:
    with looked(home, tmp_path / "archive") as archive:
        with working(tmp_path / "code"):
            chat(home, ONE, cwd=tmp_path / "code", ago=-5)
            archive.catch_up()
            assert stands(archive) == {ONE: "working"}
        assert isinstance(archive.clock, ManualClock)
        archive.clock.advance(10 * SECOND)  # by time alone it would be at work
        assert stands(archive) == {ONE: "stale"}
        more = {**prompt("more", "Go on and on"), "timestamp": moment(-20)}
        chat(home, ONE, cwd=tmp_path / "code", ago=-5, more=(more,))  # somewhere it goes on
        archive.catch_up()
        assert stands(archive) == {ONE: "working"}


def test_who_is_gone_is_forgotten_once_time_alone_tells_it(home: Path, tmp_path: Path) -> None:
    presence = Presence(SOURCES)
    with looked(home, tmp_path / "archive") as archive:
        noticed = archive.clock.now()
        with working(tmp_path / "code"):
            chat(home, ONE, cwd=tmp_path / "code", ago=-5)
            archive.catch_up()
            presence.look(archive.sessions, noticed)
            assert len(presence.present) == len(presence) == 1
            presence.look(archive.sessions, noticed + 2 * GONE)
            assert len(presence.present) == len(presence) == 1  # at work, however long
        presence.look(archive.sessions, noticed)
        row = msgspec.structs.replace(archive.sessions()[0], ended_at=noticed)
        presence.look(archive.sessions, noticed + GONE)
        assert (len(presence), presence.is_gone(row)) == (1, True)
        presence.look(archive.sessions, noticed + GONE + 1)
        assert (len(presence), presence.is_gone(row)) == (0, False)
        assert status(Last(at=noticed), Life(), now=noticed + GONE + 1) == "stale"


def test_a_process_elsewhere_or_begun_later_tells_nothing(home: Path, tmp_path: Path) -> None:
    chat(home, ONE, cwd=tmp_path / "code", ago=120)
    (tmp_path / "other").mkdir()
    with (
        working(tmp_path / "other"),
        working(tmp_path / "code"),
        looked(home, tmp_path / "archive") as archive,
    ):
        assert stands(archive) == {ONE: "idle"}  # by the time that passed, as without processes


def test_more_sessions_than_processes_are_not_told_apart(home: Path, tmp_path: Path) -> None:
    with working(tmp_path / "code"):
        for session in (ONE, TWO):
            chat(home, session, cwd=tmp_path / "code", ago=-600)
        with looked(home, tmp_path / "archive") as archive:
            assert "working" not in stands(archive).values()
            with working(tmp_path / "code"):
                assert stands(archive) == {ONE: "working", TWO: "working"}


def test_what_ended_by_its_own_words_stays_ended(home: Path, tmp_path: Path) -> None:
    with working(tmp_path / "code"):
        done = {**answer("a", "Done."), "timestamp": moment(0)}
        chat(home, ONE, cwd=tmp_path / "code", more=(done,))
        with looked(home, tmp_path / "archive") as archive:
            assert stands(archive) == {ONE: "completed"}

"""The one thing that the page can ask to be done: keeping what agents are about to delete."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.ingest.following import ONE, TWO, claude_session, rows, transcript
from tests.ingest.machines import opened
from tests.web.conftest import HOST, Browser
from tests.web.test_following import Board

from reenact.archive import Archive
from reenact.clock import ManualClock
from reenact.web.app import page
from reenact.web.bundle import Bundle
from reenact.web.desk import Desk
from reenact.web.following import FollowerThread
from reenact.web.shelf import Shelf
from reenact.web.views import Following

OURS = {"origin": f"http://{HOST}", "x-reenact": "keep"}
STILL = Following(following=True, count=0, last_write_at=None, since=None, error=None)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Claude Code deletes its transcripts after a month unless told otherwise: one is almost that old."""
    found = tmp_path / "home"
    (found / ".claude" / "projects").mkdir(parents=True)
    now = ManualClock().now() // 1_000_000
    for name, days in ((ONE, 28), (TWO, 1)):
        path = transcript(found, name)
        path.write_bytes(rows(name, [1, 2]))
        os.utime(path, (now - days * 86_400, now - days * 86_400))
    return found


@pytest.fixture
def archive(tmp_path: Path, home: Path) -> Iterator[Archive]:
    with opened(tmp_path / "archive", home) as archive:
        yield archive


@pytest.fixture
def board() -> Board:
    board = Board(1)
    board.following = STILL
    return board


@pytest.fixture
def asking(archive: Archive, home: Path, board: Board, tmp_path: Path) -> Iterator[Browser]:
    desk = Desk(lambda: opened(archive.path, home), Shelf(None, archive.clock), readers=1)
    yield Browser(page(desk, Bundle(tmp_path / "none"), board, hosts=(HOST,)))
    desk.close()


@pytest.mark.parametrize(
    ("headers", "asked", "status"),
    [
        pytest.param(OURS, "GET /api/keep", 405, id="get"),
        pytest.param({}, "POST /api/keep", 403, id="no origin"),
        pytest.param({"origin": OURS["origin"]}, "POST /api/keep", 403, id="a form"),
        pytest.param({**OURS, "x-reenact": "other"}, "POST /api/keep", 403, id="another word"),
        pytest.param({**OURS, "origin": "null"}, "POST /api/keep", 403, id="a sandboxed page"),
        pytest.param({**OURS, "host": "evil.example"}, "POST /api/keep", 403, id="another name"),
        pytest.param({**OURS, "sec-fetch-site": "cross-site"}, "POST /api/keep", 403, id="another site"),
        pytest.param(OURS, "POST /api/sessions", 405, id="another address"),
        pytest.param(OURS, "PUT /api/keep", 405, id="another method"),
    ],
)
def test_nobody_else_can_ask(
    asking: Browser, board: Board, headers: dict[str, str], asked: str, status: int
) -> None:
    method, path = asked.split()
    assert asking.get(path, headers=headers, method=method).status == status
    assert not board.is_keeping


def test_what_is_at_risk_is_kept_and_the_rest_is_left(
    asking: Browser, board: Board, archive: Archive, home: Path
) -> None:
    assert asking.get("/api/keep", headers=OURS, method="POST").status == 202
    assert asking.get("/api/home").json["cards"]["risk"] is None
    found = tuple(archive.find())  # the start left both out
    shelf = Shelf(None, archive.clock)
    board.thread = FollowerThread(lambda: opened(archive.path, home), board, shelf, found=found)
    board.thread.run()
    assert {arrival.session for arrival in board.arrived} == {claude_session(ONE)}
    assert not board.is_keeping
    assert [risk.kept for risk in archive.risks()] == [True, False]


def test_where_nothing_is_followed_the_command_is_told(asking: Browser, board: Board) -> None:
    board.following = msgspec.structs.replace(STILL, following=False)
    answer = asking.get("/api/keep", headers=OURS, method="POST")
    assert (answer.status, answer.json["error"]["hint"]) == (503, "reenact import --all")

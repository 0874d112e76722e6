"""What the page follows: everything that is written after the import at its start, however soon."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from tests.ingest.following import ONE, TWO, Told, claude_session, rows, transcript
from tests.ingest.machines import opened

from reenact.archive import SOURCES, Archive
from reenact.errors import ReenactError
from reenact.ingest import Backfill, Follower, Found
from reenact.store import Arrival
from reenact.web.following import FollowerThread
from reenact.web.news import News
from reenact.web.shelf import Shelf
from reenact.web.views import Following


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home" / ".claude" / "projects").mkdir(parents=True)
    return tmp_path / "home"


@pytest.fixture
def archive(tmp_path: Path, home: Path) -> Iterator[Archive]:
    with opened(tmp_path / "archive", home) as archive:
        yield archive


class Board(News):
    """Takes news in the follower's own thread, and ends the following when there is enough."""

    def __init__(self, enough: int) -> None:
        super().__init__(Following(following=False, count=0, last_write_at=None, since=None, error=None))
        self.thread: FollowerThread | None = None
        self.enough = enough
        self.arrived: list[Arrival] = []
        self.errors: list[str] = []

    def post(self, arrivals: Iterable[Arrival], following: Following) -> None:
        self.arrived += arrivals
        self.errors += [following.error] if following.error else []
        if len({arrival.session for arrival in self.arrived}) >= self.enough:
            assert self.thread is not None
            self.thread.close()


def follower(archive: Archive, watch: Told) -> Follower:
    return Follower(archive.store, SOURCES, archive.environment, clock=archive.clock, watch=watch)


def followed(archive: Archive, home: Path, board: Board, found: tuple[Found, ...] = ()) -> None:
    """Follows in this thread until the board has enough."""
    shelf = Shelf(None, archive.clock)
    board.thread = FollowerThread(lambda: opened(archive.path, home), board, shelf, found=found)
    board.thread.run()


def test_what_is_written_between_the_import_and_the_watch_arrives(archive: Archive, home: Path) -> None:
    transcript(home, ONE).write_bytes(rows(ONE, [1, 2]))
    found = archive.find()
    archive.catch_up(found)
    transcript(home, TWO, project="-home-dev-code-new").write_bytes(rows(TWO, [1, 2]))
    with follower(archive, Told()) as live:
        live.begin(found, is_old=True)
        assert {arrival.session for arrival in live.step().arrivals} == {claude_session(TWO)}
        assert live.step().arrivals == ()


def test_the_page_shows_what_was_written_before_it_watched(archive: Archive, home: Path) -> None:
    transcript(home, ONE).write_bytes(rows(ONE, [1, 2]))
    found = archive.find()
    archive.catch_up(found)
    transcript(home, TWO, project="-home-dev-code-new").write_bytes(rows(TWO, [1, 2]))
    board = Board(1)
    followed(archive, home, board, found=tuple(found))
    assert {arrival.session for arrival in board.arrived} == {claude_session(TWO)}
    assert not board.errors


def test_where_the_system_tells_of_no_changes_the_log_says_so(
    archive: Archive, home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def none_left(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("watchfiles._rust_notify.RustNotify", none_left)
    transcript(home, ONE).write_bytes(rows(ONE, [1, 2]))
    board = Board(1)
    followed(archive, home, board)
    assert not board.errors
    assert "looked at by turns" in caplog.text


def test_what_the_start_left_out_stays_out(archive: Archive, home: Path) -> None:
    """A huge import leaves transcripts out until somebody asks for them: following is no way around that."""
    transcript(home, ONE).write_bytes(rows(ONE, [1, 2]))
    found = archive.find()
    transcript(home, TWO).write_bytes(rows(TWO, [1, 2]))
    with follower(archive, Told()) as live:
        live.begin(found, is_old=True)
        assert {arrival.session for arrival in live.step().arrivals} == {claude_session(TWO)}


def test_a_following_that_failed_takes_up_what_it_had_to_import(
    archive: Archive, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    transcript(home, ONE).write_bytes(rows(ONE, [1, 2]))
    run, failures = Backfill.run, [ReenactError("no room is left")]

    def failing(self: Backfill, *args: object, **more: object) -> object:
        if failures:
            raise failures.pop()
        return run(self, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Backfill, "run", failing)
    monkeypatch.setattr("reenact.web.following.AGAIN", 0.0)
    board = Board(1)
    followed(archive, home, board)
    assert board.errors == ["no room is left"]
    assert {arrival.session for arrival in board.arrived} == {claude_session(ONE)}

"""Watching: where the system gives no notifications (any more), nothing is missed and it is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.ingest.following import ONE, TWO, append, row, rows, texts, transcript
from tests.ingest.machines import opened
from watchfiles import _rust_notify

from reenact.archive import Archive
from reenact.ingest import watching

Failure = Callable[[], Exception]
FAILURES: dict[str, Failure] = {
    "no instances": lambda: _rust_notify.WatchfilesRustInternalError("Too many open files (os error 24)"),
    "no watches": lambda: OSError(28, "No space left on device"),
}


class Failing:
    """Notifications that fail at once, or when asked for the second time."""

    def __init__(self, failure: Failure, *, at_once: bool) -> None:
        self._failure = failure
        self._left = 0 if at_once else 1

    def __call__(self, *_: Any) -> Failing:
        if not self._left:
            raise self._failure()
        return self

    def watch(self, *_: Any) -> str:
        if not self._left:
            raise self._failure()
        self._left -= 1
        return "timeout"

    def close(self) -> None:
        pass


@pytest.mark.parametrize("at_once", [True, False], ids=["from the beginning", "later"])
@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES.keys())
def test_without_notifications_files_are_looked_at_and_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: Failure, *, at_once: bool
) -> None:
    home = tmp_path / "home"
    path = transcript(home, ONE)
    path.write_bytes(rows(ONE, [1, 2]))
    monkeypatch.setattr(watching, "_INTERVAL", 0.0)
    monkeypatch.setattr(_rust_notify, "RustNotify", Failing(failure, at_once=at_once))
    with opened(tmp_path / "archive", home) as archive, archive.follow() as follow:
        follow.step()
        append(path, row(ONE, 3))  # nobody tells of it
        found = follow.step()
        if not found:
            found = follow.step()
        assert texts(found) == ["line 3"]
        assert "looked at by turns" in (follow.note or "")
        transcript(home, TWO, project="-home-dev-other").write_bytes(rows(TWO, [1]))
        append(path, row(ONE, 4))
        later = [*follow.step(), *follow.step(), *follow.step()]
        assert sorted(texts(later)) == ["line 1", "line 4"]


def test_a_folder_that_cannot_be_read_hides_no_change_of_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = Failing(FAILURES["no watches"], at_once=False)
    monkeypatch.setattr(Failing, "watch", lambda *_: "timeout")  # its neighbours are not watched

    def deny(paths: list[str], *words: Any) -> Failing:
        is_ignored = words[-1]
        if not is_ignored:
            raise PermissionError(13, "Permission denied", paths[0])
        return silent

    home = tmp_path / "home"
    path = transcript(home, ONE)
    path.write_bytes(rows(ONE, [1, 2]))
    monkeypatch.setattr(watching, "_INTERVAL", 0.0)
    monkeypatch.setattr(_rust_notify, "RustNotify", deny)
    with opened(tmp_path / "archive", home) as archive, archive.follow() as follow:
        follow.step()
        append(path, row(ONE, 3))
        assert texts([*follow.step(), *follow.step()]) == ["line 3"]
        assert "Permission denied" in (follow.note or "")


def test_where_notifications_come_nothing_is_said(tmp_path: Path) -> None:
    home = tmp_path / "home"
    transcript(home, ONE).write_bytes(rows(ONE, [1]))
    with opened(tmp_path / "archive", home) as archive, archive.follow() as follow:
        follow.step()
        assert follow.note is None


def test_a_folder_that_goes_while_its_watch_begins_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: Any) -> None:
        raise FileNotFoundError("No path was found.")

    with monkeypatch.context() as patched:
        patched.setattr(_rust_notify, "RustNotify", gone)
        watch = watching.Native(lambda: [str(tmp_path)])
    watch._make = _rust_notify.RustNotify
    assert watch.wait(0.0).everything
    assert watch.wait(0.0) == watching.Noticed()
    watch.close()


def test_polling_notices_what_was_written_while_the_archive_caught_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    path = transcript(home, ONE)
    path.write_bytes(rows(ONE, [1, 2]))
    catch_up = Archive.catch_up

    def slowly(self: Archive, *given: Any, **more: Any) -> Any:
        report = catch_up(self, *given, **more)
        append(path, row(ONE, 3))
        return report

    monkeypatch.setattr(Archive, "catch_up", slowly)
    with (
        opened(tmp_path / "archive", home) as archive,
        archive.follow(polled=True) as follow,
    ):
        assert texts([*follow.step(), *follow.step()]) == ["line 3"]

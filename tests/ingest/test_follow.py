"""Following: each event once, as a later import would make it, whatever happens to the file meanwhile."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.ingest.following import (
    ONE,
    TWO,
    Told,
    append,
    claude_session,
    following,
    row,
    rows,
    seen,
    texts,
    transcript,
)
from tests.ingest.machines import answers, imported, opened

from reenact.archive import Archive
from reenact.clock import ManualClock
from reenact.errors import UsageError
from reenact.events import Header, bodies
from reenact.ids import CountingMinter
from reenact.recorder import Recorder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home" / ".claude" / "projects").mkdir(parents=True)
    return tmp_path / "home"


@pytest.fixture
def archive(tmp_path: Path, home: Path) -> Iterator[Archive]:
    with opened(tmp_path / "archive", home) as archive:
        yield archive


def same_as_backfill(archive: Archive, home: Path, tmp_path: Path) -> None:
    with imported(tmp_path / "later", home) as later:
        assert answers(archive) == answers(later)


def test_a_new_transcript_and_what_is_added_to_it_arrive(
    archive: Archive, home: Path, tmp_path: Path
) -> None:
    watch = Told()
    path = transcript(home, ONE)
    with following(archive, watch) as live:
        assert live.step() == []
        path.write_bytes(rows(ONE, [1, 2]))
        watch.tell(path)
        first = live.step()
        assert texts(first) == ["line 1", "line 2"]
        append(path, row(ONE, 3))
        watch.tell(path)
        assert texts(live.step()) == ["line 3"]
        assert live.step() == []
    same_as_backfill(archive, home, tmp_path)


def test_what_was_there_before_does_not_arrive(archive: Archive, home: Path) -> None:
    path = transcript(home, ONE)
    path.write_bytes(rows(ONE, [1, 2]))
    watch = Told()
    with following(archive, watch) as live:
        append(path, row(ONE, 3))
        watch.tell(path)
        assert texts(live.step()) == ["line 3"]


def test_s5_68_half_a_line_is_no_event_and_no_warning(archive: Archive, home: Path, tmp_path: Path) -> None:
    path, watch, line = transcript(home, ONE), Told(), row(ONE, 3)
    path.write_bytes(rows(ONE, [1, 2]))
    with following(archive, watch) as live:
        for piece in (line[:40], line[40:90], line[90:-1]):
            append(path, piece)
            watch.tell(path)
            found = live.step()
            assert [each.event.body.kind for each in found if each.event.body.kind == "parse.warning"] == []
        whole = texts(found)
        append(path, b"\n")
        watch.tell(path)
        assert whole + texts(live.step()) == ["line 3"]
    same_as_backfill(archive, home, tmp_path)


def test_s5_69_a_file_that_was_replaced_by_a_shorter_one_is_read_from_its_beginning(
    archive: Archive, home: Path
) -> None:
    path, watch = transcript(home, ONE), Told()
    path.write_bytes(rows(ONE, [1, 2, 3, 4]))
    with following(archive, watch) as live:
        path.write_bytes(rows(ONE, [1, 2]) + row(ONE, 7))
        watch.tell(path)
        assert texts(live.step()) == ["line 7"]
        append(path, row(ONE, 8))
        watch.tell(path)
        assert texts(live.step()) == ["line 8"]
    kept = [event.id for event in archive.events(claude_session(ONE))]
    assert len(kept) == len(set(kept))
    prompts = [event for event in archive.events(claude_session(ONE)) if event.body.kind == "message.user"]
    assert len(prompts) == 3  # 1, 3 and 7: nothing that was kept went away


def test_rows_that_a_rewrite_puts_between_others_arrive_alone(archive: Archive, home: Path) -> None:
    path, watch = transcript(home, ONE), Told()
    path.write_bytes(rows(ONE, [1, 2, 5, 6]))
    with following(archive, watch) as live:
        fresh = path.with_suffix(".tmp")
        fresh.write_bytes(rows(ONE, [1, 2, 3, 4, 5, 6]))
        fresh.replace(path)
        watch.tell(path, fresh)
        assert sorted(texts(live.step())) == ["line 3", "line 4"]


def test_a_truncated_file_that_grows_again_repeats_nothing(
    archive: Archive, home: Path, tmp_path: Path
) -> None:
    path, watch = transcript(home, ONE), Told()
    path.write_bytes(rows(ONE, range(1, 7)))
    with following(archive, watch) as live:
        path.write_bytes(rows(ONE, [1, 2]))
        watch.tell(path)
        assert live.step() == []
        append(path, rows(ONE, range(3, 10)))
        watch.tell(path)
        assert texts(live.step()) == ["line 7", "line 8", "line 9"]
    same_as_backfill(archive, home, tmp_path)


def test_sub_agents_that_appear_later_are_followed_with_their_meta_data(
    archive: Archive, home: Path, tmp_path: Path
) -> None:
    path, watch = transcript(home, ONE), Told()
    path.write_bytes(rows(ONE, [1]))
    agent = "a" * 17
    folder = path.with_suffix("") / "subagents"
    with following(archive, watch) as live:
        folder.mkdir(parents=True)
        watch.tell(folder.parent)  # the folder is all that the system told of
        (folder / f"agent-{agent}.jsonl").write_bytes(rows(ONE, [1, 2], agent=agent))
        found = live.step()
        assert texts(found) == ["line 1", "line 2"]
        child = found[0].event.session
        assert child != claude_session(ONE)
        meta = folder / f"agent-{agent}.meta.json"
        meta.write_text(json.dumps({"agentType": "Explore", "toolUseId": "t1", "description": "looks"}))
        watch.tell(meta)
        live.step()
        append(folder / f"agent-{agent}.jsonl", row(ONE, 3, agent=agent))
        watch.tell(folder / f"agent-{agent}.jsonl")
        assert texts(live.step()) == ["line 3"]
    same_as_backfill(archive, home, tmp_path)


def test_a_session_that_moved_to_another_folder_goes_on(archive: Archive, home: Path, tmp_path: Path) -> None:
    path, watch = transcript(home, ONE), Told()
    path.write_bytes(rows(ONE, [1, 2]))
    there = transcript(home, ONE, project="-home-dev-code-other")
    with following(archive, watch) as live:
        path.rename(there)
        watch.tell(path, there)
        assert live.step() == []
        append(there, row(ONE, 3))
        watch.tell(there)
        assert texts(live.step()) == ["line 3"]
    same_as_backfill(archive, home, tmp_path)


def test_two_transcripts_of_one_session_that_grow_at_once_bring_each_event_once(
    archive: Archive, home: Path, tmp_path: Path
) -> None:
    watch = Told()
    early, late = transcript(home, ONE), transcript(home, ONE, project="-home-dev-code-other")
    early.write_bytes(rows(ONE, [1, 2]))
    late.write_bytes(rows(ONE, [20, 21, 22]))
    with following(archive, watch) as live:
        append(late, rows(ONE, [23, 24]))  # it is looked at first, and what the other brings stands before it
        append(early, rows(ONE, [3, 4]))
        watch.tell(late, early)
        assert sorted(texts(live.step())) == ["line 23", "line 24", "line 3", "line 4"]
    same_as_backfill(archive, home, tmp_path)


def test_s5_65_sessions_that_nobody_told_of_are_found_by_looking_at_everything(
    archive: Archive, home: Path
) -> None:
    watch = Told()
    with following(archive, watch) as live:
        transcript(home, ONE).write_bytes(rows(ONE, [1]))
        assert live.step() == []
        watch.tell(everything=True)
        assert texts(live.step()) == ["line 1"]
        assert isinstance(archive.clock, ManualClock)
        transcript(home, TWO).write_bytes(rows(TWO, [1]))
        archive.clock.advance(301_000_000)  # notifications get lost: now and then all is looked at
        assert texts(live.step()) == ["line 1"]


def test_s5_67_a_broken_file_does_not_stop_the_others(archive: Archive, home: Path) -> None:
    watch = Told()
    bad, good = transcript(home, ONE), transcript(home, TWO)
    with following(archive, watch) as live:
        bad.write_bytes(b"\xff\xfe\x00 no json\n" * 3)
        good.write_bytes(rows(TWO, [1, 2]))
        watch.tell(bad, good)
        assert texts(live.step()) == ["line 1", "line 2"]


def test_s5_66_what_another_process_imported_meanwhile_arrives_once(
    archive: Archive, home: Path, tmp_path: Path
) -> None:
    path, watch = transcript(home, ONE), Told()
    path.write_bytes(rows(ONE, [1, 2]))
    with following(archive, watch) as live:
        append(path, row(ONE, 3))
        with opened(tmp_path / "archive", home) as other:
            other.catch_up()
        watch.tell(path)
        assert texts(live.step()) == ["line 3"]
        append(path, row(ONE, 4))
        watch.tell(path)
        assert texts(live.step()) == ["line 4"]
        append(path, row(ONE, 5))
        with opened(tmp_path / "archive", home) as other:
            other.catch_up()
        assert texts(live.step()) == ["line 5"]  # the index told of it: no notification came
    same_as_backfill(archive, home, tmp_path)


def test_recordings_of_other_processes_arrive(archive: Archive, home: Path, tmp_path: Path) -> None:
    watch = Told()
    with following(archive, watch) as live, opened(tmp_path / "archive", home) as other:
        header = Header(id="rec1", agent="my-agent", native_id="rec1")
        recorder = Recorder(
            other.store, header, clock=ManualClock(), minter=CountingMinter("e"), scrub=lambda value: value
        )
        recorder.record(bodies.SessionStarted(task="try it"))
        watch.tell(tmp_path / "archive" / "live" / "rec1.jsonl")
        found = live.step()
        assert [(each.session.agent, each.event.seq) for each in found] == [("my-agent", 1)]
        recorder.record(bodies.SessionEnded())
        recorder.close()
        watch.tell(tmp_path / "archive" / "live" / "rec1.jsonl")
        assert [each.event.body.kind for each in live.step()] == ["session.ended"]


def test_a_cursor_goes_on_right_behind_its_event(archive: Archive, home: Path) -> None:
    path, watch = transcript(home, ONE), Told()
    with following(archive, watch) as live:
        path.write_bytes(rows(ONE, [1, 2, 3]))
        watch.tell(path)
        found = live.step()
        append(path, row(ONE, 4))
        watch.tell(path)
        found += live.step()
        end = live.cursor
    append(path, row(ONE, 5))  # nobody looks
    for place, followed in enumerate(found):
        with following(archive, Told(), cursor=followed.cursor) as again:
            assert seen(again.step())[: len(found) - place - 1] == seen(found[place + 1 :])
    with following(archive, Told(), cursor=end) as again:
        assert texts(again.step()) == ["line 5"]


def test_a_cursor_of_an_index_that_is_gone_goes_by_time(archive: Archive, home: Path) -> None:
    path = transcript(home, ONE)
    path.write_bytes(rows(ONE, [1, 2]))
    with following(archive, Told()) as live:
        cursor = live.cursor
    archive.reindex()
    with following(archive, Told(), cursor=cursor) as again:
        assert len(texts(again.step())) == 2  # told in 2023, as the test's clock has it: both are later


def test_what_is_no_cursor_is_told(archive: Archive) -> None:
    for text in ("", "abc", "a.b.c.d", "1.2.3"):
        with pytest.raises(UsageError):
            following(archive, Told(), cursor=text)


def test_an_index_built_anew_does_not_tell_everything_again(
    archive: Archive, home: Path, tmp_path: Path
) -> None:
    path, watch = transcript(home, ONE), Told()
    path.write_bytes(rows(ONE, [1, 2]))
    assert isinstance(archive.clock, ManualClock)
    archive.clock.advance(10 * 365 * 86_400_000_000)
    with following(archive, watch) as live:
        with opened(tmp_path / "archive", home) as other:
            other.reindex()
        assert live.step() == []


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, 4),
        ({"agents": ("codex",)}, 0),
        ({"agents": ("claude_code",)}, 4),
        ({"project": "todo"}, 4),
        ({"project": "code/todo"}, 4),
        ({"project": "/home/dev/code/todo"}, 4),
        ({"project": "/home/dev/code/to"}, 0),  # S5-78: /a/b is not /a/bc
        ({"project": "do"}, 0),
        ({"session": "one"}, 2),
        ({"kinds": ("message",)}, 4),
        ({"kinds": ("message.user",)}, 2),
        ({"kinds": ("mess",)}, 0),
    ],
    ids=str,
)
def test_s5_78_filters_choose_whole_words(
    archive: Archive, home: Path, wanted: dict[str, Any], expected: int
) -> None:
    if wanted.get("session") == "one":
        wanted = {"session": claude_session(ONE)}
    watch = Told()
    with following(archive, watch, **wanted) as live:
        for session in (ONE, TWO):
            transcript(home, session).write_bytes(rows(session, [1, 2]))
            watch.tell(transcript(home, session))
        assert len(texts(live.step())) == expected


def test_a_session_means_its_sub_agents_too(archive: Archive, home: Path) -> None:
    watch, agent = Told(), "b" * 17
    path = transcript(home, ONE)
    folder = path.with_suffix("") / "subagents"
    folder.mkdir(parents=True)
    with following(archive, watch, session=claude_session(ONE)) as live:
        path.write_bytes(rows(ONE, [1]))
        (folder / f"agent-{agent}.jsonl").write_bytes(rows(ONE, [1], agent=agent))
        watch.tell(path, folder / f"agent-{agent}.jsonl")
        assert len({each.event.session for each in live.step()}) == 2


def test_removed_sessions_stay_away(archive: Archive, home: Path) -> None:
    path, watch = transcript(home, ONE), Told()
    path.write_bytes(rows(ONE, [1, 2]))
    with following(archive, watch) as live:
        archive.remove([claude_session(ONE)])
        append(path, row(ONE, 3))
        watch.tell(path)
        assert live.step() == []


def test_a_transcript_that_vanishes_takes_nothing_with_it(archive: Archive, home: Path) -> None:
    path, watch = transcript(home, ONE), Told()
    path.write_bytes(rows(ONE, [1, 2]))
    with following(archive, watch) as live:
        path.unlink()
        watch.tell(path)
        assert live.step() == []
        shutil.rmtree(path.parent)
        watch.tell(path.parent, everything=True)
        assert live.step() == []
    assert len([event for event in archive.events(claude_session(ONE)) if "message" in event.body.kind]) == 2


def test_links_to_the_agents_folder_are_seen_through(tmp_path: Path) -> None:
    real, home = tmp_path / "disk", tmp_path / "home"
    (real / "projects").mkdir(parents=True)
    home.mkdir()
    os.symlink(real, home / ".claude")
    watch = Told()
    with opened(tmp_path / "archive", home) as archive, following(archive, watch) as live:
        path = transcript(home, ONE)
        path.write_bytes(rows(ONE, [1]))
        watch.tell(path.resolve())  # as some systems name it
        assert texts(live.step()) == ["line 1"]

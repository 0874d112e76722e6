"""Killed at any boundary of its writes, a recording holds all that was acknowledged, and says it was aborted."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.recorder.rooms import archive_in

from reenact.archive import Archive
from reenact.events import bodies
from reenact.tree import Tree

STEP = int(os.environ.get("CRASH_STEP", "5"))


@pytest.mark.crash
def test_a_killed_recording_reopens_with_every_acknowledged_event(tmp_path: Path) -> None:
    """S2-49, S2-52, S3-23, S4-37, S5-70: nothing acknowledged is lost, and recording goes on behind it."""
    aborted = sum(
        check(archive, session, told)
        for archive, by_session in killed("tests.recorder.dying", tmp_path, step=STEP, least=20)
        for session, told in by_session.items()
    )
    assert aborted >= 8


def killed(
    writer: str, folder: Path, *, step: int, least: int
) -> Iterator[tuple[Archive, dict[str, list[list[str]]]]]:
    """Yields what a writer left that was killed at every boundary, and what it knew to be kept, by session."""
    words = [sys.executable, "-m", writer, str(folder), str(step)]
    subprocess.run(words, check=True, capture_output=True)
    left = sorted(path for path in folder.iterdir() if path.is_dir() and path.name != "count")
    assert len(left) >= least
    for each in left:
        told: dict[str, list[list[str]]] = {}
        for line in (folder / f"{each.name}.told").read_text().splitlines():
            session, *words = line.split()
            told.setdefault(session, []).append(words)
        with archive_in(each) as archive:
            archive.store.catch_up()
            yield archive, told


def check(archive: Archive, session: str, told: list[list[str]]) -> bool:
    """Checks one session against what its writer knew to be kept; tells whether it was aborted in a loop."""
    events = list(archive.store.events(session))
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    kept = [[str(event.seq), event.body.kind] for event in events]
    first = int(told[0][0]) - 1
    assert kept[first : first + len(told)] == told
    row = archive.session(session)
    if any(isinstance(event.body, bodies.SessionEnded) for event in events):
        return False
    assert row.status == "aborted"
    tree = archive.tree(session)
    open_loops = [loop for loop in tree.loops if loop.status == "aborted"]
    begun = [event.loop for event in events if isinstance(event.body, bodies.LoopStarted)]
    ended = [event.loop for event in events if isinstance(event.body, bodies.LoopEnded)]
    assert [loop.id for loop in open_loops] == [loop for loop in begun if loop not in ended]
    for loop in open_loops:
        assert loop.ended_at == max(event.ts or 0 for event in events if event.loop == loop.id)
        keeps_what_it_had(tree, loop.id)
    goes_on(archive, session, len(events))
    return bool(open_loops)


def keeps_what_it_had(tree: Tree, name: str) -> None:
    loop = tree.loop(name)
    assert loop is not None
    steps = [*loop.steps, *(step for turn in loop.turns for step in turn.steps)]
    assert steps
    if loop.turns and not loop.turns[-1].is_complete:
        assert loop.turns[-1].steps


def goes_on(archive: Archive, session: str, count: int) -> None:
    """What is recorded behind the torn tail is whole, and nothing before it has changed."""
    with archive.record(session=session) as again:
        assert again.id == session
        again.message("user", "go on")
    archive.store.catch_up()
    events = list(archive.store.events(session))
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert events[count].body.kind == "session.started"
    assert [loop.status for loop in archive.tree(session).loops][-1] == "completed"

"""A reel says of every position what the fold says of it, and comes back from its file as it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.sessions import hostile, ordinary
from tests.tree.builders import SECOND, START, Script
from tests.web.conftest import write

from reenact.archive import Archive
from reenact.clock import ManualClock
from reenact.events import Header, bodies
from reenact.web import columns, contexts, kinds, shelf, state, streaming
from reenact.web.desk import Reading
from reenact.web.reel import Reel, decode, encode
from reenact.web.shelf import Shelf
from reenact.web.texts import Cutter


@pytest.fixture
def reading(filled: Archive, folder: Path, clock: ManualClock) -> Reading:
    return Reading(filled, Shelf(folder / "archive" / "cache", clock), lambda work: None)


@pytest.fixture
def reel(reading: Reading) -> Reel:
    return reading.reel(reading.row("s1"))


def test_every_position_has_the_files_plans_and_context_of_the_fold(reading: Reading, reel: Reel) -> None:
    tree = reading.archive.tree("s1")
    cutter = Cutter(reading.archive.guard.text)
    for seq in range(1, tree.last + 1):
        view = tree.at(seq)
        found = state.at(reel, reading, seq, cutter)
        assert [(item.path, item.op, item.last) for item in view.files] == [
            (item.path, item.op, item.last) for item in found.files
        ]
        assert [item.text for item in view.plan] == [item.text for item in found.todos]
        assert found.usage.total == view.usage.tokens.total
        assert found.model == view.setting.model
        parts = [reel.parts_seq[begin:end] for begin, end in contexts.ranges_at(reel, seq)]
        assert [place for places in parts for place in places] == [part.seq for part in view.context]
        assert {call.seq for call in found.open_calls} == {call.seq for call in view.open_calls}


def test_every_event_is_in_one_row_or_is_told_beside_one(reel: Reel, filled: Archive) -> None:
    rows = [seq for index in range(reel.steps) for seq in reel.events_of(index)]
    assert len(rows) == len(set(rows))
    tree = filled.tree("s1")
    hidden = {step.seq for step in tree.walk() if not kinds.has_row(step) and step.call is None}
    assert set(rows) | hidden == {event.seq for event in filled.events("s1")}


def test_a_reel_comes_back_from_its_bytes(reel: Reel) -> None:
    assert decode(encode(reel)) == reel
    for broken in (b"", b"nonsense", encode(reel)[:-20]):
        with pytest.raises(ValueError):
            decode(broken)


def test_a_large_session_is_read_from_the_cache_and_a_changed_one_wound_anew(
    reading: Reading, folder: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "LARGE", 5)
    row = reading.row("s1")
    made = reading.reel(row)
    reading.shelf.put(made)
    fresh = Reading(reading.archive, Shelf(folder / "archive" / "cache", clock), lambda work: None)
    assert fresh.reel_at_hand(row) == made
    (path,) = (folder / "archive" / "cache" / "reels").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_bytes(b"damaged")
    fresh = Reading(reading.archive, Shelf(folder / "archive" / "cache", clock), lambda work: None)
    assert fresh.reel_at_hand(row) is None
    assert fresh.reel(row) == made


def test_reels_that_nobody_looks_at_leave_memory(reel: Reel, clock: ManualClock) -> None:
    held = Shelf(None, clock)
    held.put(reel)
    assert held.get("s1", reel.key) is reel
    assert held.get("s1", "another state") is None
    clock.advance(400 * SECOND)
    held.tidy()
    assert held.get("s1", reel.key) is None


def test_no_more_reels_are_held_than_fit(
    reel: Reel, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    import msgspec

    monkeypatch.setattr(shelf, "MEMORY", reel.size * 2)
    held = Shelf(None, clock)
    for number in range(5):
        held.put(msgspec.structs.replace(reel, session=f"s{number}"))
    kept = [number for number in range(5) if held.get(f"s{number}", reel.key)]
    assert kept == [3, 4]


@pytest.mark.parametrize("most", [1, 2, 3, 7, 12])
def test_buckets_hold_the_worst_the_most_and_the_last_of_their_steps(reel: Reel, most: int) -> None:
    whole = columns.columns(reel, most=10_000)
    cut = columns.columns(reel, most=most)
    assert cut.bucketed
    assert len(cut.seq) == most
    assert cut.cost[-1] == whole.cost[-1]
    assert max(cut.context) == max(whole.context)
    assert (kinds.FAILED in cut.ok) is (kinds.FAILED in whole.ok)
    assert cut.seq[0] == whole.seq[0]
    assert cut.end[-1] == max(whole.end[whole.seq.index(cut.seq[-1]) :])


def test_zooming_in_gives_the_steps_between_two_positions(reel: Reel) -> None:
    part = columns.columns(reel, most=100, first=5, last=12)
    assert part.seq == tuple(seq for seq in reel.seq if 5 <= seq <= 12)
    assert all(5 <= mark.seq <= 12 for mark in part.marks)


def test_a_sub_agent_of_which_nothing_came_back_begins_at_its_call(
    archive: Archive, clock: ManualClock
) -> None:
    script = Script()
    script.human("ask a helper")
    call = bodies.ToolCalled(call="k1", name="Agent", input={"prompt": "look"}, tool_kind="sub_agent")
    asked = script.add(call).seq
    write(archive, Header(id="k", agent="claude_code", native_id="k"), script.events)
    child = Header(
        id="kc", agent="claude_code", native_id="kc", kind="subagent", parent="k", parent_call="k1"
    )
    begun = Script()
    begun.told("look", "task")
    write(archive, child, begun.events)
    reading = Reading(archive, Shelf(None, clock), lambda work: None)
    row = reading.row("k")
    reel = reading.reel(row)
    assert [(lane.session, lane.spawn_seq) for lane in reel.lanes] == [("kc", asked)]
    told = streaming.rows(reading, row, reel, 0, reel.steps)
    assert [agent.session for each in told for agent in each.agents] == ["kc"]


def test_a_long_silence_before_a_person_speaks_is_a_wait(archive: Archive, clock: ManualClock) -> None:
    script = Script()
    script.human("begin")
    script.says("done", "m1", ts=START + 10 * SECOND)
    script.human("and now", ts=START + 100 * SECOND)
    script.says("slowly", "m2", ts=START + 200 * SECOND)
    write(archive, Header(id="w1", agent="codex", native_id="w1"), script.events)
    reading = Reading(archive, Shelf(None, clock), lambda work: None)
    reel = reading.reel(reading.row("w1"))
    (wait,) = reel.waits
    assert (wait.from_seq, wait.to_seq, wait.to_ts - wait.from_ts) == (2, 3, 90_000)


@pytest.mark.parametrize("script", [ordinary(), hostile(), Script()], ids=["ordinary", "hostile", "empty"])
def test_a_session_cut_anywhere_is_wound(
    archive: Archive, clock: ManualClock, script: Script, request: pytest.FixtureRequest
) -> None:
    reading = Reading(archive, Shelf(None, clock), lambda work: None)
    name = request.node.callspec.id
    for length in range(0, len(script.events) + 1, 3):
        started = [*script.events[:length]] or [Script().add(bodies.SessionStarted(agent="codex"))]
        session = f"{name}-{length}"
        write(archive, Header(id=session, agent="codex", native_id=session), started)
        reel = reading.reel(reading.row(session))
        assert reel.last == len(started)
        state.at(reel, reading, reel.last, Cutter(str))

"""Where code runs is known to it: through calls, tasks and carried threads, and nowhere else."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.recorder.rooms import archive_in, events_of, request, said, tree_of

import reenact
from reenact.archive import Archive
from reenact.events import bodies
from reenact.recorder import Session


def test_the_innermost_session_is_the_current_one(archive: Archive) -> None:
    """S4-21: none outside, the session inside, also in a tool and in an observer."""
    seen: list[object] = []
    assert reenact.current() is None
    with archive.record(agent="outer") as outer:
        outer.observe(lambda _: seen.append(reenact.current()))
        with outer.loop(), outer.turn(), outer.tool("t"):
            assert reenact.current() is outer
            with outer.child(agent="inner") as inner:
                assert reenact.current() is inner
                outer.note("from within the child")
            assert reenact.current() is outer
    assert reenact.current() is None
    assert outer in seen
    note = next(event for event in events_of(archive, outer) if isinstance(event.body, bodies.SessionNote))
    assert note.loop is not None
    assert note.turn is not None


def test_threads_are_elsewhere_unless_they_are_carried(archive: Archive) -> None:
    found: dict[str, object] = {}

    def look(name: str) -> None:
        found[name] = reenact.current()

    with archive.record() as session, session.loop() as loop:
        for name, target in (("bare", look), ("carried", reenact.carry(look))):
            thread = threading.Thread(target=target, args=(name,))
            thread.start()
            thread.join()
        with reenact.Carrying(ThreadPoolExecutor(2)) as executor:
            places = [executor.submit(lambda: session.course.place().loop) for _ in range(4)]
        assert {place.result() for place in places} == {loop.id}
    assert found == {"bare": None, "carried": session}


plans: st.SearchStrategy[list[Any]] = st.recursive(
    st.just([]), lambda inner: st.lists(inner, min_size=1, max_size=3), max_leaves=8
)
"""A tree of scopes: each inner list is opened beside its siblings, all at once."""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with archive_in(Path(tmp_path_factory.mktemp("shared"))) as opened:
        yield opened


async def run_tasks(session: Session, plan: list[Any], name: str) -> None:
    """Opens a loop, and in it a turn and a tool; its children run as tasks within."""
    async with session.loop(id=f"loop{name}"):
        session.emit(bodies.Custom(name=name))
        await asyncio.sleep(0)
        async with session.turn(id=f"turn{name}"), session.tool("t", call=f"call{name}"):
            await asyncio.gather(*(run_tasks(session, each, f"{name}-{k}") for k, each in enumerate(plan)))
            session.emit(bodies.Custom(name=name))


def run_threads(session: Session, plan: list[Any], name: str) -> None:
    with session.loop(id=f"loop{name}"):
        session.emit(bodies.Custom(name=name))
        with session.turn(id=f"turn{name}"), session.tool("t", call=f"call{name}"):
            threads = [
                threading.Thread(target=reenact.carry(run_threads), args=(session, each, f"{name}-{k}"))
                for k, each in enumerate(plan)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            session.emit(bodies.Custom(name=name))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(plan=plans, threaded=st.booleans())
def test_what_runs_side_by_side_nests_as_it_was_opened(
    shared: Archive, plan: list[Any], threaded: bool
) -> None:
    with shared.record() as session:
        if threaded:
            run_threads(session, plan, "")
        else:
            asyncio.run(run_tasks(session, plan, ""))
    events = events_of(shared, session)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    for event in events:
        match event.body:
            case bodies.Custom(name=name):
                assert event.loop == f"loop{name}"
                assert event.turn in {None, f"turn{name}"}
            case bodies.ToolCalled(call=call) | bodies.ToolFinished(call=call):
                assert (event.loop, event.turn) == (
                    call.replace("call", "loop"),
                    call.replace("call", "turn"),
                )
            case bodies.LoopStarted(parent_loop=parent):
                assert event.loop is not None
                above, dash, _ = event.loop.rpartition("-")
                assert parent == (above if dash else None)
            case _:
                pass
    names = Counter(event.body.name for event in events if isinstance(event.body, bodies.Custom))
    assert set(names.values()) == {2}
    tree = tree_of(shared, session)
    assert {loop.id for loop in tree.loops} == {f"loop{name}" for name in names}
    for loop in tree.loops:
        assert [turn.id for turn in loop.turns] == [loop.id.replace("loop", "turn")]
        assert [len(turn.tools) for turn in loop.turns] == [1]


def test_lanes_keep_their_histories_apart(archive: Archive) -> None:
    """Two tasks talk to the model at once; each call builds on the one before in its own lane."""

    async def talk(session: Session, lane: str) -> None:
        messages = []
        for number in range(5):
            messages.append(said("user", f"{lane} {number}"))
            session.model_call(request(*messages), "ok", lane=lane)
            await asyncio.sleep(0)

    async def both(session: Session) -> None:
        async with session:
            await asyncio.gather(talk(session, "a"), talk(session, "b"))

    session = archive.record()
    asyncio.run(both(session))
    asked = [event for event in events_of(archive, session) if isinstance(event.body, bodies.ModelRequested)]
    lane_of = {event.body.exchange: event.lane for event in asked}  # type: ignore[union-attr]  # all are requests
    bases = [
        (event.lane, lane_of[event.body.request.base])
        for event in asked
        if isinstance(event.body, bodies.ModelRequested) and event.body.request and event.body.request.base
    ]
    assert len(bases) == 8
    assert all(one == other for one, other in bases)

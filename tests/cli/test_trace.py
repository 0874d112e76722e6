"""What people see of a session. The pictures in `golden/` are renewed only by REENACT_UPDATE_GOLDEN=1."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from datetime import UTC
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.text import Text
from tests.cli.sessions import hostile, ordinary
from tests.tree.builders import Script
from tests.tree.strategies import sessions

from reenact.cli.glyphs import Look
from reenact.cli.trace import around, trace
from reenact.cli.trace_state import state
from reenact.cli.trace_summary import summary
from reenact.events import Event, Tokens, bodies
from reenact.store import SessionRow, Sums
from reenact.tree import fold

GOLDEN = Path(__file__).parent / "golden"
SCRIPTS = {"ordinary": ordinary, "hostile": hostile}
HARMFUL = set("\x1b\x07\x08\x00\x9b\r\n\u202e\u202c\u2066\u2028")


def indexed(events: Iterable[Event]) -> dict[int, Event]:
    return {event.seq: event for event in events}


def lines(shown: Iterable[Text]) -> list[str]:
    return [text.plain.rstrip() for text in shown]


def compare(name: str, shown: list[str]) -> None:
    path = GOLDEN / f"{name}.txt"
    text = "\n".join(shown) + "\n"
    if os.environ.get("REENACT_UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def look(width: int, **more: bool) -> Look:
    return Look(width=width, zone=UTC, **more)


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name", SCRIPTS)
def test_the_short_trace_looks_as_it_should(name: str, width: int) -> None:
    script = SCRIPTS[name]()
    compare(f"{name}-short-{width}", lines(trace(fold(script.events), {}, look=look(width))))


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name", SCRIPTS)
def test_the_verbose_trace_looks_as_it_should(name: str, width: int) -> None:
    events = SCRIPTS[name]().events
    shown = trace(fold(events), indexed(events), look=look(width, thinking=True), verbose=True)
    compare(f"{name}-verbose-{width}", lines(shown))


def test_the_trace_in_ascii_looks_as_it_should() -> None:
    events = ordinary().events
    shown = lines(trace(fold(events), indexed(events), look=look(80, ascii=True), verbose=True))
    compare("ordinary-ascii-80", shown)
    assert all(line.isascii() for line in shown)


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name", SCRIPTS)
def test_the_summary_looks_as_it_should(name: str, width: int) -> None:
    shown = summary(fold(SCRIPTS[name]().events), session=listed(), look=look(width))
    compare(f"{name}-summary-{width}", lines(shown))


@pytest.mark.parametrize(("name", "seq"), [("ordinary", 20), ("hostile", 5)])
def test_the_state_at_a_step_looks_as_it_should(name: str, seq: int) -> None:
    events = SCRIPTS[name]().events
    tree = fold(events)
    shown = lines(around(tree, indexed(events), seq=seq, context=3, look=look(80)))
    shown += ["", *lines(state(tree.at(seq), indexed(events), look=look(80)))]
    compare(f"{name}-at-80", shown)


def test_the_step_asked_for_is_marked_and_the_steps_around_it_are_shown() -> None:
    script = Script()
    script.human("go")
    for number in range(5):
        script.says(f"answer {number}", f"m{number}")
    events = indexed(script.events)
    shown = lines(around(fold(script.events), events, seq=4, context=1, look=look(80)))
    assert [line.split()[0] for line in shown if line] == ["1", "3", "4", "5"]
    assert "▶" in shown[3]
    assert len(lines(around(fold(script.events), events, seq=4, context=0, look=look(80)))) == 3


@pytest.mark.parametrize(("seq", "shown_at"), [(2, "2"), (4, "2"), (3, "3"), (5, "3"), (99, "3"), (0, "1")])
def test_an_event_without_a_line_of_its_own_is_shown_at_its_step(seq: int, shown_at: str) -> None:
    script = Script()
    script.human("go")
    script.calls("c1", message="m1")
    script.says("meanwhile", "m1")
    script.result("c1")
    script.spends("m1")
    shown = lines(around(fold(script.events), indexed(script.events), seq=seq, context=0, look=look(80)))
    assert shown[-1].split()[0] == shown_at


def test_a_session_without_steps_shows_nothing() -> None:
    assert lines(trace(fold([]), {}, look=look(80))) == []
    assert lines(around(fold([]), {}, seq=1, context=3, look=look(80))) == []
    assert "nothing happened" in "\n".join(lines(summary(fold([]), look=look(80))))


def test_loops_in_which_nothing_is_shown_have_their_headings() -> None:
    script = Script()
    script.add(bodies.LoopStarted(continuation="initial"), loop="l1")
    script.add(bodies.LoopEnded(status="rejected"), loop="l1")
    script.human("two", loop="l2")
    script.add(bodies.LoopStarted(), loop="l3")
    shown = lines(trace(fold(script.events), {}, look=look(80)))
    assert [line.split("·")[1].split()[0] for line in shown if line] == ["(no", "two", "(no"]
    assert "[rejected]" in shown[1]


def test_thoughts_are_shown_below_only_when_asked_for() -> None:
    events = ordinary().events
    shown = trace(fold(events), indexed(events), look=look(80), verbose=True)
    assert not any("First the tests" in line for line in lines(shown))
    asked = trace(fold(events), indexed(events), look=look(80, thinking=True), verbose=True)
    assert sum("First the tests" in line for line in lines(asked)) == 1


def test_long_results_are_cut_and_say_how_long_they_are() -> None:
    script = Script()
    script.calls("c1")
    script.result("c1", "\n".join(f"line {number}" for number in range(1000)))
    shown = lines(trace(fold(script.events), indexed(script.events), look=look(80), verbose=True))
    assert sum("line " in line for line in shown) == 12
    assert any("8,889 characters in all" in line for line in shown)


@settings(deadline=None, max_examples=50)
@given(sessions(), st.integers(min_value=40, max_value=120), st.booleans())
def test_no_line_is_wider_than_the_terminal(events: list[Event], width: int, ascii_only: bool) -> None:
    tree, index = fold(events), indexed(events)
    wanted = look(width, thinking=True, ascii=ascii_only)
    every = [*trace(tree, index, look=wanted, verbose=True), *trace(tree, index, look=wanted)]
    every += [*summary(tree, look=wanted), *state(tree.at(20), index, look=wanted)]
    every += around(tree, index, seq=20, context=5, look=wanted)
    assert all(cell_len(text.plain) <= width for text in every)


@settings(deadline=None, max_examples=50)
@given(sessions())
def test_every_step_that_is_shown_is_shown_once(events: list[Event]) -> None:
    tree = fold(events)
    numbers = [
        text.plain.split()[0] for text in trace(tree, {}, look=look(100)) if text.plain[:4].strip().isdigit()
    ]
    prompts = {loop.prompt_seq if loop.prompt_seq is not None else loop.begin for loop in tree.loops}
    begun = Counter(str(step.seq) for step in tree.walk())
    assert all(
        count <= begun[number] for number, count in Counter(numbers).items() if int(number) not in prompts
    )


@pytest.mark.parametrize("width", [16, 24, 32, 40, 48])
@pytest.mark.parametrize("name", SCRIPTS)
def test_narrow_terminals_are_kept_to_as_well(name: str, width: int) -> None:
    events = SCRIPTS[name]().events
    tree, index = fold(events), indexed(events)
    every = [*trace(tree, index, look=look(width)), *trace(tree, index, look=look(width), verbose=True)]
    every += [
        *summary(tree, session=listed(), look=look(width)),
        *state(tree.at(20), index, look=look(width)),
    ]
    assert [text.plain for text in every if cell_len(text.plain) > width] == []


@pytest.mark.parametrize("width", [40, 80])
def test_nothing_harmful_reaches_the_terminal(width: int) -> None:
    events = hostile().events
    tree, index = fold(events), indexed(events)
    wanted = look(width, thinking=True)
    every = [*trace(tree, index, look=wanted, verbose=True), *summary(tree, session=listed(), look=wanted)]
    every += [*state(tree.at(9), index, look=wanted), *around(tree, index, seq=4, context=9, look=wanted)]
    assert not any(HARMFUL & set(text.plain) for text in every)
    assert all(cell_len(text.plain) <= width for text in every)


def test_a_branch_says_what_was_left_behind() -> None:
    script = Script()
    script.human("one")
    script.says("a", "m1", parent="e1")
    script.human("two", parent="e2")
    script.human("two, better", parent="e2")
    script.add(bodies.ErrorBody(message="x"))
    shown = "\n".join(lines(trace(fold(script.events), {}, look=look(80))))
    assert "went back; 1 prompt or turn left behind" in shown
    assert "[left behind]" in shown


def listed() -> SessionRow:
    return SessionRow(
        id="s1", native_id="9f3c2a10-0000", agent="claude_code", kind="main", title="Mend \x1b[31mthe parser",
        cwd="/home/ann/app", project="/home/ann/app", models=("model-a",), started_at=None, ended_at=None,
        status="completed", completeness="full", parent=None, parent_call=None, parent_event=None,
        children=("s2",), loops=1, turns=1, events=1, tool_calls=1, warnings=0, removed_at_source=0, tags=(),
        hidden=False, agent_version="2.1.0", original="o1", source_path="/home/ann/.claude/x.jsonl",
        own=Sums(cost=1_250_000_000_000), total=Sums(cost=None, cost_known=2_000_000_000_000), inherited=Tokens(),
    )  # fmt: skip

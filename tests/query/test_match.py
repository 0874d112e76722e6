"""Events and sessions fit a query exactly where they should."""

from typing import Any

import pytest
from tests.store.builders import answer, event, prompt, usage

from reenact.events import Event, blocks, bodies
from reenact.query import EventFacts, SessionFacts, Walk, matches, matches_session, parse

NOW = 1_800_000_000_000_000
SECOND = 1_000_000
EVENTS = (
    bodies.SessionStarted(
        task="Mend it",
        cwd="/home/me/todo",
        model="gpt-5.5-codex",
        repo=blocks.Repository(branch="feature/login"),
    ),
    prompt("Fix the failing test, please"),
    answer("I shall look at Todo_List first.", model="claude-opus-4-6"),
    bodies.ToolCalled(call="c1", name="Bash", input={"command": "git push origin", "description": "send it"}),
    bodies.ToolFinished(call="c1", ok=False, output="fatal: no remote"),
    bodies.ToolCalled(
        call="c2", name="Edit", input={"file_path": "src/todo/cli.py", "new_string": "print(1)"}
    ),
    bodies.ToolFinished(call="c2", ok=True, output=[{"type": "text", "text": "done"}]),
)
SESSION = SessionFacts(
    agent="claude_code",
    project="/home/me/todo",
    models=("gpt-5.5-codex", "claude-opus-4-6"),
    kind="fork",
    ended_at=NOW + 7 * SECOND,
    tokens=1500,
    cost=2 * 10**12,
    cost_known=2 * 10**12,
    tags=("Keep", "to be read"),
)


def facts(made: tuple[Any, ...] = EVENTS) -> list[EventFacts]:
    walk = Walk()
    return [walk.step(event("s", seq, body, ts=NOW + seq * SECOND)) for seq, body in enumerate(made, 1)]


def found(text: str) -> list[int]:
    query = parse(text, now=NOW, timezone="UTC")
    return [seq for seq, event in enumerate(facts(), 1) if matches(query, event, SESSION)]


ALL = [1, 2, 3, 4, 5, 6, 7]
CASES: dict[str, list[int]] = {
    "": ALL,
    "FAILING": [2],
    "fail": [],
    "fail*": [2],
    '"failing test"': [2],
    '"test failing"': [],
    '"failing te"*': [2],
    "failing first": [],
    "failing or first": [2, 3],
    "todo_list": [3],
    "-fatal -failing": [1, 3, 4, 6, 7],
    "git": [4],
    "description": [],
    "agent:claude": ALL,
    "agent:claude_code": ALL,
    "agent:codex": [],
    "project:todo": ALL,
    "project:me/todo": ALL,
    "project:tod": [],
    "project:tod*": ALL,
    "model:gpt": [1, 2],
    "model:opus": [3, 4, 5, 6, 7],
    "model:opus-4-6": [3, 4, 5, 6, 7],
    "tool:bash": [4, 5],
    "tool:ed*": [6, 7],
    "kind:tool": [4, 5, 6, 7],
    "kind:tool.called": [4, 6],
    "file:cli.py": [6],
    "file:todo/cli.py": [6],
    "file:cl": [],
    'command:"git push"': [4],
    "command:push": [4],
    "role:user": [2],
    "role:tool": [4, 5, 6, 7],
    "branch:login": ALL,
    "branch:feature/login": ALL,
    "branch:main": [],
    "tag:keep": ALL,
    "TAG:KEEP": ALL,
    "tag:kee": [],
    "tag:kee*": ALL,
    'tag:"to be read"': ALL,
    "tag:read": [],
    "-tag:keep": [],
    "tag:other or failing": [2],
    "-tag:other -failing": [1, 3, 4, 5, 6, 7],
    "is:error": [5],
    "is:fork": ALL,
    "is:subagent": [],
    "is:live": [],
    "tokens:>1k": ALL,
    "tokens:>1.5k": [],
    "tokens:>=1.5k": ALL,
    "cost:<2": [],
    "cost:<=2": ALL,
    "tool:bash is:error or role:user": [2, 5],
}  # fmt: skip


@pytest.mark.parametrize(("text", "seqs"), CASES.items(), ids=[text or "all" for text in CASES])
def test_an_event_fits_where_the_table_says(text: str, seqs: list[int]) -> None:
    assert found(text) == seqs


def test_times_bound_events_from_the_first_up_to_but_not_including_the_second() -> None:
    assert found('since:"2027-01-15 08:00:03Z"') == [3, 4, 5, 6, 7]
    assert found('until:"2027-01-15 08:00:03Z"') == [1, 2]


def test_of_an_unknown_cost_only_what_is_known_is_compared() -> None:
    session = SessionFacts(agent="a", cost=None, cost_known=10**12)

    def fits(text: str) -> bool:
        return matches_session(parse(text, now=NOW, timezone="UTC"), session, [])

    assert fits("cost:>0.5")
    assert not fits("cost:>1")
    assert not fits("cost:<5")


@pytest.mark.parametrize(
    ("text", "fitting"),
    [
        ("failing first", True),
        ("failing nowhere", False),
        ("-nowhere", True),
        ("-failing", False),
        ("tool:bash tool:edit", True),
        ("is:error", True),
        ("-is:error", False),
        ("model:gpt model:opus", True),
        ("since:2027-01-15", True),
        ("since:2027-01-16", False),
        ("until:2027-01-14", False),
    ],
)
def test_a_session_fits_where_each_part_is_true_of_it_or_of_one_of_its_events(
    text: str, fitting: bool
) -> None:
    assert matches_session(parse(text, now=NOW, timezone="UTC"), SESSION, facts()) is fitting


def test_an_event_without_a_time_has_the_time_of_the_one_before_it() -> None:
    walk = Walk()
    made: list[Event] = [
        event("s", 1, prompt("a"), ts=None),
        event("s", 2, prompt("b"), ts=5),
        event("s", 3, prompt("c"), ts=None),
    ]
    assert [walk.step(one).moment for one in made] == [0, 5, 5]


def test_a_very_long_text_is_cut_unless_all_of_it_is_wanted() -> None:
    long = event("s", 1, prompt("x " * 40_000 + "needle"))
    query = parse("needle", now=NOW, timezone="UTC")
    assert not matches(query, Walk().step(long), SESSION)
    assert matches(query, Walk().step(long, longest=None), SESSION)


def test_an_event_that_says_nothing_is_never_found() -> None:
    made = facts((usage("k"), prompt(""), bodies.ToolFinished(call="c", ok=False)))
    query = parse("", now=NOW, timezone="UTC")
    assert [matches(query, event, SESSION) for event in made] == [False, False, True]

"""Laws: a recording played back diverges nowhere, wherever it is played; nothing wrong is ever served silently."""

from __future__ import annotations

import datetime as dt
import json
import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.replay.agents import Agent, Model, Place, play, record

from reenact.replay import Player, Script, Served, Taped

NAMES = st.from_regex(r"[a-z][a-z0-9_-]{2,11}", fullmatch=True)
DATES = st.dates(min_value=dt.date(2024, 1, 1), max_value=dt.date(2031, 1, 1)).map(str)
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=30)


@st.composite
def places(draw: st.DrawFn) -> Place:
    """A place of the usual kinds: the project inside the home or outside of it."""
    home = f"/{draw(st.sampled_from(['home', 'Users', 'users']))}/{draw(NAMES)}"
    above = draw(st.sampled_from([home, "/data", "/srv/checkouts"]))
    return Place(
        cwd=f"{above}/{draw(NAMES)}/{draw(NAMES)}",
        home=home,
        temp=draw(st.sampled_from(["/tmp", "/data/scratch", "/var/tmp/x"])),
        date=draw(DATES),
        session=str(draw(st.uuids())),
        salt=draw(NAMES),
    )


@given(
    place=places(),
    prompts=st.lists(WORDS, min_size=1, max_size=4),
    turns=st.integers(0, 4),
    seed=st.integers(0, 99),
)
def test_a_recording_played_at_its_own_place_matches_exactly(
    place: Place, prompts: list[str], turns: int, seed: int
) -> None:
    agents = [Agent(place, prompt=prompt) for prompt in prompts]
    exchanges = record(agents, model=Model(turns=turns), choose=random.Random(seed).choice)
    player = Player(Script(exchanges=exchanges, declared=place.declared()), place.declared())
    served = play(
        player, [Agent(place, prompt=prompt) for prompt in prompts], choose=random.Random(seed).choice
    )
    for answer, exchange in zip(served, exchanges, strict=True):
        assert isinstance(exchange.response, Taped)
        assert (answer.level, answer.body) == ("fp0", exchange.response.body)
    assert not player.report().diverged


@given(here=places(), there=places(), turns=st.integers(0, 4), document=WORDS)
def test_a_recording_matches_at_any_other_place_and_speaks_of_it(
    here: Place, there: Place, turns: int, document: str
) -> None:
    first, again = Agent(here, document=document), Agent(there, document=document)
    exchanges = record([first], model=Model(turns=turns))
    player = Player(Script(exchanges=exchanges, declared=here.declared()), there.declared())
    served = play(player, [again])
    assert {answer.level for answer in served} <= {"fp0", "fp1", "fp1_union"}
    assert again.trace() == first.trace()
    assert not player.report().diverged


@given(data=st.data(), seed=st.integers(0, 99))
def test_a_request_with_any_leaf_changed_is_not_served_silently(data: st.DataObject, seed: int) -> None:
    """Whatever string or number of a request is changed: refused, or reported as major."""
    place = Place()
    exchanges = record([Agent(place)])
    player = Player(Script(exchanges=exchanges, declared=place.declared()), place.declared())
    agent = Agent(place)
    for _ in range(data.draw(st.integers(0, 3))):
        answer = player.respond(agent.incoming())
        assert isinstance(answer, Served)
        player.finish(answer.ticket, delivered=True)
        agent.take(answer.body)
    body = json.loads(json.dumps(agent.body()))
    paths = [
        path for path in leaves(body) if path[0] not in ("stream", "metadata") and "cache_control" not in path
    ]
    path = data.draw(st.sampled_from(paths))
    change(body, path)
    answer = player.respond(agent.incoming(body))
    report = player.report()
    is_reported = report.diverged and any(found.severity == "major" for found in report.divergences)
    assert is_reported, path
    if isinstance(answer, Served):
        assert answer.level == "fp2"
        assert path[-1] == "content" or "tool_result" in str(parent(body, path))


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    if isinstance(value, dict):
        return [found for key in value for found in leaves(value[key], (*path, key))]
    if isinstance(value, list):
        return [found for place, item in enumerate(value) for found in leaves(item, (*path, place))]
    return [path]


def parent(body: Any, path: tuple[str | int, ...]) -> Any:
    for step in path[:-1]:
        body = body[step]
    return body


def change(body: Any, path: tuple[str | int, ...]) -> None:
    holder = parent(body, path)
    before = holder[path[-1]]
    holder[path[-1]] = f"{before}, changed" if isinstance(before, str) else before + 1

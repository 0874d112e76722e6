"""Many conversations at once: each gets the answers of one recorded conversation, whatever the order."""

from __future__ import annotations

import os
import random
from collections import Counter

import pytest
from tests.replay.agents import ELSEWHERE, Agent, Model, Place, play, record

from reenact.replay import Incoming, Player, Script, Served

HERE = Place()
LANES = 12
TWINS = 3
ORDERS = 500 if os.environ.get("HYPOTHESIS_PROFILE") == "explore" else 15


def crowd(place: Place, *, is_labelled: bool) -> list[Agent]:
    """Twelve agents with the same prompt; the document in the system prompt tells them apart, but for twins."""
    documents = ["twin"] * TWINS + [f"document {number}" for number in range(LANES - TWINS)]
    return [
        Agent(place, document=document, lane=f"{place.salt}{number:016x}" if is_labelled else "")
        for number, document in enumerate(documents)
    ]


class Moody(Model):
    """A model that answers the same request otherwise each time, as real ones do."""

    def __init__(self) -> None:
        super().__init__()
        self._asked: Counter[str] = Counter()

    def answer(self, body: dict[str, object], place: Place) -> bytes:
        key = str(body["system"]) + str(body["messages"])
        self._asked[key] += 1
        return super().answer(body, place).replace(b"Turn ", f"Try {self._asked[key]} T".encode())


def traces(agents: list[Agent]) -> Counter[str]:
    return Counter(agent.trace() for agent in agents)


@pytest.mark.parametrize("model", [Model, Moody], ids=["answers alike", "answers differ"])
@pytest.mark.parametrize("place", [HERE, ELSEWHERE], ids=["same place", "another place"])
@pytest.mark.parametrize("is_labelled", [False, True], ids=["without lanes", "with lanes"])
def test_no_interleaving_gives_a_wrong_answer(is_labelled: bool, place: Place, model: type[Model]) -> None:
    dice = random.Random(7)
    recorded = crowd(HERE, is_labelled=is_labelled)
    exchanges = record(recorded, model=model(), choose=dice.choice)
    script = Script(exchanges=exchanges, declared=HERE.declared())
    expected = traces(recorded)
    for seed in range(ORDERS):
        actual = crowd(place, is_labelled=is_labelled)
        player = Player(script, place.declared())
        play(player, actual, choose=random.Random(seed).choice)
        assert traces(actual) == expected, seed
        report = player.report()
        assert not report.diverged
        assert sum(report.matched.values()) == len(exchanges)


def test_requests_that_overlap_take_one_answer_each() -> None:
    """Three twins ask before any of them got an answer."""
    agents = [Agent(HERE) for _ in range(TWINS)]
    script = Script(exchanges=record(agents, model=Moody()), declared=HERE.declared())
    player = Player(script, HERE.declared())
    twins = [Agent(HERE) for _ in range(TWINS)]
    answers = [player.respond(twin.incoming()) for twin in twins]
    names = [getattr(answer, "exchange", None) for answer in answers]
    assert len(set(names)) == TWINS
    assert None not in names


@pytest.mark.parametrize("place", [HERE, ELSEWHERE], ids=["same place", "another place"])
def test_a_lane_goes_on_with_what_it_was_given(place: Place) -> None:
    """Two recorded lanes that differ in nothing but the ids of their calls are not mixed."""
    agents = [Agent(HERE, lane="one"), Agent(HERE, lane="two")]
    exchanges = record(agents, model=Model())
    script = Script(exchanges=exchanges, declared=HERE.declared())
    lane_of = {exchange.id: exchange.lane for exchange in exchanges}
    for seed in range(20):
        actual = [Agent(place, lane="uno"), Agent(place, lane="due")]
        served = play(Player(script, place.declared()), actual, choose=random.Random(seed).choice)
        for lane in ("uno", "due"):
            assert len({lane_of[answer.exchange] for answer in served if answer.lane == lane}) == 1


@pytest.mark.parametrize(
    ("headers", "lane", "expected"),
    [
        ({}, None, ""),
        ({"x-claude-code-agent-id": "a1"}, None, "a1"),
        ({"x-claude-code-agent-id": "a1", "x-reenact-lane": "mine"}, None, "mine"),
        ({"x-test-id": "t1"}, None, "t1"),
        ({"x-claude-code-agent-id": "a1"}, "told", "told"),
    ],
    ids=["nothing told", "sub-agent", "our header first", "test id", "caller knows best"],
)
def test_a_lane_is_what_is_told_most_explicitly(
    headers: dict[str, str], lane: str | None, expected: str
) -> None:
    script = Script(exchanges=record([Agent(HERE)]), declared=HERE.declared())
    body = Agent(HERE).incoming().body
    answer = Player(script, HERE.declared()).respond(Incoming(headers=headers, body=body, lane=lane))
    assert isinstance(answer, Served)
    assert answer.lane == expected

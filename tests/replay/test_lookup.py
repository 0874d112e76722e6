"""What a look-up costs does not grow with the script (counted; the clock is asked in `bench/`)."""

from __future__ import annotations

import json

import pytest
from tests.replay.agents import stream_of, taped

from reenact.replay import Exchange, Incoming, Player, Script, Served, declare

RUN = declare(cwd="/home/ann/code/todo", home="/home/ann")


def body(number: int) -> dict[str, object]:
    return {
        "model": "test-model-1",
        "max_tokens": 9,
        "messages": [{"role": "user", "content": f"Ask {number}"}],
    }


def script(size: int, *, kinds: int) -> Script:
    answer = taped(stream_of([{"type": "text", "text": "ok"}], message="msg_1", model="test-model-1"))
    exchanges = tuple(
        Exchange(id=f"x{number}", arrival=number, request=body(number % kinds), response=answer)  # type: ignore[arg-type]  # JSON of ours
        for number in range(size)
    )
    return Script(exchanges=exchanges, declared=RUN)


def examined(size: int, kinds: int, asked: list[int]) -> list[int]:
    player = Player(script(size, kinds=kinds), RUN)
    counts: list[int] = []
    for number in asked:
        before = player.examined
        answer = player.respond(Incoming(body=json.dumps(body(number)).encode()))
        assert isinstance(answer, Served)
        player.finish(answer.ticket, delivered=True)
        counts.append(player.examined - before)
    return counts


def test_a_look_up_examines_as_many_calls_among_ten_thousand_as_among_ten() -> None:
    asked = [7, 0, 3, 9]
    assert examined(10_000, 10_000, asked) == examined(10, 10, asked) == [1, 1, 1, 1]


@pytest.mark.parametrize("size", [10, 1000])
def test_equal_requests_cost_a_constant_each_as_well(size: int) -> None:
    assert max(examined(size, 1, [0] * size)) <= 4

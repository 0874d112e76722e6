"""Playing back: the same requests get the same answers, at the same place or another."""

from __future__ import annotations

import json

import pytest
from tests.replay.agents import ELSEWHERE, Agent, Place, play, read_stream, script_of, taped

from reenact.replay import Incoming, Player, Refused, Script, Served, Stubbed, Taped, document

HERE = Place()


def test_a_recording_is_played_byte_for_byte_to_the_agent_that_made_it() -> None:
    script = script_of([Agent(HERE)], HERE)
    player = Player(script, HERE.declared(), timing="recorded")
    served = play(player, [Agent(HERE)])
    assert [answer.level for answer in served] == ["fp0"] * 4
    for answer, exchange in zip(served, script.exchanges, strict=True):
        assert isinstance(exchange.response, Taped)
        assert answer.body == exchange.response.body
        assert [len(chunk.data) for chunk in answer.chunks] == [size for _, size in exchange.response.chunks]
    assert not player.report().diverged


def test_pieces_that_nothing_lies_between_are_served_as_one() -> None:
    script = script_of([Agent(HERE)], HERE)
    served = play(Player(script, HERE.declared(), timing="none"), [Agent(HERE)])
    for answer, exchange in zip(served, script.exchanges, strict=True):
        assert isinstance(exchange.response, Taped)
        assert [(chunk.data, chunk.delay) for chunk in answer.chunks] == [(exchange.response.body, 0)]


def test_at_another_place_every_request_matches_and_the_answers_speak_of_that_place() -> None:
    first, again = Agent(HERE), Agent(ELSEWHERE)
    script = script_of([first], HERE)
    player = Player(script, ELSEWHERE.declared())
    served = play(player, [again])
    assert {answer.level for answer in served} <= {"fp1", "fp1_union"}
    assert again.trace() == first.trace()
    everything = b"".join(answer.body for answer in served)
    assert HERE.cwd.encode() not in everything
    assert HERE.task().encode() not in everything
    report = player.report()
    assert not report.diverged
    assert report.rewritten == 4


def test_a_rewritten_answer_has_as_many_events_as_the_recorded_one() -> None:
    script = script_of([Agent(HERE)], HERE)
    served = play(Player(script, ELSEWHERE.declared()), [Agent(ELSEWHERE)])
    for answer, exchange in zip(served, script.exchanges, strict=True):
        assert isinstance(exchange.response, Taped)
        assert answer.body.count(b"\n\n") == exchange.response.body.count(b"\n\n")


@pytest.mark.parametrize(
    ("timing", "scale", "total"), [("none", 1.0, 0), ("recorded", 1.0, 1), ("scaled", 0.5, 0.5)]
)
def test_times_are_left_out_kept_or_scaled(timing: str, scale: float, total: float) -> None:
    script = script_of([Agent(HERE)], HERE)
    player = Player(script, HERE.declared(), timing=timing, scale=scale)  # type: ignore[arg-type]  # one of three
    answer = play(player, [Agent(HERE)])[0]
    response = script.exchanges[0].response
    assert isinstance(response, Taped)
    assert sum(chunk.delay for chunk in answer.chunks) == round(response.chunks[-1][0] * total)


def test_a_client_that_asks_without_streaming_gets_the_same_message_whole() -> None:
    agent = Agent(HERE)
    script = script_of([Agent(HERE)], HERE)
    answer = Player(script, HERE.declared()).respond(agent.incoming({**agent.body(), "stream": False}))
    assert isinstance(answer, Served)
    assert answer.headers["content-type"] == "application/json"
    response = script.exchanges[0].response
    assert isinstance(response, Taped)
    assert json.loads(answer.body)["content"] == read_stream(response.body)


@pytest.mark.parametrize(
    ("until", "place"), [(None, ELSEWHERE.cwd), (1, HERE.cwd)], ids=["played", "then live"]
)
def test_signed_thinking_is_left_alone_only_where_the_run_goes_on_live(until: int | None, place: str) -> None:
    recorded = script_of([Agent(HERE)], HERE)
    thought = {"type": "thinking", "thinking": f"Look into {HERE.cwd}.", "signature": "c2lnbmVk"}
    body = json.dumps({"type": "message", "role": "assistant", "content": [thought]}).encode()
    first = recorded.exchanges[0].__replace__(response=taped(body, kind="application/json"))
    script = Script(exchanges=(first, *recorded.exchanges[1:]), declared=recorded.declared)
    agent = Agent(ELSEWHERE)
    player = Player(script, ELSEWHERE.declared(), until=until)
    answer = player.respond(agent.incoming({**agent.body(), "stream": False}))
    assert isinstance(answer, Served)
    assert json.loads(answer.body)["content"][0]["thinking"] == f"Look into {place}."


def test_an_answer_that_broke_off_in_the_recording_is_given_once() -> None:
    recorded = script_of([Agent(HERE)], HERE)
    whole = recorded.exchanges[0].response
    assert isinstance(whole, Taped)
    torn = whole.__replace__(body=whole.body[:200], chunks=((1, 200),), end="truncated")
    script = Script(exchanges=(recorded.exchanges[0].__replace__(response=torn),), declared=recorded.declared)
    player, agent = Player(script, HERE.declared()), Agent(HERE)
    first = player.respond(agent.incoming())
    assert isinstance(first, Served)
    assert (first.end, first.body) == ("truncated", torn.body)
    player.finish(first.ticket, delivered=True)
    assert isinstance(player.respond(agent.incoming()), Refused)
    assert player.report().divergences[0].kind == "repeated"


def test_a_refusal_is_sticky_and_the_first_one_is_reported() -> None:
    agent = Agent(HERE)
    player = Player(script_of([Agent(HERE)], HERE), HERE.declared())
    changed = {**agent.body(), "model": "another-model"}
    first = player.respond(agent.incoming(changed))
    second = player.respond(agent.incoming())
    assert isinstance(first, Refused)
    assert first == second
    assert first.status == 410
    assert first.headers["x-should-retry"] == "false"
    assert first.headers["x-reenact-divergence"] == first.divergence.id
    assert json.loads(first.body)["type"] == "error"
    report = player.report()
    assert report.diverged
    assert report.refusals == 2
    assert [told.cause for told in report.divergences] == ["model"]


def test_calls_that_were_never_asked_for_are_an_under_run() -> None:
    agent = Agent(HERE)
    player = Player(script_of([Agent(HERE)], HERE), HERE.declared())
    answer = player.respond(agent.incoming())
    assert isinstance(answer, Served)
    report = player.report()
    assert report.diverged
    assert [told.kind for told in report.divergences] == ["missing"]
    assert [left.step for left in report.unplayed] == [2, 3, 4]


def test_one_request_more_than_recorded_is_refused_as_extra() -> None:
    agent = Agent(HERE)
    player = Player(script_of([Agent(HERE)], HERE), HERE.declared())
    play(player, [agent])
    agent.messages = [*agent.messages, {"role": "user", "content": [{"type": "text", "text": "go on"}]}]
    answer = player.respond(agent.incoming())
    assert isinstance(answer, Refused)
    assert answer.divergence.kind == "extra"
    assert answer.divergence.cause == "messages[7] (assistant message): added"


def test_the_same_request_once_more_is_refused_as_repeated() -> None:
    agent = Agent(HERE)
    player = Player(script_of([Agent(HERE)], HERE), HERE.declared())
    first = player.respond(agent.incoming())
    assert isinstance(first, Served)
    player.finish(first.ticket, delivered=True)
    answer = player.respond(agent.incoming())
    assert isinstance(answer, Refused)
    assert answer.divergence.kind == "repeated"
    assert answer.divergence.exchange == first.exchange


@pytest.mark.parametrize("is_broken_off", [True, False], ids=["broken off", "under way"])
def test_a_request_whose_answer_did_not_arrive_gets_it_again(is_broken_off: bool) -> None:
    agent = Agent(HERE)
    player = Player(script_of([Agent(HERE)], HERE), HERE.declared())
    first = player.respond(agent.incoming())
    assert isinstance(first, Served)
    if is_broken_off:
        player.finish(first.ticket, delivered=False)
    again = player.respond(agent.incoming())
    assert isinstance(again, Served)
    assert again.is_repeat
    assert again.body == first.body
    assert player.report().repeats == 1


def test_a_client_that_says_it_tries_again_takes_no_other_answer() -> None:
    script = script_of([Agent(HERE), Agent(HERE)], HERE)
    player = Player(script, HERE.declared())
    agent = Agent(HERE)
    first = player.respond(agent.incoming())
    assert isinstance(first, Served)
    player.finish(first.ticket, delivered=True)
    retry = Incoming(
        path="/v1/messages", headers={"x-stainless-retry-count": "1"}, body=agent.incoming().body
    )
    again = player.respond(retry)
    assert isinstance(again, Served)
    assert (again.exchange, again.is_repeat) == (first.exchange, True)
    other = player.respond(agent.incoming())
    assert isinstance(other, Served)
    assert other.exchange != first.exchange


def test_recorded_failures_are_left_out_or_played_as_asked() -> None:
    script = script_of([Agent(HERE)], HERE)
    failure = taped(b'{"type":"error","error":{"type":"overloaded_error","message":"x"}}', status=529)
    first = script.exchanges[0].__replace__(failures=(failure,))
    script = Script(exchanges=(first, *script.exchanges[1:]), declared=script.declared)
    agent = Agent(HERE)
    skipped = Player(script, HERE.declared()).respond(agent.incoming())
    assert isinstance(skipped, Served)
    assert skipped.status == 200
    faithful = Player(script, HERE.declared(), errors="faithful")
    statuses = []
    for _ in range(2):
        answer = faithful.respond(agent.incoming())
        assert isinstance(answer, Served)
        statuses.append(answer.status)
    assert statuses == [529, 200]


def test_a_recorded_end_in_failure_is_given_as_often_as_it_is_asked_for() -> None:
    script = script_of([Agent(HERE)], HERE)
    failure = taped(b'{"type":"error"}', status=500, kind="application/json")
    last = script.exchanges[0].__replace__(response=failure)
    player = Player(Script(exchanges=(last,), declared=script.declared), HERE.declared())
    agent = Agent(HERE)
    for _ in range(3):
        answer = player.respond(agent.incoming())
        assert isinstance(answer, Served)
        assert answer.status == 500
        player.finish(answer.ticket, delivered=True)
    assert not player.report().diverged


def test_auxiliary_calls_are_stubbed_and_listed_and_disturb_nothing() -> None:
    script = script_of([Agent(HERE)], HERE)
    player = Player(script, HERE.declared())
    agent = Agent(HERE)
    title = {
        "model": "small-model",
        "max_tokens": 50,
        "messages": [{"role": "user", "content": "Give this talk a title."}],
    }
    beside = [
        agent.incoming(title),
        agent.incoming({**title, "max_tokens": 1}),
        Incoming(path="/v1/messages/count_tokens", body=agent.incoming().body),
        Incoming(method="GET", path="/v1/models"),
    ]
    for request in beside:
        assert isinstance(player.respond(request), Stubbed)
    assert {answer.level for answer in play(player, [agent])} == {"fp0"}
    report = player.report()
    assert [stub.purpose for stub in report.stubs] == ["side", "quota", "count_tokens", "models"]
    assert not report.diverged


def test_a_recorded_auxiliary_call_that_is_not_made_again_blocks_nothing() -> None:
    script = script_of([Agent(HERE)], HERE)
    title = {"model": "small-model", "max_tokens": 50, "messages": [{"role": "user", "content": "A title?"}]}
    aside = script.exchanges[0].__replace__(id="title", request=title)
    player = Player(Script(exchanges=(aside, *script.exchanges), declared=script.declared), HERE.declared())
    play(player, [Agent(HERE)])
    report = player.report()
    assert not report.diverged
    assert [(left.exchange, left.kind) for left in report.unplayed] == [("title", "aux")]


def test_the_report_is_one_versioned_document() -> None:
    player = Player(script_of([Agent(HERE)], HERE), HERE.declared())
    play(player, [Agent(HERE)])
    told = document(player.report())
    assert told["version"] == 1
    assert told["matched"] == {"fp0": 4}
    assert json.loads(json.dumps(told)) == told

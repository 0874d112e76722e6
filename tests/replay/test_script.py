"""Scripts: what the recorder wrote is read back as the same calls; logs become calls to be streamed anew."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import pytest
from tests.replay.agents import ELSEWHERE, Agent, Model, Place, play, read_stream, record, taped
from tests.replay.rooms import Room

from reenact.events import blocks, bodies
from reenact.replay import (
    Exchange,
    GoLive,
    Incoming,
    Logged,
    Player,
    Refused,
    Script,
    Served,
    Stubbed,
    Taped,
    Told,
    answer_message,
    rule_event,
    to_config,
)
from reenact.wire.rules import Rule

HERE = Place()
OVERLOADED = b'{"type":"error","error":{"type":"overloaded_error","message":"later"}}'


def told(exchanges: Iterable[Exchange]) -> list[tuple[str, str, str, object, object]]:
    return [(one.id, one.lane, one.path, one.request, one.response) for one in exchanges]


def test_what_was_recorded_is_read_back_as_the_same_calls() -> None:
    room = Room()
    exchanges = record([Agent(HERE), Agent(HERE, document="other", lane="a0123456789abcdef")])
    for exchange in exchanges:
        assert isinstance(exchange.response, Taped)
        room.keep(exchange, exchange.response)
    script = room.script()
    assert told(script.exchanges) == told(exchanges)
    assert [exchange.step for exchange in script.exchanges] == [1, 2, 3, 4, 1, 2, 3, 4]
    assert script.exchanges[1].parent == "x0"
    assert script.exchanges[0].message is not None
    assert script.warnings == ()


def test_what_was_recorded_is_played_at_another_place() -> None:
    room = Room()
    room.recorder.record(bodies.SessionStarted(cwd=HERE.cwd, config=to_config(HERE.declared())))
    first = Agent(HERE)
    for exchange in record([first]):
        assert isinstance(exchange.response, Taped)
        room.keep(exchange, exchange.response)
    script = room.script()
    assert script.declared == HERE.declared()
    again = Agent(ELSEWHERE)
    player = Player(script, ELSEWHERE.declared())
    play(player, [again])
    assert again.trace() == first.trace()
    assert not player.report().diverged


def test_tries_of_one_request_are_one_call_with_its_failures() -> None:
    room = Room()
    for exchange in record([Agent(HERE)])[:2]:
        assert isinstance(exchange.response, Taped)
        room.keep(exchange, taped(OVERLOADED, status=529, kind="application/json"), name=f"{exchange.id}-1")
        broken = msgspec.structs.replace(exchange.response, body=exchange.response.body[:150], chunks=())
        room.keep(exchange, broken, name=f"{exchange.id}-2")
        room.keep(exchange, exchange.response, name=exchange.id)
    script = room.script()
    assert [exchange.id for exchange in script.exchanges] == ["x0", "x1"]
    for exchange in script.exchanges:
        assert [failure.status for failure in exchange.failures] == [529, 200]


def test_an_unreachable_provider_is_a_failure_too() -> None:
    room = Room()
    exchange = record([Agent(HERE)])[0]
    assert isinstance(exchange.response, Taped)
    room.keep(exchange, None, name="first")
    room.exchanges.unanswered("first", error="no route", lane="")
    room.keep(exchange, exchange.response)
    (only,) = room.script().exchanges
    assert [failure.status for failure in only.failures] == [502]


def test_a_recording_that_broke_off_plays_as_far_as_it_goes() -> None:
    room = Room()
    exchanges = record([Agent(HERE)])
    for exchange in exchanges[:3]:
        assert isinstance(exchange.response, Taped)
        room.keep(exchange, exchange.response if exchange.id != "x2" else None)
    agent = Agent(HERE)
    player = Player(room.script(), HERE.declared(), policy="live")
    for _ in range(2):
        answer = player.respond(agent.incoming())
        assert isinstance(answer, Served)
        agent.take(answer.body)
    last = player.respond(agent.incoming())
    assert isinstance(last, GoLive)
    assert last.after == "x1"
    assert last.divergence is not None
    assert last.divergence.cause == "the request was recorded, but its answer was not"


def test_parts_that_are_gone_from_the_archive_are_warnings() -> None:
    room = Room()
    for exchange in record([Agent(HERE)]):
        assert isinstance(exchange.response, Taped)
        room.keep(exchange, exchange.response)
    events = list(room.events())
    first = next(event.body for event in events if isinstance(event.body, bodies.ModelRequested))
    assert first.request is not None
    gone = first.request.messages[0]
    first.request.parts.pop(gone)

    def blob(name: str) -> bytes:
        if name == gone:
            raise LookupError(name)
        return room.blob(name)

    script = Script.from_recording(events, blob)
    assert len(script.warnings) == 4
    assert all(exchange.request is None for exchange in script.exchanges)
    assert script.exchanges[0].unresolved == (gone,)


def test_accepted_rules_come_with_the_recording() -> None:
    room = Room()
    rule = Rule(name="clock", pattern=r"at (\d\d:\d\d)", hint="at ")
    room.recorder.record(bodies.SessionStarted(config=to_config(HERE.declared())))
    room.recorder.record(rule_event(rule))
    room.recorder.record(bodies.ReplayRule(rule="unreadable", data=7))
    exchange = record([Agent(HERE, prompt="Wake me at 07:30.")])[0]
    assert isinstance(exchange.response, Taped)
    room.keep(exchange, exchange.response)
    script = room.script()
    assert script.rules == (rule,)
    answer = Player(script, HERE.declared()).respond(Agent(HERE, prompt="Wake me at 08:15.").incoming())
    assert isinstance(answer, Served)
    assert answer.level == "fp1"


def test_what_a_session_did_not_declare_is_concluded_from_its_start() -> None:
    room = Room()
    room.recorder.record(
        bodies.SessionStarted(cwd="/home/ann/code/todo", repo=blocks.Repository(head="0123456789abcdef"))
    )
    declared = room.script().declared
    assert declared.home == "/home/ann"
    assert declared.git_heads == ("0123456789abcdef",)
    assert declared.dates == ("2023-11-14",)


# -- from an agent's own log --------------------------------------------------------------------


def logged(place: Place = HERE, *, agent: Agent | None = None) -> list[Logged]:
    """The calls of an agent as its log would tell them: no transport, no stream."""
    calls: list[Logged] = []
    for exchange in record([agent or Agent(place)]):
        assert isinstance(exchange.response, Taped)
        assert isinstance(exchange.request, dict)
        request = {key: value for key, value in exchange.request.items() if key not in ("stream", "metadata")}
        content = read_stream(exchange.response.body)
        message = answer_message(
            content,
            message=f"msg_{exchange.id}",
            model="test-model-1",
            stop_reason="tool_use" if content[-1]["type"] == "tool_use" else "end_turn",
            usage={"input_tokens": 3, "output_tokens": 4},
        )
        calls.append(Logged(id=exchange.id, request=request, message=message))
    return calls


@pytest.mark.parametrize("place", [HERE, ELSEWHERE], ids=["same place", "another place"])
def test_a_log_alone_is_played_with_answers_streamed_anew(place: Place) -> None:
    first, again = Agent(HERE), Agent(place)
    script = Script.from_journal(logged(agent=first), declared=HERE.declared())
    player = Player(script, place.declared())
    served = play(player, [again])
    assert again.trace() == first.trace()
    assert {answer.fidelity for answer in served} == {"synthesised"}
    assert {answer.level for answer in served} <= {"fp1", "fp1_union"}
    report = player.report()
    assert (report.diverged, report.fidelity) == (False, "synthesised")


def test_a_try_that_the_log_holds_no_answer_of_is_left_out() -> None:
    calls = logged()
    failed = msgspec.structs.replace(calls[0], id="failed", message=None)
    script = Script.from_journal([failed, *calls])
    assert [exchange.id for exchange in script.exchanges] == [call.id for call in calls]


def test_calls_without_requests_go_by_order_and_the_report_says_so() -> None:
    calls = [msgspec.structs.replace(call, request=None) for call in logged()]
    player = Player(Script.from_journal(calls, declared=HERE.declared()), HERE.declared())
    served = play(player, [Agent(HERE)])
    assert [answer.level for answer in served] == ["order"] * 4
    report = player.report()
    assert [found.kind for found in report.divergences] == ["unchecked"] * 4
    assert {found.severity for found in report.divergences} == {"major"}
    assert not report.diverged


def test_a_call_the_log_knows_in_part_goes_by_order_between_calls_that_match() -> None:
    calls = logged()
    calls[1] = msgspec.structs.replace(calls[1], unresolved=("sha256:gone",))
    player = Player(Script.from_journal(calls, declared=HERE.declared()), HERE.declared())
    served = play(player, [Agent(HERE)])
    assert [answer.level for answer in served] == ["fp1", "order", "fp1", "fp1"]
    assert len(player.report().warnings) == 1


def test_a_summary_that_the_log_holds_answers_the_call_for_it() -> None:
    summary = answer_message(
        [{"type": "text", "text": "They made a list."}], message="msg_s", model="m", stop_reason="end_turn"
    )
    kept = Logged(id="summary", kind="aux", purpose="compact", message=summary)
    player = Player(Script.from_journal([*logged(), kept], declared=HERE.declared()), HERE.declared())
    agent = Agent(HERE)
    words = "Write a summary of the conversation so far. " + "Leave nothing out. " * 60
    ask = {"role": "user", "content": words}
    request = agent.incoming({**agent.body(), "messages": [*agent.messages, ask]})
    answer = player.respond(request)
    assert isinstance(answer, Served)
    assert read_stream(answer.body)[0]["text"] == "They made a list."
    assert answer.level == "order"


def test_a_summary_is_taken_from_the_call_that_begins_with_it() -> None:
    agent = Agent(HERE)
    words = (
        "This session is continued from a previous conversation.\nSummary:\nThey made /home/ann/code/todo/x."
    )
    after = {**agent.body(), "messages": [{"role": "user", "content": words}]}
    answer = answer_message([{"type": "text", "text": "on"}], message="m", model="m", stop_reason="end_turn")
    calls = [*logged(), Logged(id="after", request=after, message=answer)]
    player = Player(Script.from_journal(calls, declared=HERE.declared()), ELSEWHERE.declared())
    elsewhere = Agent(ELSEWHERE)
    play(player, [elsewhere])
    ask = {"role": "user", "content": "Write a detailed summary of the conversation. " * 30}
    given = player.respond(elsewhere.incoming({**elsewhere.body(), "messages": [*elsewhere.messages, ask]}))
    assert isinstance(given, Stubbed)
    assert read_stream(given.body)[0]["text"] == f"<summary>They made {ELSEWHERE.cwd}/x.</summary>"
    assert [stub.purpose for stub in player.report().stubs] == ["compact"]


def test_a_persons_wish_for_a_summary_is_a_main_call() -> None:
    player = Player(Script.from_journal(logged(), declared=HERE.declared()), HERE.declared())
    wish = Agent(HERE, prompt="Give me a summary of our conversation.")
    assert isinstance(player.respond(wish.incoming()), Refused)


def test_a_message_from_a_log_is_told_whole() -> None:
    (call, *_) = logged()
    script = Script.from_journal([call])
    response = script.exchanges[0].response
    assert isinstance(response, Told)
    assert response.message["usage"] == {"input_tokens": 3, "output_tokens": 4}
    assert script.exchanges[0].message == "msg_x0"


# -- until and live -----------------------------------------------------------------------------


def test_until_n_plays_n_calls_and_goes_on_live() -> None:
    script = Script(exchanges=record([Agent(HERE)]), declared=HERE.declared())
    player = Player(script, HERE.declared(), until=2)
    agent, model = Agent(HERE), Model()
    for exchange in script.exchanges[:2]:
        answer = player.respond(agent.incoming())
        assert isinstance(answer, Served)
        assert isinstance(exchange.response, Taped)
        assert answer.body == exchange.response.body
        agent.take(answer.body)
    for step in (3, 4):
        live = player.respond(agent.incoming())
        assert isinstance(live, GoLive)
        assert (live.reason, live.record, live.step, live.after) == ("until", True, step, "x1")
        agent.take(model.answer(agent.body(), HERE))
    report = player.report()
    assert (report.diverged, report.live, report.recorded) == (False, 2, 2)


def test_until_zero_goes_live_at_once() -> None:
    script = Script(exchanges=record([Agent(HERE)]), declared=HERE.declared())
    player = Player(script, HERE.declared(), until=0)
    assert isinstance(player.respond(Agent(HERE).incoming()), GoLive)
    assert not player.report().diverged


def test_a_difference_before_n_is_still_refused() -> None:
    script = Script(exchanges=record([Agent(HERE)]), declared=HERE.declared())
    player = Player(script, HERE.declared(), until=3)
    agent = Agent(HERE, prompt="Do something else.")
    assert not isinstance(player.respond(agent.incoming()), GoLive)
    assert player.report().diverged


def test_live_on_a_miss_is_reported_and_goes_on() -> None:
    script = Script(exchanges=record([Agent(HERE)]), declared=HERE.declared())
    player = Player(script, HERE.declared(), policy="live-and-record")
    agent, model = Agent(HERE, prompt="Do something else."), Model()
    while not agent.is_done:
        live = player.respond(agent.incoming())
        assert isinstance(live, GoLive)
        assert live.record
        agent.take(model.answer(agent.body(), HERE))
    report = player.report()
    assert (report.diverged, report.live, len(report.divergences)) == (True, 4, 1)
    assert report.divergences[0].consequence == "live"


def test_a_stub_for_a_main_call_is_reported_as_a_divergence() -> None:
    script = Script(exchanges=record([Agent(HERE)]), declared=HERE.declared())
    player = Player(script, HERE.declared(), policy="stub")
    answer = player.respond(Agent(HERE, prompt="Do something else.").incoming())
    assert isinstance(answer, Stubbed)
    assert answer.divergence is not None
    assert player.report().diverged


def test_what_cannot_be_read_is_refused_as_unreadable() -> None:
    script = Script(exchanges=record([Agent(HERE)]), declared=HERE.declared())
    player = Player(script, HERE.declared())
    player.respond(Incoming(body=b"{not json"))
    assert player.report().divergences[0].kind == "unreadable"

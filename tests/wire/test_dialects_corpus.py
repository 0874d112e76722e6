"""Genuine traffic of Codex, Gemini CLI, Copilot and OpenCode, where the corpus lies beside the checkout.

The oracle is what the scripted endpoint wrote into its own books (`oracle.json`).
"""

from __future__ import annotations

import datetime as dt
import json
import random
from pathlib import Path
from typing import Any

import pytest
from tests.corpus import GENERATED, oracle_of, scenarios, title, wire_of
from tests.wire.frames import as_frames

from reenact.events.blocks import Text
from reenact.wire import Cache, Declared, Dialect, Normaliser, canonical, dialect_of, sse
from reenact.wire.mapping import mapper
from reenact.wire.openai_responses.websocket import Conversation
from reenact.wire.reply import Reply, Stream

AGENTS = ("codex", "gemini", "copilot", "opencode")
SCENARIOS = [path for path in scenarios(*AGENTS) if list((path / "wire").glob("*.req.json"))]
SOCKETS = sorted(GENERATED.glob("codex-*/*/wire/frames.jsonl"))

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not SCENARIOS, reason="no corpus beside the checkout"),
]
each_scenario = pytest.mark.parametrize("scenario", SCENARIOS, ids=map(title, SCENARIOS))


def spoken(request: Any) -> Dialect | None:
    headers = {name.lower(): value for name, value in request["headers"]}
    return dialect_of(request["method"], request["path"], headers)


def headers_of(answer: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in answer["headers"]}


@each_scenario
def test_every_request_is_read_without_losing_a_field(scenario: Path) -> None:
    seen = 0
    for sent in wire_of(scenario, "req"):
        dialect = spoken(sent)
        if dialect is None or not isinstance(sent["body"], dict):
            continue
        request = dialect.parse_request(
            json.dumps(sent["body"]).encode(), path=sent["path"], method=sent["method"]
        )
        assert request.defect is None
        assert request.value == sent["body"]
        again = {name: canonical.decode_raw(raw) for name, raw in request.rest.items()}
        if request.is_listed and request.layout.messages in sent["body"]:
            again[request.layout.messages] = list(request.messages)
        assert again == sent["body"]
        assert request.model
        seen += 1
    assert seen


@each_scenario
def test_every_answer_is_what_the_endpoint_wrote_into_its_books(scenario: Path) -> None:
    books = {entry["wire"]: entry for entry in oracle_of(scenario)["requests"]}
    requests = {sent["n"]: sent for sent in wire_of(scenario, "req")}
    chance = random.Random(7)
    seen = 0
    for answer in wire_of(scenario, "resp"):
        dialect = spoken(requests[answer["n"]])
        book = books.get(answer["n"])
        if dialect is None or book is None or not isinstance(answer["body"], str):
            continue
        body, headers = answer["body"].encode(), headers_of(answer)
        form = dialect.form_of(headers, body)
        found = dialect.read(body, form=form, status=answer["status"])
        if answer["status"] != 200:
            assert found.failure is not None
            assert found.failure.raw == json.loads(body)
            continue
        message = found.message
        assert message is not None
        cost = dialect.tokens(message)
        if book["usage"]:
            assert cost is not None
            counted = {
                "input": cost.input,
                "cache_read": cost.cache_read,
                "cache_write": cost.cache_write,
                "output": cost.output,
                "reasoning": cost.reasoning or 0,
            }
            assert counted == {name: book["usage"].get(name, 0) for name in counted}
        said = "".join(block.text for block in dialect.blocks(message) if isinstance(block, Text))
        assert said == (book["text"] or "")
        seen += 1
        if isinstance(found, Reply):
            continue
        assert isinstance(found, Stream)
        assert found.is_complete is (book["outcome"] == "complete")
        cuts = sorted(chance.randrange(len(body)) for _ in range(40))
        pieces = [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]
        decoder = sse.Decoder()
        frames = [frame for piece in pieces for frame in decoder.feed(piece)]
        rest = decoder.close()
        assert tuple([*frames, rest] if rest else frames) == found.frames
        assert b"".join(map(sse.encode, found.frames)) == body
        assert dialect.assemble(b"".join(dialect.render(message, form))).message == message
        same = mapper(declared(scenario), declared(scenario))
        assert b"".join(dialect.rewrite_stream(body, same)) == body
    assert seen


def declared(scenario: Path, dates: tuple[str, ...] = ()) -> Declared:
    books = oracle_of(scenario)
    return Declared(
        cwd=books["cwd"], home=books["home"], temp="/tmp", dates=dates or (books["recorded"][:10],)
    )


PAIRS = [
    (agent, kind)
    for agent in ("codex-0.169.0", "gemini-0.61.0", "copilot-1.0.102", "opencode-1.18.33")
    for kind in ("tools", "subagent")
]


@pytest.mark.parametrize(("agent", "kind"), PAIRS)
def test_two_runs_of_one_scenario_have_the_same_fp1(agent: str, kind: str) -> None:
    prints = []
    for scenario in (GENERATED / agent / "pair-a" / kind, GENERATED / agent / "pair-b" / kind):
        cache, found = Cache(), []
        for sent in wire_of(scenario, "req"):
            dialect = spoken(sent)
            assert dialect is not None
            by = Normaliser(dialect.rules, [declared(scenario)])
            request = dialect.request_of(sent["body"], path=sent["path"])
            found.append(dialect.fingerprint_request(request, by, cache=cache))
        prints.append(found)
    one, other = prints
    assert sorted(print_.fp1 for print_ in one) == sorted(print_.fp1 for print_ in other)
    assert len({print_.fp1 for print_ in one}) == len(one)


@each_scenario
def test_a_run_moved_to_another_place_and_day_has_the_same_fp1(scenario: Path) -> None:
    here = declared(scenario)
    there = Declared(
        cwd="/data/checkouts/second-copy/elsewhere",
        home="/users/maria-b",
        temp=here.temp,
        dates=("2027-01-05",),
    )
    assert here.cwd
    assert here.home
    swaps = {here.cwd: str(there.cwd), here.home: str(there.home), here.dates[0]: there.dates[0]}
    old, new = (dt.date.fromisoformat(one.dates[0]) for one in (here, there))
    swaps |= {old.strftime(form): new.strftime(form) for form in ("%a %b %d %Y", "%A, %B %d, %Y")}

    def moved(value: Any) -> Any:
        if isinstance(value, str):
            for old, new in swaps.items():
                value = value.replace(old, new)
            return value
        if isinstance(value, dict):
            return {moved(name): moved(item) for name, item in value.items()}
        return [moved(item) for item in value] if isinstance(value, list) else value

    for sent in wire_of(scenario, "req"):
        dialect = spoken(sent)
        if dialect is None or not isinstance(sent["body"], dict):
            continue
        by, by_there = Normaliser(dialect.rules, [here]), Normaliser(dialect.rules, [there])
        one = dialect.request_of(sent["body"], path=sent["path"])
        other = dialect.request_of(moved(sent["body"]), path=sent["path"])
        assert dialect.diff_requests(one, other, recorded_by=by, actual_by=by_there) == ()
        assert dialect.fingerprint_request(one, by).fp1 == dialect.fingerprint_request(other, by_there).fp1


@pytest.mark.parametrize("path", SOCKETS, ids=[path.parents[1].name for path in SOCKETS])
def test_the_frames_of_a_socket_are_exchanges(path: Path) -> None:
    talk, asked = Conversation(), []
    for line in path.read_text().splitlines():
        row = json.loads(line)
        if row.get("from") == "client":
            asked.append(row["msg"])
            talk.from_client(json.dumps(row["msg"]))
        elif row.get("from") == "server":
            talk.from_server(json.dumps(row["msg"]))
    dialect = dialect_of("POST", "/v1/responses")
    assert dialect is not None
    assert len(talk.turns) == len(asked)
    for turn, sent in zip(talk.turns, asked, strict=True):
        request = dialect.parse_request(turn.body, path="/v1/responses")
        assert request.value == {name: value for name, value in sent.items() if name != "type"}
        assert turn.is_ended
        assert dialect.assemble(turn.answer).is_complete
        assert list(as_frames(turn.answer)) == turn.frames
    assert talk.other == []

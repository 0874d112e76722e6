"""Genuine traffic and logs of Claude Code, where the corpus lies beside the checkout.

The oracle is what the scripted endpoint wrote into its own books (`oracle.json`), the journals that
Claude Code wrote itself, and the wire files.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from tests.corpus import GENERATED, oracle_of, scenarios, title, wire_of

from reenact.wire import canonical
from reenact.wire.anthropic import journal
from reenact.wire.anthropic.diff import diff_requests
from reenact.wire.anthropic.fingerprint import CLAUDE_CODE, fingerprint_request
from reenact.wire.anthropic.message import parse_reply, tokens
from reenact.wire.anthropic.render import render_assembled, render_stream
from reenact.wire.anthropic.request import as_blocks, parse_request
from reenact.wire.anthropic.rewrite import rewrite_stream
from reenact.wire.anthropic.stream import assemble
from reenact.wire.declared import Declared, slug
from reenact.wire.fingerprint import Cache
from reenact.wire.mapping import mapper
from reenact.wire.normalise import Normaliser

SCENARIOS = scenarios("claude")
JOURNALED = [path for path in SCENARIOS if "claude-2.1.329" in path.parts]

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not SCENARIOS, reason="no corpus beside the checkout"),
]
each_scenario = pytest.mark.parametrize("scenario", SCENARIOS, ids=map(title, SCENARIOS))
each_journal = pytest.mark.parametrize("scenario", JOURNALED, ids=map(title, JOURNALED))


def declared(scenario: Path) -> Declared:
    books = oracle_of(scenario)
    text = json.dumps([request["body"] for request in wire_of(scenario, "req")])
    _, _, after = text.partition("Recent commits:\\n")
    heads = (after[:7],) if after else ()
    return Declared(
        cwd=books["cwd"], home=books["home"], temp="/tmp", dates=(books["recorded"][:10],), git_heads=heads
    )


@each_scenario
def test_every_request_is_read_without_losing_a_field(scenario: Path) -> None:
    for sent in wire_of(scenario, "req"):
        request = parse_request(json.dumps(sent["body"]).encode())
        assert request.defect is None
        assert request.value == sent["body"]
        assert request.model == sent["body"]["model"]
        assert request.is_stream is sent["body"].get("stream", False)
        assert list(request.messages) == sent["body"]["messages"]
        again = {"model": request.model, "messages": list(request.messages), **request.params}
        for name in ("system", "tools"):
            if name in sent["body"]:
                again[name] = list(getattr(request, name))
        expected = dict(sent["body"])
        if "system" in expected:
            expected["system"] = list(as_blocks(expected["system"]))
        assert canonical.encode(again) == canonical.encode(expected)


@each_scenario
def test_every_answer_is_what_the_endpoint_wrote_into_its_books(scenario: Path) -> None:
    books = {entry["wire"]: entry for entry in oracle_of(scenario)["requests"]}
    chance = random.Random(7)
    for answer in wire_of(scenario, "resp"):
        book, body = books[answer["n"]], answer["body"].encode()
        if answer["status"] != 200:
            failure = parse_reply(body, status=answer["status"]).failure
            assert failure is not None
            assert failure.raw == json.loads(body)
            continue
        cuts = sorted(chance.randrange(len(body)) for _ in range(40))
        pieces = [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]
        stream = assemble(pieces)
        assert stream == assemble(body)
        assert stream.is_complete is (book["outcome"] == "complete")
        assert not stream.defects
        message = stream.message
        assert message is not None
        assert message["id"] == book["response_id"]
        blocks = as_blocks(message["content"])
        assert "".join(str(b["text"]) for b in blocks if b["type"] == "text") == (book["text"] or "")
        assert "".join(str(b["thinking"]) for b in blocks if b["type"] == "thinking") == (
            book["thinking"] or ""
        )
        calls = [{k: b[k] for k in ("name", "input", "id")} for b in blocks if b["type"] == "tool_use"]
        assert calls == (book["tool_calls"] or [])
        cost = tokens(message)
        assert cost is not None
        counted = {
            "input": cost.input,
            "cache_read": cost.cache_read,
            "cache_write_5m": cost.cache_write_5m or 0,
            "cache_write_1h": cost.cache_write_1h or 0,
            "output": cost.output,
            "reasoning": cost.reasoning or 0,
        }
        assert counted == book["usage"]
        assert cost.cache_write == counted["cache_write_5m"] + counted["cache_write_1h"]
        assert assemble(render_assembled(stream)) == stream
        assert assemble(render_stream(message)).message == message
        same = mapper(declared(scenario), declared(scenario))
        assert b"".join(rewrite_stream(body, same)) == body


@each_journal
def test_every_journaled_request_is_rebuilt_as_it_went_over_the_wire(scenario: Path) -> None:
    sent = {
        journal.request_digest(request["body"], betas=header(request, "anthropic-beta").split(",")): request[
            "body"
        ]
        for request in wire_of(scenario, "req")
    }
    seen = 0
    for log in sorted((scenario / "log").rglob("*.jsonl")):
        rows = [json.loads(line) for line in log.read_text().splitlines()]
        messages = known_messages(rows)
        shapes = {row["shapeHash"]: row["shape"] for row in rows if row["type"] == "api-request-shape"}
        assert all(journal.shape_hash(shape) == name for name, shape in shapes.items())
        blobs = [row for row in rows if row["type"] == "api-request-blob"]
        assert all(journal.message_hash(row["message"]) == row["hash"] for row in blobs)
        requests: dict[str, journal.JournalRequest] = {}
        for row in (row for row in rows if row["type"] == "api-request"):
            request = journal.JournalRequest(
                id=row["id"], base=row.get("base"), keep=row["keep"], tail=tuple(row["tail"])
            )
            requests[request.id] = request
            rebuilt = journal.rebuild(request, requests=requests, resolve=messages.get)
            assert rebuilt.is_complete
            marks = [journal.CacheMark(path=tuple(m["path"]), value=m["value"]) for m in row["cacheControl"]]
            body = journal.request_body(
                rebuilt, shape=shapes[row["shapeHash"]], params=row["params"], cache_marks=marks
            )
            assert journal.request_digest(body, betas=row["params"]["betas"]) == row["requestDigest"]
            assert row["requestDigest"] in sent
            by = Normaliser(CLAUDE_CODE, [declared(scenario)])
            there = parse_request(json.dumps(sent[row["requestDigest"]]).encode())
            assert (
                fingerprint_request(parse_request(json.dumps(body).encode()), by).fp1
                == fingerprint_request(there, by).fp1
            )
            seen += 1
    assert seen


def header(request: Any, name: str) -> str:
    return next((value for key, value in request["headers"] if key.lower() == name), "")


def known_messages(rows: list[Any]) -> dict[str, dict[str, Any]]:
    """Every message of a log under its hashes: logged ones, and those that the rows stand for."""
    answers: dict[str, list[Any]] = {}
    run: list[Any] = []
    found: list[dict[str, Any]] = []
    for row in rows:
        match row["type"]:
            case "api-request-blob":
                found.append(row["message"])
            case "assistant":
                answers.setdefault(row["message"]["id"], []).extend(row["message"]["content"])
                run = []
            case "user":
                found.append({name: row["message"][name] for name in ("role", "content")})
                if isinstance(row["message"]["content"], list):
                    run = run + row["message"]["content"]
                    found.append({"role": "user", "content": run})
    found += [{"role": "assistant", "content": content} for content in answers.values()]
    return {name: message for message in found for name in journal.candidate_hashes(message)}


@pytest.mark.parametrize("kind", ["tools", "subagent"])
def test_two_runs_of_one_scenario_have_the_same_fp1(kind: str) -> None:
    root = GENERATED / "claude-2.1.329"
    runs = [root / "pair-a" / kind, root / "pair-b" / kind, root / kind]
    prints = []
    for scenario in runs:
        by, cache = Normaliser(CLAUDE_CODE, [declared(scenario)]), Cache()
        requests = [parse_request(json.dumps(sent["body"]).encode()) for sent in wire_of(scenario, "req")]
        prints.append([fingerprint_request(request, by, cache=cache) for request in requests])
    for other in prints[1:]:
        assert [one.fp1 for one in other] == [one.fp1 for one in prints[0]]
        assert [one.fp0 for one in other] != [one.fp0 for one in prints[0]]
    assert len({one.fp1 for one in prints[0]}) == len(prints[0])


@each_scenario
def test_a_run_moved_to_another_place_and_day_has_the_same_fp1(scenario: Path) -> None:
    here = declared(scenario)
    there = Declared(
        cwd="/data/checkouts/second-copy/elsewhere",
        home="/users/maria-b",
        temp=here.temp,
        dates=("2027-01-05",),
        git_heads=("99aabbc",),
    )
    assert here.cwd
    assert here.home
    swaps = {
        here.cwd: str(there.cwd),
        slug(here.cwd): slug(str(there.cwd)),
        here.home: str(there.home),
        here.dates[0]: there.dates[0],
        "The current month is November 2026": "The current month is January 2027",
        **({here.git_heads[0]: there.git_heads[0]} if here.git_heads else {}),
    }

    def moved(value: Any) -> Any:
        if isinstance(value, str):
            for old, new in swaps.items():
                value = value.replace(old, new)
            return value
        if isinstance(value, dict):
            return {moved(name): moved(item) for name, item in value.items()}
        return [moved(item) for item in value] if isinstance(value, list) else value

    by, by_there = Normaliser(CLAUDE_CODE, [here]), Normaliser(CLAUDE_CODE, [there])
    union, cache = Normaliser(CLAUDE_CODE, [here, there]), Cache()
    for sent in wire_of(scenario, "req"):
        one = parse_request(json.dumps(sent["body"]).encode())
        other = parse_request(json.dumps(moved(sent["body"])).encode())
        found = diff_requests(one, other, recorded_by=by, actual_by=by_there)
        assert found == ()
        assert (
            fingerprint_request(one, by, cache=cache).fp1
            == fingerprint_request(other, by_there, cache=cache).fp1
        )
        assert (
            fingerprint_request(one, union, cache=cache).fp1
            == fingerprint_request(other, union, cache=cache).fp1
        )
        assert fingerprint_request(one, by, cache=cache) == fingerprint_request(one, by)

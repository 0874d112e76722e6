"""Genuine Codex, Gemini CLI, Copilot and OpenCode: one run's recording played to the requests of another.

The corpus lies beside the checkout; both runs are of the same scenario in fresh homes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.corpus import GENERATED

from reenact.replay import Exchange, Incoming, Player, Refused, Script, Served, Taped, declare
from reenact.wire import dialect_of

AGENTS = ("codex-0.169.0", "gemini-0.61.0", "copilot-1.0.102", "opencode-1.18.33")
PAIRS = [
    (GENERATED / agent / one / kind, GENERATED / agent / other / kind)
    for agent in AGENTS
    for one, other in (("pair-a", "pair-b"), ("pair-b", "pair-a"))
    for kind in ("tools", "subagent")
]
HOME, CWD = "/home/dev", "/home/dev/code/todo-api"
FAR, AWAY = "/users/maria-b", "/data/checkouts/second-copy/todo-api"

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not PAIRS[0][0].exists(), reason="no corpus beside the checkout"),
]
each_pair = pytest.mark.parametrize(
    "pair",
    PAIRS,
    ids=[f"{one.parents[1].name.partition('-')[0]}-{one.parent.name}-{one.name}" for one, _ in PAIRS],
)


def asked(scenario: Path) -> Iterator[Any]:
    for path in sorted((scenario / "wire").glob("*.req.json")):
        yield path, json.loads(path.read_text())


def recorded(scenario: Path) -> Script:
    exchanges = []
    for number, (path, sent) in enumerate(asked(scenario)):
        replied = json.loads(path.with_name(path.name.replace("req", "resp")).read_text())
        data = replied["body"].encode()
        headers = {name.lower(): value for name, value in replied["headers"]}
        taped = Taped(status=replied["status"], headers=headers, body=data, chunks=((1000, len(data)),))
        exchanges.append(
            Exchange(id=f"x{number}", arrival=number, path=sent["path"], request=sent["body"], response=taped)
        )
    return Script(exchanges=tuple(exchanges), declared=declare(cwd=CWD, home=HOME, temp="/tmp"))


def incoming(sent: Any, text: str) -> Incoming:
    headers = {name.lower(): value for name, value in sent["headers"]}
    return Incoming(method=sent["method"], path=sent["path"], headers=headers, body=text.encode())


def play(script: Script, scenario: Path, *, moved: bool) -> tuple[Player, list[Served]]:
    player = Player(script, declare(cwd=AWAY if moved else CWD, home=FAR if moved else HOME, temp="/tmp"))
    served = []
    for _, sent in asked(scenario):
        text = json.dumps(sent["body"])
        if moved:
            text = text.replace(CWD, AWAY).replace(HOME, FAR)
        answer = player.respond(incoming(sent, text))
        assert isinstance(answer, Served), player.report().divergences
        player.finish(answer.ticket, delivered=True)
        served.append(answer)
    return player, served


@each_pair
@pytest.mark.parametrize("moved", [False, True], ids=["here", "away"])
def test_a_run_is_played_to_another_run(pair: tuple[Path, Path], moved: bool) -> None:
    one, other = pair
    script = recorded(one)
    player, served = play(script, other, moved=moved)
    report = player.report()
    assert (report.diverged, report.unplayed, report.refusals) == (False, (), 0)
    assert len({answer.exchange for answer in served}) == len(served) == len(script.exchanges)
    by_id = {exchange.id: exchange for exchange in script.exchanges}
    for answer in served:
        exchange = by_id[answer.exchange]
        dialect = dialect_of("POST", exchange.path)
        assert dialect is not None
        assert isinstance(exchange.response, Taped)
        told = dialect.assemble(exchange.response.body).message
        said = dialect.assemble(answer.body).message
        if not answer.is_rewritten:
            assert said == told
        assert dialect.tokens(said or {}) == dialect.tokens(told or {})
        if moved:
            assert CWD not in json.dumps(said)


@each_pair
def test_a_changed_prompt_model_or_tool_is_refused(pair: tuple[Path, Path]) -> None:
    script = recorded(pair[0])
    _, sent = next(iter(asked(pair[1])))
    text = json.dumps(sent["body"])
    edits = [
        text.replace("the magic number", "another number"),
        text.replace('"type": "string"', '"type": "integer"', 1),
    ]
    for edited in edits:
        if edited == text:
            continue
        player = Player(script, declare(cwd=CWD, home=HOME, temp="/tmp"))
        assert isinstance(player.respond(incoming(sent, edited)), Refused)
        (told,) = player.report().divergences
        assert told.kind == "changed"

"""Played until a call and live from there on: what went live is a session that replays as a whole."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.clients.endpoint import Endpoint
from tests.clients.script import Call, Say, Script, Talk
from tests.clients.stories_claude import NEWEST
from tests.e2e import stages
from tests.e2e.places import claude, end, environment, files_of, needs_client, reenact, run_reenact, start

if TYPE_CHECKING:
    from pathlib import Path

    from tests.clients.run import Machine
    from tests.e2e.places import Ended
    from tests.e2e.stages import Recording

STORIES = {story.name: story for story in NEWEST}
PROMPT = "Mend the store and leave a note."

pytestmark = [pytest.mark.e2e, needs_client]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return stages.record(STORIES["tools"], tmp_path_factory.mktemp("live"))


def another_end() -> Script:
    """What the model says this time, from the third call on."""
    look = Call(name="Bash", input={"command": "cat README.md | head -1", "description": "Look"})
    return Script(
        (Talk(says="missing.py", answers=(Say(text="No script.", calls=(look,)), Say(text="I stop here."))),),
        seed="live",
    )


def replayed(
    machine: Machine, archive: Path, *words: str, upstream: str | None, prompt: str = PROMPT
) -> Ended:
    report = machine.root / "report.json"
    command = [*reenact("replay", *words, "--json", str(report), "--"), *claude(prompt)]
    return end(start(command, machine, environment(machine, archive, upstream=upstream)), report)


def test_it_plays_until_a_call_and_goes_on_live_from_there(recorded: Recording) -> None:
    machine = recorded.elsewhere()
    session = recorded.runs[0].report["session"]
    with Endpoint(another_end()) as endpoint:
        ended = replayed(machine, recorded.archive, session, "--until", "2", upstream=endpoint.url)
        asked = endpoint.books.entries()
    assert (ended.code, ended.result) == (0, "I stop here.")
    answered = [[one["role"] for one in entry.body["messages"]].count("assistant") for entry in asked]
    assert answered == [2, 3], "exactly the calls behind the point, each once"
    report = ended.report
    assert (report["diverged"], report["recorded"], report["live"]) == (False, 2, 2)
    assert ended.matched == 2
    assert files_of(machine) != recorded.files, "this run left no note"
    child = report["child"]
    assert f"the live part is kept as {child[:8]}" in ended.stderr

    listed = run_reenact(machine, recorded.archive, "list", "--json")["sessions"]
    (row,) = [row for row in listed if row["id"] == child]
    assert (row["kind"], row["parent"], row["status"]) == ("fork", session, "completed")

    another = recorded.elsewhere()
    again = replayed(another, recorded.archive, child, upstream=None)
    assert (again.code, again.result) == (0, "I stop here.")
    assert (again.matched, again.report["recorded"], again.report["diverged"]) == (4, 4, False)
    assert files_of(another) == files_of(machine)


def test_a_replay_that_never_goes_live_leaves_no_session(recorded: Recording) -> None:
    machine = recorded.elsewhere()
    session = recorded.runs[0].report["session"]
    before = run_reenact(machine, recorded.archive, "list", "--json")["sessions"]
    with Endpoint(another_end()) as endpoint:
        ended = replayed(machine, recorded.archive, session, "--until", "9", upstream=endpoint.url)
        assert endpoint.books.entries() == []
    assert (ended.code, ended.report["live"], ended.report["child"]) == (0, 0, None)
    after = run_reenact(machine, recorded.archive, "list", "--json")["sessions"]
    assert {row["id"] for row in after if row["source"] is None} == {
        row["id"] for row in before if row["source"] is None
    }


def test_then_live_asks_the_model_where_nothing_was_recorded_and_says_so(recorded: Recording) -> None:
    machine = recorded.elsewhere()
    session = recorded.runs[0].report["session"]
    script = Script((Talk(says="Something else.", answers=(Say(text="As you like."),)),), seed="then")
    with Endpoint(script) as endpoint:
        ended = replayed(
            machine,
            recorded.archive,
            session,
            "--then-live",
            upstream=endpoint.url,
            prompt="Something else.",
        )
        assert len(endpoint.books.entries()) == 1
    assert (ended.code, ended.result) == (3, "As you like."), "it ran on, but is not the recorded run"
    (told,) = ended.report["divergences"]
    assert (told["consequence"], told["classification"]) == ("live", "prompt")
    assert ended.report["child"] is not None


def test_a_served_replay_says_where_and_reports_when_it_is_interrupted(recorded: Recording) -> None:
    machine = recorded.elsewhere()
    variables = environment(machine, recorded.archive, upstream=None)
    session = recorded.runs[0].report["session"]
    server = start(reenact("replay", session, "--serve", "--json", "-"), machine, variables)
    assert server.stderr is not None
    address = server.stderr.readline().split(";")[0].removeprefix("serving at ")
    client = start(claude(PROMPT), machine, environment(machine, recorded.archive, upstream=address))
    assert end(client).result == recorded.runs[0].result
    server.terminate()
    ended = end(server)
    report = json.loads(ended.stdout)
    assert (ended.code, report["diverged"], sum(report["matched"].values())) == (0, False, 5)
    assert files_of(machine) == recorded.files

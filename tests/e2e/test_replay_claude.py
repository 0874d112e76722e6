"""The real Claude Code, recorded and replayed elsewhere: from its recording, and from its log alone.

Elsewhere is another directory (outside of another home, with a space in its path), another user,
temp folder, time zone and therefore another date, and another commit.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.clients.stories_claude import NEWEST
from tests.e2e import stages
from tests.e2e.places import claude, end, environment, files_of, needs_client, neutral, reenact, start

if TYPE_CHECKING:
    from tests.e2e.places import Elsewhere, Ended
    from tests.e2e.stages import Recording

STORIES = {story.name: story for story in NEWEST}
# What each shows: requests, of these tries that failed and were overcome.
ONE_RUN = {
    "tools": (5, 0),
    "subagent": (4, 0),
    "subagents-parallel": (6, 0),
    "subagent-background": (5, 0),
    "rate-limit": (3, 2),
    "dropped-stream": (2, 1),
    "spilled-output": (2, 0),
    "permission-denied": (2, 0),
    "image": (2, 0),
    "mcp": (3, 0),
    "hooks": (3, 0),
}

pytestmark = [pytest.mark.e2e, needs_client]


@pytest.fixture(scope="module", params=list(ONE_RUN))
def recorded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return stages.record(STORIES[request.param], tmp_path_factory.mktemp("story"))


def is_played_whole(recording: Recording, machine: Elsewhere, runs: list[Ended]) -> None:
    """Every recorded call was asked for and matched, and what came of it is the same."""
    requests, failed = ONE_RUN[recording.story.name]
    (run,) = runs
    assert recording.requests == requests
    assert run.report["diverged"] is False
    assert run.matched == run.report["recorded"] == requests - failed
    assert run.report["requests"] == requests - failed, "nothing was asked for twice"
    assert (run.report["stubs"], run.report["unplayed"], run.report["warnings"]) == ([], [], [])
    assert neutral(run.result, machine) == recording.results[0]
    assert files_of(machine) == recording.files


def test_a_recording_holds_what_the_model_was_asked(recorded: Recording) -> None:
    (run,) = recorded.runs
    assert run.report["exchanges"] == recorded.requests
    assert run.report["degraded"] is None
    assert len(run.report["transcripts"]) == 1


def test_it_replays_elsewhere_from_the_recording(recorded: Recording) -> None:
    machine, runs = stages.replay(recorded, lambda n: ["replay", recorded.runs[n].report["session"]])
    is_played_whole(recorded, machine, runs)
    assert runs[0].report["fidelity"] == "wire"


def test_it_replays_elsewhere_from_its_log_where_no_recording_ever_was(recorded: Recording) -> None:
    (native,) = recorded.runs[0].report["native_sessions"]
    machine, runs = stages.replay(recorded, lambda _: ["replay", native], archive=recorded.imported())
    is_played_whole(recorded, machine, runs)
    assert runs[0].report["fidelity"] == "synthesised"


def test_a_log_is_played_instead_of_a_recording_where_asked_for(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    recording = stages.record(STORIES["subagent"], tmp_path_factory.mktemp("both"))
    orders = {"synthesised": ["--from-log"], "wire": []}
    for fidelity, words in orders.items():
        order = ["replay", recording.transcript(), *words]
        machine, runs = stages.replay(recording, [order].__getitem__)
        is_played_whole(recording, machine, runs)
        assert runs[0].report["fidelity"] == fidelity


def test_another_prompt_is_refused_and_its_place_named(recorded: Recording) -> None:
    if recorded.story.name not in {"tools", "subagents-parallel"}:
        pytest.skip("two stories are enough")
    machine = recorded.elsewhere()
    asked = ["replay", recorded.runs[0].report["session"], "--json", "-", "--"]
    command = [*reenact(*asked), *claude("Do something else, please.")]
    variables = environment(machine, recorded.archive, upstream=None)
    ended = end(start(command, machine, variables))
    assert ended.code == 3
    assert "410" in ended.result, "the agent is told"
    report = json.loads(ended.stdout[ended.stdout.index("\n{\n") :])
    first, *later = report["divergences"]
    assert (first["classification"], later) == ("prompt", [])
    (place,) = first["differences"]
    assert first["cause"].startswith(place["where"])
    assert place["where"].startswith("messages[0].content[")
    assert place["actual"] == "Do something else, please."

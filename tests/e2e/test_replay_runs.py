"""Sessions of several runs, runs that failed, and calls that a log does not hold."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest
from tests.clients.stories_claude import NEWEST
from tests.e2e import stages
from tests.e2e.places import claude, end, environment, files_of, needs_client, neutral, reenact, start

if TYPE_CHECKING:
    from tests.e2e.stages import Recording

STORIES = {story.name: story for story in NEWEST}
# Nobody listens there; only a run that may go on live is told of it.
SESSION = "0a9d1a55-7f0e-4d0c-9a53-5a3f52b1c6d7"
NOBODY = "http://127.0.0.1:9"

pytestmark = [pytest.mark.e2e, needs_client]


@pytest.fixture(scope="module")
def resumed(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return stages.record(STORIES["resume"], tmp_path_factory.mktemp("resume"))


@pytest.fixture(scope="module")
def compacted(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return stages.record(STORIES["compact"], tmp_path_factory.mktemp("compact"))


@pytest.mark.parametrize("name", ["resumed", "compacted"])
def test_each_recording_of_a_resumed_session_replays_elsewhere(
    name: str, request: pytest.FixtureRequest
) -> None:
    recording: Recording = request.getfixturevalue(name)
    machine, runs = stages.replay(recording, lambda n: ["replay", recording.runs[n].report["session"]])
    played = [run.matched + run.report["auxiliary"] for run in runs]
    assert played == [run.report["exchanges"] for run in recording.runs]
    assert [run.report["stubs"] for run in runs] == [[] for _ in runs]
    assert [neutral(run.result, machine) for run in runs] == recording.results
    assert files_of(machine) == recording.files


def test_the_runs_of_one_log_replay_one_by_one(resumed: Recording) -> None:
    # The first run ends where the second began: its end has to be named, or a call would be missing.
    order: tuple[list[str], ...] = (["--until", "1"], [])
    machine, runs = stages.replay(
        resumed,
        lambda n: ["replay", resumed.runs[n].report["native_sessions"][0], *order[n]],
        archive=resumed.imported(),
        upstream=NOBODY,
    )
    assert [(run.matched, run.report["recorded"], run.report["before"]) for run in runs] == [
        (1, 1, 0),
        (1, 1, 1),
    ]
    assert [run.report["live"] for run in runs] == [0, 0]
    assert [neutral(run.result, machine) for run in runs] == resumed.results


def test_a_call_that_the_log_does_not_hold_is_made_up_and_listed(compacted: Recording) -> None:
    native = compacted.runs[0].report["native_sessions"][0]
    machine = compacted.elsewhere()
    command = " && ".join(
        shlex.join(claude(prompt, how, SESSION))
        for prompt, how in (
            ("Read the store.", "--session-id"),
            ("/compact", "--resume"),
            ("What did we do?", "--resume"),
        )
    )
    report = machine.root / "report.json"
    words = ["replay", native, "--json", str(report), "--", "sh", "-c", command]
    variables = environment(machine, compacted.imported(), upstream=None)
    ended = end(start(reenact(*words), machine, variables), report)
    assert (ended.code, ended.matched) == (0, 3), ended.stderr
    assert [stub["purpose"] for stub in ended.report["stubs"]] == ["compact"]
    assert "made up: compact" in ended.stderr or "compact" in ended.stderr
    assert ended.result == compacted.results[-1]


def test_a_run_that_failed_for_good_fails_again_in_the_same_words(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    recording = stages.record(STORIES["api-error"], tmp_path_factory.mktemp("error"))
    machine, (run,) = stages.replay(recording, lambda _: ["replay", recording.runs[0].report["session"]])
    assert recording.runs[0].code == run.code == 1
    assert run.report["diverged"] is False
    assert "Something broke." in run.result
    assert neutral(run.result, machine) == recording.results[0]

"""A served replay is asked by a bare HTTP client: what was edited is refused, and the report names its place."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from tests.clients.endpoint import Endpoint
from tests.clients.script import Script
from tests.clients.stories_claude import NEWEST
from tests.e2e import stages
from tests.e2e.places import Here, end, environment, needs_client, reenact, start

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.e2e.places import Ended

Body = dict[str, Any]
STORY = next(story for story in NEWEST if story.name == "tools")

pytestmark = [pytest.mark.e2e, needs_client]


class Taken:
    """The story's recording, and the bodies as they came to the model."""

    def __init__(self, root: Path) -> None:
        self.machine = Here(root / "a", STORY)
        self.archive = root / "archive"
        with Endpoint(Script(STORY.talks(self.machine), seed="edits")) as endpoint:
            curtain = stages.Curtain(self.machine, self.archive, lambda _: ["record"], upstream=endpoint.url)
            (run,) = curtain.perform(STORY)
            self.bodies = [entry.body for entry in endpoint.books.entries()]
        self.session = str(run.report["session"])

    def ask(self, bodies: list[Body]) -> tuple[list[httpx2.Response], Ended]:
        """Serves the recording to these requests, one after another."""
        variables = environment(self.machine, self.archive, upstream=None)
        command = reenact("replay", self.session, "--serve", "--json", "-")
        server = start(command, self.machine, variables)
        assert server.stderr is not None
        address = server.stderr.readline().split(";")[0].removeprefix("serving at ")
        with httpx2.Client(trust_env=False, timeout=60) as client:
            answers = [client.post(f"{address}/v1/messages?beta=true", json=body) for body in bodies]
        server.terminate()
        return answers, end(server)


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Taken:
    return Taken(tmp_path_factory.mktemp("edits"))


def model(body: Body) -> None:
    body["model"] = "claude-sonnet-5"


def limit(body: Body) -> None:
    body["max_tokens"] += 1


def schema(body: Body) -> None:
    tool = next(tool for tool in body["tools"] if tool["name"] == "Edit")
    tool["input_schema"]["properties"]["old_string"]["type"] = "number"


def tool_gone(body: Body) -> None:
    body["tools"] = [tool for tool in body["tools"] if tool["name"] != "Write"]


def system(body: Body) -> None:
    body["system"][-1]["text"] += "\nBe brief."


def prompt(body: Body) -> None:
    said = next(
        block for block in body["messages"][0]["content"] if "Mend the store" in block.get("text", "")
    )
    said["text"] = said["text"].replace("Mend", "Break")


def result(body: Body) -> None:
    block = next(
        block
        for message in body["messages"]
        if isinstance(message["content"], list)
        for block in message["content"]
        if block["type"] == "tool_result" and block.get("is_error")
    )
    block["content"] = "Exit code 7"


def answer(body: Body) -> None:
    said = next(message for message in body["messages"] if message["role"] == "assistant")
    text = next(block for block in said["content"] if block["type"] == "text")
    text["text"] = "I will look at nothing."


def dropped(body: Body) -> None:
    del body["messages"][-3]


EDITS: dict[str, tuple[int, Callable[[Body], None], str, str]] = {
    "another model": (1, model, "model", "model"),
    "another limit": (0, limit, "max_tokens", "parameter"),
    "another tool schema": (2, schema, "tools[Edit]", "tool schema"),
    "a tool less": (0, tool_gone, "tools[Write]", "tool schema"),
    "a word more in the system prompt": (0, system, "system[", "prompt"),
    "a word of the prompt": (0, prompt, "messages[0].content[", "prompt"),
    "the result of a tool that failed": (2, result, "messages[", "tool output"),
    "what the model had said": (3, answer, "messages[", "history"),
    "a message less": (4, dropped, "messages[", "history"),
}


@pytest.mark.parametrize("name", list(EDITS))
def test_an_edited_request_is_refused_and_its_place_named(taken: Taken, name: str) -> None:
    number, edit, where, kind = EDITS[name]
    bodies = copy.deepcopy(taken.bodies[: number + 1])
    edit(bodies[-1])
    assert bodies != taken.bodies[: number + 1]
    answers, ended = taken.ask([*bodies, taken.bodies[number]])
    assert [one.status_code for one in answers] == [*([200] * number), 410, 410], "a refusal stays"
    assert answers[-1].headers["x-should-retry"] == "false"
    report = json.loads(ended.stdout)
    assert ended.code == 3
    assert (report["diverged"], report["refusals"]) == (True, 2)
    first = report["divergences"][0]
    assert first["cause"].startswith(where), first["cause"]
    assert (first["step"], first["classification"]) == (number + 1, kind)
    assert first["differences"][0]["where"] in first["cause"]
    assert first["id"] == answers[-1].headers["x-reenact-divergence"]


def test_unedited_requests_are_answered_byte_for_byte_and_never_twice(taken: Taken) -> None:
    answers, ended = taken.ask([*taken.bodies, taken.bodies[-1]])
    assert [one.status_code for one in answers] == [*([200] * len(taken.bodies)), 410]
    report = json.loads(ended.stdout)
    assert report["matched"] == {"fp0": len(taken.bodies)}
    assert (ended.code, report["divergences"][0]["kind"]) == (3, "repeated")

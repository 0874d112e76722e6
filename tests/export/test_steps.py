from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest
from tests.tree.builders import Script

from reenact.events import AnyBody, blocks, bodies
from reenact.events.blocks import PlanItem
from reenact.export import markdown


def shown(*items: AnyBody) -> str:
    script = Script()
    for body in items:
        script.add(body)
    document = "".join(markdown(script.events, scrub=None, zone=UTC, thinking=True))
    return document.partition("## Totals")[0]


def said(*content: blocks.AnyBlock) -> bodies.AssistantMessage:
    return bodies.AssistantMessage(blocks=content, message="m1")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        pytest.param(said(blocks.Image(media_type="image/png")), "(image image/png)", id="image"),
        pytest.param(
            said(blocks.Image(), blocks.Text(text="x")), "(image)\n\nx", id="image of an unknown kind"
        ),
        pytest.param(said(blocks.Audio(media_type="audio/wav")), "(audio audio/wav)", id="audio"),
        pytest.param(said(blocks.File(name="a.pdf")), "(file a.pdf)", id="file"),
        pytest.param(said(blocks.Other(raw={"a": 1})), '{"a":1}', id="block of an unknown kind"),
        pytest.param(said(blocks.Reasoning(summary="short")), "\n\nshort\n", id="thoughts in a message"),
        pytest.param(bodies.ReasoningBody(text="hm"), "\n\nhm\n", id="thoughts"),
        pytest.param(bodies.ErrorBody(message="boom"), "> boom", id="error"),
        pytest.param(bodies.ModelFailed(status=529), "> status 529", id="failed request"),
        pytest.param(
            bodies.SystemMessage(blocks=(blocks.Text(text="be kind"),), origin="x"), "System (x)", id="system"
        ),
        pytest.param(
            bodies.ContextInjected(blocks=(blocks.Text(text="a note"),), origin="date"),
            "Told to the model (date)</summary>\n\n```\na note\n```",
            id="injected text",
        ),
        pytest.param(bodies.FileProposed(path="a b.py", op="create"), "— create `a b.py`", id="proposal"),
        pytest.param(
            bodies.PlanUpdated(items=(PlanItem(text="one"),), text="why"), "- [ ] `one`\n\n> why", id="plan"
        ),
        pytest.param(bodies.CompactionFinished(), "**Compaction**: what the model saw", id="compaction"),
        pytest.param(bodies.CompactionStarted(trigger="auto"), "", id="begin of a compaction"),
        pytest.param(
            bodies.AgentFinished(child="s2", result="done"),
            "Sub-agent finished in session `s2`: done",
            id="agent",
        ),
        pytest.param(bodies.SessionNote(text="look `here`"), "`` look `here` ``", id="note"),
        pytest.param(bodies.Custom(name="odd"), "— custom `odd`", id="anything else"),
    ],
)
def test_each_kind_of_step_has_its_words(body: AnyBody, words: str) -> None:
    assert words in shown(body)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        pytest.param({"command": "make test"}, "```sh\nmake test\n```", id="command"),
        pytest.param(
            {"command": ["a", "b"]}, '```json\n{\n "command": ["a","b"]\n}\n```', id="command in parts"
        ),
        pytest.param(
            {"a": 1, "b": "x\ny"}, '```json\n{\n "a": 1\n}\n```\n\n`b`:\n\n```\nx\ny\n```', id="members"
        ),
        pytest.param("*** Begin\n```", "````\n*** Begin\n```\n````", id="text"),
        pytest.param([1, 2], "```json\n[1,2]\n```", id="list"),
    ],
)
def test_a_tools_input_is_shown_whole(value: Any, words: str) -> None:
    assert words in shown(
        bodies.ToolCalled(call="c", name="Tool", input=value), bodies.ToolFinished(call="c")
    )


def test_a_tools_end_is_shown_whole() -> None:
    document = shown(
        bodies.ToolCalled(call="c", name="Bash", input=""),
        bodies.PermissionAnswered(call="c", granted=True, reason="rule"),
        bodies.ToolFinished(call="c", ok=False, output="out", error="killed", truncated=True, child="s2"),
    )
    for words in (
        "✗ Bash",
        "<details open>",
        "Allowed: `rule`",
        "**Error:** `killed`",
        "not in the archive",
        "session `s2`",
    ):
        assert words in document


def test_the_whole_output_is_shown_where_it_was_found() -> None:
    document = shown(
        bodies.ToolCalled(call="c", name="Bash"),
        bodies.ToolFinished(call="c", ok=True, output="cut", full_output="whole"),
    )
    assert "whole" in document
    assert "cut" not in document


def test_a_result_that_stands_in_a_message_is_shown_with_its_call() -> None:
    document = shown(
        said(blocks.ToolCall(call="c", name="Bash", input={"command": "ls"})),
        bodies.UserMessage(blocks=(blocks.ToolResult(call="c", output="a.py"),)),
    )
    assert "✓ Bash <code>ls</code>" in document
    assert "```\na.py\n```" in document


def test_an_interrupted_run_says_so() -> None:
    document = shown(
        bodies.UserMessage(blocks=(blocks.Text(text="go"),)),
        bodies.UserMessage(blocks=(blocks.Text(text="stop"),), human=False, origin="interrupt"),
    )
    assert "*This run was interrupted.*" in document

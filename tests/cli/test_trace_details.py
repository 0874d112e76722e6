from __future__ import annotations

from typing import Any

import pytest
from tests.tree.builders import event

from reenact.cli.glyphs import Look
from reenact.cli.trace_details import details
from reenact.events import AnyBody, blocks, bodies
from reenact.tree import fold


def below(body: AnyBody, *, thinking: bool = True) -> list[str]:
    made = event(1, body)
    (step,) = fold([made]).walk()
    return [line for line, _ in details(step, {1: made}, Look(thinking=thinking), width=40)]


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        pytest.param(bodies.ReasoningBody(text="hm"), ["hm"], id="thoughts"),
        pytest.param(bodies.SystemMessage(blocks=(blocks.Text(text="a\nb"),)), ["a", "b"], id="system"),
        pytest.param(
            bodies.AssistantMessage(
                blocks=(blocks.Image(media_type="image/png", data="A" * 4000), blocks.Text(text="x"))
            ),
            ["[image image/png, 3.0 KB]", "x"],
            id="image",
        ),
        pytest.param(bodies.AssistantMessage(blocks=(blocks.Audio(),)), ["[audio ]"], id="audio"),
        pytest.param(
            bodies.AssistantMessage(blocks=(blocks.File(name="a.pdf"),)), ["[file a.pdf]"], id="file"
        ),
        pytest.param(bodies.AssistantMessage(blocks=(blocks.Other(raw=[1]),)), ["[1]"], id="unknown block"),
        pytest.param(bodies.AssistantMessage(blocks=(blocks.Text(text=" "),)), [], id="no words"),
        pytest.param(bodies.ErrorBody(message="boom"), ["boom"], id="error"),
        pytest.param(bodies.Unknown(name="x", raw={"a": 1}), ['{"a":1}'], id="unknown"),
        pytest.param(bodies.CompactionFinished(summary="so far"), ["so far"], id="compaction"),
        pytest.param(bodies.FileChanged(path="a", patch="@@\n x\n+y"), ["@@", " x", "+y"], id="diff"),
        pytest.param(bodies.FileChanged(path="a"), [], id="change without a diff"),
        pytest.param(bodies.Stderr(text="x"), [], id="nothing more to say"),
    ],
)
def test_each_kind_of_step_shows_what_is_in_it(body: AnyBody, lines: list[str]) -> None:
    assert below(body) == lines


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        (None, []),
        ("a b", ["a b"]),
        ({"path": "a.py", "n": 3}, ["path: a.py", "n: 3"]),
        ({"text": "a\nb"}, ["text:", "  a", "  b"]),
        ([1, {"a": 2}], ['[1,{"a":2}]']),
    ],
)
def test_arguments_are_shown_member_by_member(value: Any, lines: list[str]) -> None:
    assert below(bodies.ToolCalled(call="c", name="T", input=value)) == lines


def test_a_result_tells_how_it_ended() -> None:
    body = bodies.ToolFinished(
        call="c", ok=False, output="out", error="killed", exit_code=9, child="s2", truncated=True
    )
    assert below(body) == [
        "out",
        "killed",
        "exit code 9",
        "↳ session s2",
        "the whole output is not in the archive",
    ]


@pytest.mark.parametrize("output", [None, "", {}, []], ids=repr)
def test_a_result_without_content_has_no_line_of_its_own(output: Any) -> None:
    assert below(bodies.ToolFinished(call="c", ok=True, output=output)) == []
    assert below(bodies.ToolFinished(call="c", ok=False, output=output, error="killed")) == ["killed"]


@pytest.mark.parametrize("output", [0, False, {"": None}], ids=repr)
def test_a_result_that_says_little_is_shown(output: Any) -> None:
    assert len(below(bodies.ToolFinished(call="c", ok=True, output=output))) == 1


def test_long_diffs_say_how_much_is_left() -> None:
    found = below(bodies.FileChanged(path="a", patch="\n".join(f"+{number}" for number in range(100))))
    assert len(found) == 61
    assert found[-1] == "… 40 more lines"


def test_thoughts_wait_until_they_are_asked_for() -> None:
    assert below(bodies.ReasoningBody(text="hm"), thinking=False) == []

from __future__ import annotations

import os
from datetime import UTC
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from tests.tree.builders import Script
from tests.tree.strategies import sessions

from reenact.events import Header, blocks, bodies
from reenact.events.blocks import PlanItem, Repository
from reenact.export import markdown
from reenact.export.inert import prose

GOLDEN = Path(__file__).parent / "golden"
OURS = ("<details>", "<details open>", "<summary>", "</summary>", "</details>", "<code>", "</code>")
HEADER = Header(id="s1", agent="codex", native_id="native-1")


def document(script: Script, *, thinking: bool = False) -> str:
    return "".join(markdown(script.events, header=HEADER, scrub=None, zone=UTC, thinking=thinking))


def worked() -> Script:
    """A session with a bit of everything."""
    script = Script()
    script.add(
        bodies.SessionStarted(
            agent="codex", agent_version="0.1.2", cwd="/home/ann/app_one", repo=Repository(branch="main")
        )
    )
    script.human("Make the tests pass.\n\nThey fail with `List<int>`.")
    script.add(
        bodies.AssistantMessage(
            blocks=(blocks.Reasoning(text="The tests first."), blocks.Text(text="I look at the *tests*.")),
            message="m1",
            model="model-a",
        ),
        turn="t1",
    )
    script.calls("c1", "Bash", {"command": "pytest -q"}, message="m1", turn="t1")
    script.calls("c2", "Edit", {"file_path": "a.py", "new": "one\ntwo"}, message="m1", turn="t1")
    script.result("c1", "1 failed\n```\nnested\n```", ok=False)
    script.result("c2", "ok")
    script.changes("a.py", patch="@@ -1 +1 @@\n-old\n+new", call="c2")
    script.changes("b.py")
    script.spends("m1", 42)
    script.add(bodies.PlanUpdated(items=(PlanItem(text="test", status="completed"), PlanItem(text="ship"))))
    script.add(bodies.PermissionAnswered(granted=False, call="c3", reason="no"))
    script.calls("c3", "Web", "free <text>", turn="t2")
    script.add(bodies.AgentSpawned(child="s2", name="helper", task="help me"))
    script.add(bodies.CompactionFinished(summary="so far", before=150000, after=12000))
    script.add(bodies.ErrorBody(message="overloaded"))
    script.says("Done:\n\n```py\nx: List[int] = a < b\n```", "m4", stop="end_turn", turn="t3")
    script.human("Other", parent="e2")
    return script


def test_a_transcript_reads_as_it_should() -> None:
    shown = document(worked(), thinking=True)
    path = GOLDEN / "worked.md"
    if os.environ.get("REENACT_UPDATE_GOLDEN"):
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8")


def test_thoughts_are_left_out_unless_asked_for() -> None:
    assert "The tests first." not in document(worked())


def test_a_title_and_facts_of_the_caller_are_told() -> None:
    shown = "".join(markdown([], title="A *title*", facts={"Cost": "$1.25", "Project": ""}, scrub=None))
    assert shown.startswith("# A \\*title\\*\n")
    assert "| Cost | $1.25 |" in shown
    assert "Project" not in shown


def test_secrets_are_gone_before_anything_is_cut() -> None:
    script = Script()
    script.human("x" * 230 + "SECRET-VALUE")

    def scrub(value: object) -> object:
        if isinstance(value, dict):
            return {name: scrub(item) for name, item in value.items()}
        if isinstance(value, list):
            return [scrub(item) for item in value]
        return value.replace("SECRET-VALUE", "[gone]") if isinstance(value, str) else value

    shown = "".join(markdown(script.events, scrub=scrub, title="SECRET-VALUE", facts={"a": "SECRET-VALUE"}))
    assert "SECRET" not in shown
    assert shown.count("gone") == 4


HOSTILE = [
    "<script>alert(1)</script>",
    "a `b <script>x</script>` c ` d\n<img src=x onerror=y>",
    "one ` two\nthree ` <b>four</b> ` five",
    "```\ncode\n<b>still code</b>",
    "  ```\ncode\n```\n<script>x</script>",
    "- a\n  ```\n  b\n<script>x</script>",
    "> ```\n<script>x</script>",
    "~~~ a`b\ncode\n~~~\n<script>x</script>",
    "```a`b\n<script>x</script>",
    "````\n```\n<b>in</b>\n````\n<script>out</script>",
    "![beacon](http://evil.test/x.png)",
    "`![beacon](http://evil.test/x.png)`",
    "a ` b\n`![beacon](http://evil.test/x.png)`",
    "![beacon][r]\n\n[r]: http://evil.test/x.png",
    "[click](javascript:alert(1))",
    "[click](\njavascript:alert(1))",
    "[click](java\tscript:alert(1))",
    "[click](&#106;avascript:alert(1))",
    "[click][r]\n\n[r]: javascript:alert(1)",
    "[r]\n\n[r\n]: javascript:alert(1)",
    "<javascript:alert(1)>",
    "</details></summary>\n\n<details>",
    "&lt;script&gt; &amp; &#60;b&#62;",
    "\x1b[31mred\x1b]0;title\x07\x00\u202e",
    "\\<b>x</b> \\`<i>y</i>\\`",
    "`` <b>`x`</b> ``",
    "x\n===\n# y\n---",
    "\u2028<script>\u2029",
    "\0\1<b>",
    "```~~~``> ``",
    "- ```~~~``> ``\n<b>",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_inert_wherever_it_stands(text: str) -> None:
    assert_inert(everywhere(text))


@pytest.mark.parametrize(
    "text",
    [
        "a < b && c > d", "[r]: http://e.test", "x `a<b` `c` y", "\\<b> \\\\<b> \\& \\\\&", "a ` b <i> ` c", "`a`b`",
        "*one* **two** _three_", "> quoted\n> words", "1. a\n2. b", "https://e.test/?a=1&b=2",
    ],
)  # fmt: skip
def test_prose_reads_as_it_would_without_html(text: str) -> None:
    """What a reader that knows HTML shows of ours is what one without HTML shows of the original."""
    ours = MarkdownIt("commonmark", {"html": True}).render(prose(text))
    theirs = MarkdownIt("commonmark", {"html": False}).render(text if text[0] != "[" else "\\" + text)
    assert unescape(ours) == unescape(theirs)


FRAGMENTS = st.sampled_from([
    "`", "``", "```", "~~~", "\n", "\n\n", " ", "    ", "  ", "- ", "> ", "1. ", "<b>", "</b>", "<!--", "-->",
    "<script>", "![", "[", "]", "](", "]:", "(", ")", "javascript:x", "http://e.test", "&", "&#60;", "\\", "a",
    "|", "<a href=", "\t", "\r", "#", "*", "_",
])  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(st.lists(FRAGMENTS, max_size=14).map("".join))
def test_no_mixture_of_markup_comes_alive(text: str) -> None:
    assert_inert(everywhere(text))


@settings(deadline=None)
@given(sessions())
def test_any_session_can_be_written_down(events: list[object]) -> None:
    assert_inert("".join(markdown(events, scrub=None, zone=UTC, thinking=True)))  # type: ignore[arg-type]  # they are events


def everywhere(text: str) -> str:
    """Gives a transcript with the text in every place that recorded text can stand in."""
    script = Script()
    script.add(bodies.SessionStarted(cwd=text, agent=text))
    script.human(text)
    script.add(
        bodies.AssistantMessage(
            blocks=(blocks.Reasoning(text=text), blocks.Text(text=text)), message="m", model=text
        )
    )
    script.calls("c1", text, {"command": text})
    script.calls("c2", text, {text: text, "b": [text]})
    script.add(bodies.ToolFinished(call="c1", ok=False, output=text, error="e" + text, child=text))
    script.add(bodies.PermissionAnswered(granted=True, call="c2", reason=text))
    script.changes(text, patch=text)
    script.changes(text)
    script.add(bodies.PlanUpdated(items=(PlanItem(text=text),), text=text))
    script.add(bodies.AgentSpawned(child=text, task=text))
    script.add(bodies.CompactionFinished(summary=text))
    script.add(bodies.ErrorBody(message=text))
    script.told(text, origin=text)
    script.add(bodies.Custom(name=text))
    script.add(bodies.UsageRecorded(key="k", tokens=script_tokens(), model=text))
    header = Header(id="s1", agent="codex", native_id=text)
    return "".join(
        markdown(script.events, header=header, scrub=None, zone=UTC, thinking=True, facts={"Fact": text})
    )


def script_tokens() -> blocks.Tokens:
    return blocks.Tokens(output=1)


def assert_inert(shown: str) -> None:
    """The reader that judges is markdown-it, with HTML on and tables as on the usual sites."""
    assert not any((ord(c) < 0x20 and c != "\n") or c in "\x7f\u202e\u2028\u2029" for c in shown)
    reader = MarkdownIt("commonmark", {"html": True}).enable("table")
    reader.validateLink = lambda url: True  # type: ignore[method-assign]  # a careless reader, not a careful one
    tokens = reader.parse(shown)
    html: list[str] = []
    for token in tokens:
        for part in (token, *(token.children or ())):
            assert part.type != "image"
            if part.type in {"html_block", "html_inline"}:
                html.append(part.content)
            if part.type == "link_open":
                assert str(part.attrs["href"]).startswith(("http://", "https://", "mailto:", "#"))
    left = "".join(html)
    for tag in OURS:
        left = left.replace(tag, "")
    assert "<" not in left
    assert "".join(html).count("<details") == "".join(html).count("</details>")

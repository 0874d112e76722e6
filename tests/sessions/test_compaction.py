"""Compaction: what is put in the place of what, and how it is taken back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.recorder.rooms import bodies_of, tree_of
from tests.sessions.rooms import fill, texts, use_tool

from reenact.archive import Archive
from reenact.errors import UsageError
from reenact.events import blocks
from reenact.sessions import LiveSession, LiveSessions, shortened


def long_chat(live: LiveSessions, turns: int = 8) -> LiveSession:
    """Each turn: a question, a call, its result, an answer."""
    chat = live.open()
    for turn in range(turns):
        chat.inject("user", f"question {turn}")
        use_tool(chat, f"c{turn}", f"line {turn}\n" * 200)
        chat.inject("assistant", f"answer {turn} " + "so " * 300)
    return chat


def test_a_strategy_or_option_that_is_none_is_an_error_naming_it(live: LiveSessions) -> None:
    """S4-20."""
    chat = long_chat(live)
    before = chat.messages()
    for options, named in (
        ({"bogus": 1}, "bogus"),
        ({"strategy": "magic"}, "magic"),
        ({"strategy": "mask", "summarise": len}, "summarise"),
        ({"strategy": "summarise"}, "summarise"),
        ({"keep_last": -1}, "keep_last"),
        ({"keep_last": "2"}, "keep_last"),
    ):
        with pytest.raises(UsageError, match=named):
            chat.compact(**options)
    assert chat.messages() == before


def test_a_short_context_stays_as_it_is(live: LiveSessions) -> None:
    """S4-65."""
    chat = fill(live.open(), "one", "two", "three")
    last = list(chat.events())[-1]
    choices: list[dict[str, Any]] = [{}, {"keep_last": 3}, {"keep_first": 1, "keep_last": 2}]
    for options in choices:
        told = chat.compact(**options)
        assert not told.is_done
        assert told.before == told.after == 3
    assert list(chat.events())[-1] == last


def test_short_tool_output_stays_as_it_is() -> None:
    """S4-44."""
    assert shortened("all is well\n", 100) == "all is well\n"


def test_long_tool_output_keeps_whole_lines_and_what_went_wrong() -> None:
    """S4-45."""
    rows = [f"line {number} of the output" for number in range(200)]
    rows[90] = "src/a.py:3: error: no such name"
    text = "\n".join(rows)
    told = shortened(text, 600)
    lines = told.split("\n")
    assert lines[:3] == rows[:3]
    assert lines[-3:] == rows[-3:]
    assert rows[90] in lines
    assert all(line in rows or line.startswith("[… ") for line in lines)
    left = sum(int(line.split()[1]) for line in lines if line.startswith("[… "))
    assert left + sum(line in rows for line in lines) == 200
    assert len(told) < 800
    one = shortened("é" * 5000, 300)
    assert one.startswith("é" * 100)
    assert "4800 characters left out" in one


@given(text=st.text(alphabet="aé\n\r error", max_size=400), room=st.integers(0, 200))
@settings(max_examples=100, deadline=None)
def test_shortening_never_fails_nor_grows_much(text: str, room: int) -> None:
    told = shortened(text, room)
    assert told == text if len(text) <= room else len(told) <= room + 60 * (2 + told.count("[…"))


@pytest.mark.parametrize("strategy", ["truncate", "mask", "summarise"])
@pytest.mark.parametrize("keep_last", range(9))
def test_what_is_kept_begins_with_somebodys_word_and_parts_no_call(
    live: LiveSessions, strategy: str, keep_last: int
) -> None:
    """S4-47."""
    chat = long_chat(live, 5)
    before = chat.messages()
    more = {"summarise": lambda _: "all of it"} if strategy == "summarise" else {}
    told = chat.compact(strategy, keep_last=keep_last, **more)  # type: ignore[arg-type]  # words of the table
    summary, *kept = chat.messages()
    assert summary.is_summary
    assert summary.role == "user"
    assert tuple(kept) == before[len(before) - len(kept) :]
    assert len(kept) >= keep_last
    if kept:
        assert kept[0].text.startswith("question")
    assert [c for m in kept for c in m.calls] == [c for m in kept for c in m.results]
    assert told.tokens_after == sum(m.tokens for m in chat.messages()) < told.tokens_before


def test_masking_keeps_what_the_model_said(live: LiveSessions) -> None:
    """S4-49."""
    chat = long_chat(live)
    told = chat.compact("mask", keep_last=4)
    assert told.summary is not None
    assert "characters masked]" in told.summary
    assert "answer 1 so so" in told.summary
    assert "line 1\nline 1" not in told.summary


def test_a_summary_is_written_by_who_is_asked(live: LiveSessions) -> None:
    """S4-50: it is told the instructions and what it is to sum up."""
    asked: list[str] = []

    def summarise(prompt: str) -> str:
        asked.append(prompt)
        return "They counted to two."

    chat = fill(live.open(), "one", "two", "three", "four")
    told = chat.compact(summarise=summarise, instructions="Be brief, like a bird.", keep_last=2)
    assert told.strategy == "summarise"
    assert texts(chat) == ["They counted to two.", "three", "four"]
    (prompt,) = asked
    assert prompt.startswith("Be brief, like a bird.")
    assert "2 messages are to be summarised" in prompt
    assert "[user] one" in prompt
    assert "three" not in prompt


@pytest.mark.parametrize("answer", [None, "", "  \n"])
def test_an_empty_summary_falls_back_to_beginnings(live: LiveSessions, answer: str | None) -> None:
    chat = fill(live.open(), "one", "two", "three")
    chat.compact(summarise=lambda _: answer, keep_last=1)
    assert "one" in texts(chat)[0]


def test_what_comes_while_a_summary_is_written_is_kept(live: LiveSessions) -> None:
    chat = fill(live.open(), "one", "two", "three")

    def slow(_: str) -> str:
        chat.inject("user", "meanwhile")
        return "short"

    assert chat.compact(summarise=slow, keep_last=1).is_done
    assert texts(chat) == ["short", "three", "meanwhile"]

    def rude(_: str) -> str:
        chat.reset()
        return "too late"

    assert not chat.compact(summarise=rude, keep_last=0).is_done
    assert chat.length() == 0


def test_shortening_leaves_everything_but_long_results(archive: Archive, live: LiveSessions) -> None:
    chat = live.open()
    chat.inject("system", "be good")
    use_tool(
        chat, "c1", "first\n" + "x" * 80 + "\n" + "noise\n" * 400 + "ERROR: it broke\n" + "noise\n" * 400
    )
    use_tool(chat, "c2", "small")
    both = [blocks.ToolResult(call=f"p{n}", output=f"{n}\n" * 900) for n in range(2)]
    chat.inject("assistant", [blocks.ToolCall(call=f"p{n}", name="t") for n in range(2)])
    chat.inject("tool", both)
    chat.inject("user", "and now?")
    before = chat.messages()
    told = chat.compact("shorten", max_chars=300, keep_last=0)
    after = chat.messages()
    assert told.is_done
    assert [(m.role, m.calls, m.results) for m in after] == [(m.role, m.calls, m.results) for m in before]
    changed = [n for n, (old, new) in enumerate(zip(before, after, strict=True)) if old.blocks != new.blocks]
    assert changed == [2, 6]
    assert "ERROR: it broke" in after[2].text
    assert len(after[2].text) < 500
    assert told.tokens_after < told.tokens_before / 3
    assert not chat.compact("shorten", max_chars=300, keep_last=0).is_done
    fork = chat.fork()
    assert [m.blocks for m in fork.messages()] == [m.blocks for m in after]
    context = tree_of(archive, chat.id).at(10**6).context
    assert len([part for part in context if part.id == told.event]) == 3
    assert chat.restore()
    assert chat.messages() == before


@pytest.mark.parametrize("strategy", ["truncate", "mask", "shorten"])
def test_originals_come_back_and_what_came_since_stays(
    archive: Archive, live: LiveSessions, strategy: str
) -> None:
    chat = long_chat(live)
    before = texts(chat)
    more = {"max_chars": 50} if strategy == "shorten" else {}
    told = chat.compact(strategy, keep_last=2, **more)  # type: ignore[arg-type]  # words of the table
    fill(chat, "since")
    assert chat.restore(told.event)
    assert texts(chat) == [*before, "since"]
    assert not chat.restore()
    (finished,) = bodies_of(archive, chat.id, "compaction.finished")
    assert finished.archived
    (undone,) = bodies_of(archive, chat.id, "context.reverted")
    assert undone.abandoned == (told.event,)


def test_compactions_are_taken_back_one_by_one(live: LiveSessions) -> None:
    chat = long_chat(live)
    first = texts(chat)
    chat.compact(keep_last=12)
    second = texts(chat)
    chat.compact("mask", keep_last=4)
    chat.restore()
    assert texts(chat) == second
    chat.restore()
    assert texts(chat) == first


def test_the_systems_words_stay_at_the_head(live: LiveSessions) -> None:
    chat = live.open()
    chat.inject("system", "be good")
    fill(chat, *"abcdef")
    chat.compact(keep_last=2, keep_first=2)
    messages = chat.messages()
    assert [m.text for m in messages[:2]] == ["be good", "a"]
    assert messages[2].is_summary
    assert [m.text for m in messages[3:]] == ["e", "f"]


def test_a_summary_of_all_stands_behind_the_systems_words(live: LiveSessions) -> None:
    chat = live.open()
    chat.inject("system", "be good")
    fill(chat, "a")
    chat.compact(keep_last=0)
    head, summary = chat.messages()
    assert head.text == "be good"
    assert not head.is_summary
    assert summary.is_summary


@pytest.mark.parametrize("keep_last", [0, 12])
@pytest.mark.parametrize("strategy", ["truncate", "mask", "summarise"])
def test_a_summary_alone_is_not_wrapped_once_more(live: LiveSessions, strategy: Any, keep_last: int) -> None:
    chat = fill(live.open(), *(f"word {number}" for number in range(20)))
    more = {"summarise": lambda _: "they counted"} if strategy == "summarise" else {}
    assert chat.compact(strategy, keep_last=keep_last, **more).is_done
    before = chat.messages()
    again = chat.compact(strategy, keep_last=keep_last, **more)
    assert not again.is_done
    assert again.tokens_after == again.tokens_before
    assert chat.messages() == before


def test_a_long_summary_alone_may_become_a_shorter_one(live: LiveSessions) -> None:
    chat = fill(live.open(), *("word " * 100 for _ in range(20)))
    chat.compact("mask", keep_last=0, max_chars=10_000)
    told = chat.compact("truncate", keep_last=0)
    assert told.is_done
    assert told.tokens_after < told.tokens_before
    assert not chat.compact("truncate", keep_last=0).is_done
    assert chat.restore()
    assert chat.restore()
    assert chat.length() == 20

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reenact.tree import joined, safe, safe_lines

BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
HOSTILE = st.text(
    alphabet=st.one_of(
        st.characters(),
        st.sampled_from("\x1b\x9b\x9d\x90\x07\\[]P;0m\r\n\t\x85\u2028" + BIDI),
    )
)


@given(HOSTILE)
def test_nothing_that_controls_a_terminal_comes_through(hostile: str) -> None:
    for shown in (safe(hostile), joined(hostile), *safe_lines(hostile)):
        assert all(character.isprintable() or character in "\u200c\u200d" for character in shown)
        shown.encode()


@given(HOSTILE)
def test_making_harmless_twice_changes_nothing(hostile: str) -> None:
    assert safe(safe(hostile)) == safe(hostile)


@pytest.mark.parametrize(
    ("recorded", "shown"),
    [
        pytest.param("plain words", "plain words", id="plain"),
        pytest.param("\x1b[31mred\x1b[0m", "red", id="colour"),
        pytest.param("\x9b31mred", "red", id="colour in one byte"),
        pytest.param("a\x1b]0;title\x07b", "ab", id="window title"),
        pytest.param("a\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\b", "alinkb", id="link"),
        pytest.param("a\x1b]52;c;Zm9v\x9cb", "ab", id="clipboard"),
        pytest.param("a\x1bPq#0\x1b\\b", "ab", id="picture"),
        pytest.param("a\x1b]0;never ends", "a␛]0;never ends", id="sequence that never ends"),
        pytest.param("a\x1b", "a␛", id="escape at the end"),
        pytest.param("a\x1bcb", "ab", id="terminal reset"),
        pytest.param("abc\x08\x08x", "abc␈␈x", id="backspace"),
        pytest.param("one\ntwo\r\nthree", "one⏎two⏎three", id="line breaks"),
        pytest.param("a\u202eb", "a<U+202E>b", id="right to left override"),
        pytest.param("a\u200bb\ufeff", "a<U+200B>b<U+FEFF>", id="characters without a width"),
        pytest.param("\ud800", "\ufffd", id="lone surrogate"),
        pytest.param("👩\u200d👧", "👩\u200d👧", id="emoji of several parts"),
        pytest.param("שלום", "שלום", id="right to left script"),
        pytest.param("a\tb", "a    b", id="tab"),
        pytest.param("a\xa0b", "a b", id="space that does not break"),
    ],
)
def test_recorded_text_is_shown_harmless(recorded: str, shown: str) -> None:
    assert safe(recorded) == shown


def test_lines_are_parted_at_every_kind_of_break() -> None:
    assert safe_lines("a\nb\r\nc\rd\u2028e\x85f") == ["a", "b", "c", "d", "e", "f"]


def test_runs_of_breaks_are_one_sign() -> None:
    assert joined("  a \n\n \t b\n") == "a ⏎ b"

from __future__ import annotations

from datetime import timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from reenact.cli import text

BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
HOSTILE = st.text(
    alphabet=st.one_of(
        st.characters(),
        st.sampled_from("\x1b\x9b\x9d\x90\x07\\[]P;0m\r\n\t\x85\u2028" + BIDI + "\u200d\ufe0f日本👩👧"),
    )
)


def is_harmless(shown: str) -> bool:
    return not any(
        ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 or character in BIDI + "\u2028\u2029"
        for character in shown
    )


@given(HOSTILE)
def test_no_control_sequence_or_direction_mark_comes_through(hostile: str) -> None:
    assert is_harmless(text.safe(hostile))
    assert is_harmless(text.line(hostile, width=40))
    assert all(is_harmless(part) for part in text.safe_lines(hostile))
    text.safe(hostile).encode()


@given(HOSTILE, st.integers(min_value=1, max_value=120))
def test_a_line_is_never_wider_than_its_limit(hostile: str, width: int) -> None:
    assert cell_len(text.line(hostile, width=width)) <= width


@given(HOSTILE, st.integers(min_value=1, max_value=60))
def test_padded_text_is_exactly_as_wide_as_asked(hostile: str, width: int) -> None:
    assert cell_len(text.pad(text.safe(hostile), width)) == width


@given(HOSTILE, st.integers(min_value=2, max_value=60))
def test_wrapping_loses_nothing_but_spaces_and_fits(hostile: str, width: int) -> None:
    shown = text.safe(hostile)
    pieces = text.wrap(shown, width)
    assert "".join(pieces).replace(" ", "") == shown.replace(" ", "")
    assert all(cell_len(piece) <= width for piece in pieces)


@pytest.mark.parametrize(
    ("recorded", "width", "shown"),
    [
        ("abcdef", 6, "abcdef"),
        ("abcdefg", 6, "abcde…"),
        ("日本語日本語", 6, "日本…"),
        ("日本語", 6, "日本語"),
        ("a \n\n b", 20, "a ⏎ b"),
        ("  a\n", 20, "a"),
        ("x" * 100_000, 5, "xxxx…"),
        ("abc", 0, ""),
    ],
)
def test_a_line_is_clipped_by_cells(recorded: str, width: int, shown: str) -> None:
    assert text.line(recorded, width=width) == shown


def test_words_wrap_at_spaces_and_long_ones_break() -> None:
    assert text.wrap("one two three", 8) == ["one two", "three"]
    assert text.wrap("abcdefghij", 4) == ["abcd", "efgh", "ij"]
    assert text.wrap("日本語日本", 4) == ["日本", "語日", "本"]
    assert text.wrap("", 4) == [""]


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0"), (999, "999"), (1000, "1.0k"), (12_345, "12.3k"), (999_949, "999.9k"), (999_950, "1.0M"),
     (14_771_617, "14.8M"), (3_200_000_000, "3.2B"), (5 * 10**15, "5000.0T")],
)  # fmt: skip
def test_counts_are_short(count: int, shown: str) -> None:
    assert text.count_text(count) == shown


@pytest.mark.parametrize(
    ("size", "shown"),
    [(0, "0 B"), (999, "999 B"), (1500, "1.5 KB"), (4_200_000, "4.2 MB"), (3 * 10**15, "3000.0 TB")],
)
def test_sizes_are_short(size: int, shown: str) -> None:
    assert text.size_text(size) == shown


@pytest.mark.parametrize(
    ("cost", "known", "shown"),
    [
        (0, 0, "$0.00"),
        (1_250_000_000_000, 0, "$1.25"),
        (1_234_567_890_000_000, 0, "$1,234.57"),
        (4_200_000_000, 0, "$0.0042"),
        (40_000_000, 0, "<$0.0001"),
        (None, 0, "—"),
        (None, 2_000_000_000_000, "≥$2.00"),
    ],
)
def test_money_says_what_is_unknown(cost: int | None, known: int, shown: str) -> None:
    assert text.money_text(cost, known=known) == shown


@pytest.mark.parametrize(
    ("microseconds", "shown"),
    [(None, "—"), (0, "0ms"), (85_400, "85ms"), (3_200_000, "3.2s"), (59_960_000, "1m00s"), (247_000_000, "4m07s"),
     (7_500_000_000, "2h05m"), (273_600_000_000, "3d04h")],
)  # fmt: skip
def test_durations_are_short(microseconds: int | None, shown: str) -> None:
    assert text.duration_text(microseconds) == shown


@pytest.mark.parametrize(
    ("ago", "shown"),
    [(0, "now"), (9, "now"), (42, "42s ago"), (300, "5m ago"), (7200, "2h ago"), (86_400 * 3, "3d ago"),
     (86_400 * 20, "2w ago"), (86_400 * 100, "3mo ago"), (86_400 * 800, "2y ago"), (-86_400 * 3, "in 3d"),
     (86_400 * 365 * 500, "99y ago")],
)  # fmt: skip
def test_times_are_told_by_their_distance(ago: int, shown: str) -> None:
    now = 1_790_000_000_000_000
    assert text.relative(now - ago * 1_000_000, now=now) == shown
    assert len(shown) <= 8


def test_an_unknown_time_is_shown_as_unknown() -> None:
    assert text.relative(None, now=0) == "—"
    assert text.moment_text(None) == "—"
    assert text.clock_text(None) == " " * 8


def test_times_are_shown_in_the_zone_asked_for() -> None:
    zone = timezone(timedelta(hours=2))
    assert text.moment_text(1_790_000_000_000_000, zone=zone) == "2026-09-21 16:13:20"
    assert text.clock_text(1_790_000_000_000_000, zone=zone) == "16:13:20"

from __future__ import annotations

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reenact import ids

parts = st.lists(st.text(alphabet=st.characters(exclude_characters="\x1f")), min_size=1, max_size=4)


@given(parts, parts)
def test_equal_parts_have_equal_ids_and_other_parts_have_others(one: list[str], two: list[str]) -> None:
    assert (ids.derive(*one) == ids.derive(*two)) is (one == two)


@given(parts)
def test_a_derived_id_is_safe_as_a_file_name(of: list[str]) -> None:
    assert re.fullmatch("[0-9a-f]{24}", ids.derive(*of))


@pytest.mark.parametrize("text", ["\ud800", "../../x", "a\x00b", "é", ""])
def test_any_text_has_an_id(text: str) -> None:
    assert re.fullmatch("[0-9a-f]{24}", ids.derive(text))


def test_ids_are_the_same_for_ever() -> None:
    expected = hashlib.sha256(b"session\x1fcodex\x1fabc").hexdigest()[:24]
    assert ids.session_id("codex", "abc") == expected
    assert ids.session_id("codex", "abc") == "3dbdb2f41bcfa6b14e09f40c"


def test_things_of_different_kinds_never_share_an_id() -> None:
    derived = [ids.session_id("a", "b"), ids.original_id("a", "b"), ids.event_id("a", "b")]
    assert len(set(derived)) == 3


def test_a_counting_minter_counts() -> None:
    minter = ids.CountingMinter("e")
    assert [minter.mint() for _ in range(3)] == ["e0001", "e0002", "e0003"]
    assert ids.CountingMinter().mint() == "id0001"


def test_a_random_minter_never_repeats_itself() -> None:
    minter = ids.RandomMinter()
    minted = {minter.mint() for _ in range(1000)}
    assert len(minted) == 1000
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in minted)

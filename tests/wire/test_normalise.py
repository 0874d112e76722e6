"""The common form of values: masked, with placeholders, ids by their first use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reenact.wire.declared import Declared
from reenact.wire.normalise import Id, Normaliser, without_marks
from reenact.wire.rules import LISTING_DATES, UUIDS, IdShape, Rule, Rules

if TYPE_CHECKING:
    from reenact.wire.canonical import Json

RULES = Rules(
    shapes=(UUIDS, IdShape(name="call", pattern="call_[a-z0-9]{4,}", hint="call_")),
    rules=(
        Rule(name="task", pattern=r"with ID: ([\w-]{6,})", does="id", hint="with ID"),
        Rule(name="duration", pattern=r"took (\d+) ms of (\d+)", hint="took"),
        LISTING_DATES,
    ),
)
NORMALISER = Normaliser(RULES, [Declared(cwd="/srv/app", sessions=("session-one",))])
ONE, TWO = "0b6f6a52-0d3c-4f7e-9a43-0d4f4d0a9d11", "7c1f6a52-0d3c-4f7e-9a43-0d4f4d0a9d22"


def normal(value: Json, known: frozenset[str] = frozenset()) -> tuple[str, tuple[str, ...]]:
    form = NORMALISER.form(value, known)
    return form.data.decode(), form.ids


def test_ids_of_known_shape_are_numbered_by_first_use() -> None:
    assert normal([TWO, f"{ONE} then {TWO}", "call_abcd"]) == (
        '["⟦id:0⟧","⟦id:1⟧ then ⟦id:0⟧","⟦id:2⟧"]',
        (TWO, ONE, "call_abcd"),
    )


def test_an_id_inside_a_longer_word_is_none() -> None:
    assert normal([f"x{ONE}", f"{ONE}9", "recall_abcd"])[1] == ()


def test_the_order_of_members_does_not_change_the_numbers() -> None:
    assert normal({"b": ONE, "a": TWO}) == normal({"a": TWO, "b": ONE})


def test_an_id_told_by_its_place_is_renamed_everywhere() -> None:
    value: Json = ["bq7w9zx is running with ID: bq7w9zx", "read /x/bq7w9zx.output", "notbq7w9zx"]
    assert NORMALISER.find_ids(value) == ("bq7w9zx",)
    assert normal(value, frozenset({"bq7w9zx"}))[0] == (
        '["⟦id:0⟧ is running with ID: ⟦id:0⟧","read /x/⟦id:0⟧.output","notbq7w9zx"]'
    )


def test_ids_told_by_place_are_found_in_json_held_in_text() -> None:
    assert NORMALISER.find_ids('{"out": "started with ID: abc-123"}') == ("abc-123",)


def test_an_id_field_is_renamed_whatever_it_holds_but_short_ones_are_not_looked_for() -> None:
    value: Json = [Id("7"), "7 apples", Id("toolish-thing")]
    assert NORMALISER.find_ids(value) == ("toolish-thing",)
    assert normal(value) == ('["⟦id:0⟧","7 apples","⟦id:1⟧"]', ("7", "toolish-thing"))
    assert without_marks(value) == ["7", "7 apples", "toolish-thing"]
    assert type(without_marks(Id("7"))) is str


def test_ids_of_known_shape_need_not_be_looked_for() -> None:
    assert NORMALISER.find_ids([Id(ONE), f"with ID: {TWO}"]) == ()


def test_every_group_of_a_mask_is_masked() -> None:
    assert normal("it took 12 ms of 40; 12")[0] == '"it took ⟦duration⟧ ms of ⟦duration⟧; 12"'


def test_a_directory_listing_loses_owner_and_time_but_keeps_size_and_name() -> None:
    here = "total 8\n-rw-r--r-- 1 dev dev   120 Nov 21 01:26 app.py\ndrwxr-xr-x 2 dev dev 4096 Nov 21  2025 notes"
    there = "total 8\n-rw-r--r-- 1 maria staff   120 Jan  5 23:59 app.py\ndrwxr-xr-x 2 maria staff 4096 Jan  1  2024 notes"
    assert normal(here) == normal(there)
    assert normal(here) != normal(there.replace("120", "121"))
    assert normal(here) != normal(there.replace("app.py", "api.py"))


def test_declared_values_are_replaced_in_names_too() -> None:
    assert normal({"/srv/app/x": "see /srv/app."})[0] == '{"⟦cwd⟧/x":"see ⟦cwd⟧."}'


def test_a_declared_session_is_known_to_everybody_who_asks() -> None:
    assert NORMALISER.sessions == ("session-one",)


def test_placeholders_without_numbers_serve_comparing() -> None:
    assert NORMALISER.plain([ONE, Id("x"), TWO]) == ["⟦id⟧", "⟦id⟧", "⟦id⟧"]


def test_the_key_names_rules_and_values() -> None:
    assert NORMALISER.key == Normaliser(RULES, [Declared(cwd="/srv/app", sessions=("session-one",))]).key
    assert NORMALISER.key != Normaliser(RULES, [Declared(cwd="/srv/app2")]).key
    accepted = RULES.plus((Rule(name="more", pattern="x(y)"),))
    assert Normaliser(accepted).key != Normaliser(RULES).key
    assert Normaliser(accepted).form("xy").data == '"x⟦more⟧"'.encode()


@pytest.mark.parametrize("known", [frozenset[str](), frozenset({"foobar1"})])
def test_a_word_seen_before_is_still_an_id_once_it_is_known(known: frozenset[str]) -> None:
    normaliser = Normaliser(RULES)
    first = normaliser.form("foobar1", known).data
    assert (first == b'"foobar1"') is (not known)
    assert normaliser.form("foobar1").data == b'"foobar1"'
    assert normaliser.form("foobar1", frozenset({"foobar1"})).ids == ("foobar1",)
    assert normaliser.form(Id("foobar1")).ids == ("foobar1",)


@given(
    st.lists(st.sampled_from(["{0}", "see {1}", "{1} and {0}", "plain", "[{2}]"]), max_size=6),
    st.lists(st.uuids().map(str), min_size=6, max_size=6, unique=True),
)
def test_renaming_all_ids_changes_nothing(texts: list[str], ids: list[str]) -> None:
    here: list[Json] = [text.format(*ids[:3]) for text in texts]
    there: list[Json] = [text.format(*ids[3:]) for text in texts]
    one, other = NORMALISER.form(here), NORMALISER.form(there)
    assert one.data == other.data
    pairs = dict(zip(one.ids, other.ids, strict=True))
    assert [pairs.get(name, name) for name in ids[:3] if name in pairs] == [
        new for old, new in zip(ids[:3], ids[3:], strict=True) if old in pairs
    ]


@given(st.uuids().map(str), st.uuids().map(str))
def test_two_ids_are_not_one(one: str, other: str) -> None:
    assert (NORMALISER.form([one, other]).data == NORMALISER.form([one, one]).data) is (one == other)

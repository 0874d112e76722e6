from __future__ import annotations

from functools import reduce
from itertools import permutations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reenact.events.blocks import Quality, Tokens
from reenact.events.bodies import UsageRecorded
from reenact.usage import add, better, owner, total, worst

counts = st.integers(min_value=0, max_value=10**9)
told = st.none() | counts
tokens = st.builds(
    Tokens,
    input=counts,
    cache_read=counts,
    cache_write=counts,
    cache_write_5m=told,
    cache_write_1h=told,
    output=counts,
    reasoning=told,
)
small = st.integers(min_value=0, max_value=2)
qualities: st.SearchStrategy[Quality] = st.sampled_from(["measured", "partial", "estimated"])
records = st.builds(
    UsageRecorded,
    key=st.just("k"),
    tokens=st.builds(
        Tokens,
        input=small,
        cache_write=small,
        output=small,
        cache_write_1h=st.none() | small,
        reasoning=st.none() | small,
    ),
    quality=qualities,
    final=st.booleans(),
    model=st.none() | st.sampled_from(["a", "b"]),
)


def record(output: int, *, final: bool = False, quality: Quality = "measured") -> UsageRecorded:
    return UsageRecorded(key="k", tokens=Tokens(input=5, output=output), final=final, quality=quality)


@given(tokens, tokens, tokens)
def test_sums_do_not_depend_on_order_or_grouping(a: Tokens, b: Tokens, c: Tokens) -> None:
    assert add(a, b) == add(b, a)
    assert add(add(a, b), c) == add(a, add(b, c))
    assert add(a, Tokens()) == a


@given(st.lists(tokens))
def test_a_total_is_the_sum_of_every_field(parts: list[Tokens]) -> None:
    summed = msgspec.structs.asdict(total(parts))
    for name, value in summed.items():
        column = [getattr(part, name) for part in parts]
        known = [count for count in column if count is not None]
        optional = name in {"cache_write_5m", "cache_write_1h", "reasoning"}
        assert value == (None if optional and not known else sum(known))
    assert total(parts).total == sum(part.total for part in parts)


@given(st.lists(qualities))
def test_the_quality_of_a_sum_is_that_of_its_worst_part(parts: list[Quality]) -> None:
    worst_first: list[Quality] = ["estimated", "partial"]
    expected = next((quality for quality in worst_first if quality in parts), "measured")
    assert worst(parts) == expected


@pytest.mark.parametrize(
    ("old", "new", "wins"),
    [
        pytest.param(record(3), record(150), True, id="larger output"),
        pytest.param(record(150), record(3), False, id="smaller output"),
        pytest.param(record(150), record(150, final=True), True, id="same but final"),
        pytest.param(record(150, final=True), record(150), False, id="same but not final"),
        pytest.param(record(150), record(3, final=True), False, id="final but cut short"),
        pytest.param(record(3, quality="partial"), record(150), True, id="measured after partial"),
        pytest.param(record(3, quality="partial"), record(3), True, id="same, measured"),
        pytest.param(record(150), record(900, quality="estimated"), False, id="an estimate never wins"),
    ],
)
def test_a_later_record_of_a_response_replaces_an_earlier_one(
    old: UsageRecorded, new: UsageRecorded, wins: bool
) -> None:
    assert better(old, new) is (new if wins else old)
    assert better(new, old) is (new if wins else old)


@given(st.lists(records, min_size=1, max_size=4))
def test_which_record_holds_does_not_depend_on_the_order_of_import(held: list[UsageRecorded]) -> None:
    winners = {reduce(better, order) for order in permutations(held)}
    assert len(winners) == 1


@given(records)
def test_a_repeat_changes_nothing(held: UsageRecorded) -> None:
    repeat = msgspec.json.decode(msgspec.json.encode(held), type=UsageRecorded)
    assert better(held, repeat) is held


@given(st.lists(st.tuples(st.none() | st.integers(), st.text()), min_size=1))
def test_the_owner_is_the_session_that_started_first(holders: list[tuple[int | None, str]]) -> None:
    started = sorted((start, name) for start, name in holders if start is not None)
    expected = started[0][1] if started else min(name for _, name in holders)
    assert owner(holders) == expected
    assert owner(reversed(holders)) == expected

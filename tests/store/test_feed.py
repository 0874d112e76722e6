"""What came to be known, in order: each event once, whoever wrote it, wherever a rewrite put it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from tests.store.builders import FlatPricer, derive, event, header, keep, key, line, prompt, usage

from reenact.clock import ManualClock
from reenact.events import Event, blocks, bodies
from reenact.store import Derived, Filter, LocalStore, MemoryStore, Store, open_store


@pytest.fixture(params=["local", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made: Store = MemoryStore(clock=ManualClock(), pricer=FlatPricer())
    if request.param == "local":
        made = open_store(tmp_path / "archive", clock=ManualClock(), pricer=FlatPricer())
    yield made
    made.close()


def named(session: str, *names: str) -> list[Event]:
    return [event(session, seq, prompt(name), name=name) for seq, name in enumerate(names, 1)]


def text_of(made: Event) -> str:
    assert isinstance(made.body, bodies.UserMessage)
    (block,) = made.body.blocks
    assert isinstance(block, blocks.Text)
    return block.text


class Reader:
    """Reads the feed as a follower does."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._last = store.feed().last

    def news(self) -> list[str]:
        texts = []
        for arrival in self._store.arrivals(self._last):
            self._last = arrival.number
            found = self._store.events(arrival.session, start=arrival.first, stop=arrival.stop)
            texts += [text_of(each) for each in found]
        return texts


def test_what_is_added_arrives_once(store: Store) -> None:
    reader = Reader(store)
    derive(store, "one", [(header("s1"), named("s1", "a", "b"))])
    assert reader.news() == ["a", "b"]
    derive(store, "one", [(header("s1"), named("s1", "a", "b", "c"))], fresh=False)
    assert reader.news() == ["c"]
    derive(store, "one", [(header("s1"), named("s1", "a", "b", "c"))], parser="agent_a/2")
    assert reader.news() == []


def test_what_a_rewrite_puts_between_others_arrives_alone(store: Store) -> None:
    reader = Reader(store)
    derive(store, "one", [(header("s1"), named("s1", "a", "b", "e"))])
    reader.news()
    derive(store, "one", [(header("s1"), named("s1", "a", "b", "c", "d", "e", "f"))])
    assert reader.news() == ["c", "d", "f"]


def test_a_second_transcript_of_a_session_brings_what_it_alone_holds(store: Store) -> None:
    reader = Reader(store)
    derive(store, "late", [(header("s1"), named("s1", "a", "c", "d"))])
    reader.news()
    derive(store, "other", [(header("s1"), named("s1", "a", "b", "d"))])
    assert reader.news() == ["b"]


def test_the_index_tells_its_version_and_another_one_has_another_name(store: Store) -> None:
    derive(store, "one", [(header("s1"), named("s1", "a"))])
    before, version = store.feed(), store.version()
    assert store.version() == version
    derive(store, "two", [(header("s2"), named("s2", "a"))])
    assert store.version() != version
    assert store.feed().index == before.index
    assert store.feed().last == before.last + 1
    if isinstance(store, LocalStore):
        store.clear_cache()
        derive(store, "one", [(header("s1"), named("s1", "a"))])
        assert store.feed().index != before.index


TEXTS = some.lists(some.sampled_from("abcdefgh"), unique=True, max_size=8)


def test_what_was_not_read_yet_is_read_once_wherever_it_came_to_stand(store: Store) -> None:
    reader, late = Reader(store), Reader(store)
    derive(store, "one", [(header("s1"), named("s1", "a", "b", "d"))])
    assert reader.news() == ["a", "b", "d"]
    derive(store, "one", [(header("s1"), named("s1", "a", "b", "d", "f"))])
    derive(store, "one", [(header("s1"), named("s1", "a", "c", "d", "e", "f"))])
    assert sorted(reader.news()) == ["c", "e", "f"]
    assert sorted(late.news()) == ["a", "c", "d", "e", "f"]


@given(
    steps=some.lists(
        some.tuples(some.sampled_from(["one", "two"]), TEXTS, some.booleans()), min_size=1, max_size=8
    )
)
def test_whatever_is_derived_each_event_arrives_when_it_first_shows(
    steps: list[tuple[str, list[str], bool]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("feed")
    store = open_store(folder, clock=ManualClock(), pricer=FlatPricer())
    try:
        reader, shown, unread = Reader(store), set[str](), set[str]()
        for name, texts, is_read in steps:
            derive(store, name, [(header("s1"), named("s1", *texts))] if texts else [])
            now = {text_of(each) for row in store.sessions(Filter()) for each in store.events(row.id)}
            unread = (unread | (now - shown)) & now
            shown = now
            if is_read:
                assert sorted(reader.news()) == sorted(unread)
                unread = set()
        assert sorted(reader.news()) == sorted(unread)
    finally:
        store.close()


def resumed(store: LocalStore, name: str, before: Derived, events: list[Event], length: int) -> None:
    """Derives only what follows.

    Raises:
        LookupError: the store does not let it.
    """
    made = Derived(parser="agent_a/1", lengths=(length,))
    with store.derive(key(name).id, made, fresh=False, since=before) as deriving:
        if not deriving.resumes:
            raise LookupError(name)  # nothing of this is to stay
        deriving.header(header("s1"))
        for each in events:
            deriving.add(each)
        deriving.count({"events": 9}, unknown={})


def test_going_on_gives_what_reading_everything_gives(tmp_path: Path) -> None:
    made = line("s1", prompt("a"), usage("k1"), prompt("b"), usage("k2", 7), bodies.SessionEnded())
    rows: list[Any] = []
    for how in ("whole", "resumed"):
        with_store = open_store(tmp_path / how, clock=ManualClock(), pricer=FlatPricer())
        keep(with_store, "one", b"1")
        before = Derived(parser="agent_a/1", lengths=(1,))
        if how == "whole":
            derive(with_store, "one", [(header("s1"), made)])
        else:
            derive(with_store, "one", [(header("s1"), made[:2])])
            assert with_store.derived(key("one").id) == before
            resumed(with_store, "one", before, made[2:], 2)
            assert with_store.derived(key("one").id) != before
            with pytest.raises(LookupError):
                resumed(with_store, "one", before, made[2:], 3)  # it has moved on since
        rows.append((with_store.sessions(Filter()), list(with_store.events("s1"))))
        with_store.close()
    assert rows[0] == rows[1]


def test_what_does_not_follow_rolls_everything_back(tmp_path: Path) -> None:
    store = open_store(tmp_path, clock=ManualClock(), pricer=FlatPricer())
    keep(store, "one", b"1")
    derive(store, "one", [(header("s1"), named("s1", "a", "b"))])
    before = Derived(parser="agent_a/1", lengths=(1,))
    with pytest.raises(ValueError, match="seq 2 after 2"):
        resumed(store, "one", before, named("s1", "x", "y")[1:], 2)
    assert [each.seq for each in store.events("s1")] == [1, 2]
    assert store.derived(key("one").id) == before
    store.close()


def test_limits_are_found_by_their_last_word(store: Store) -> None:
    made = line(
        "s1",
        bodies.LimitStatus(scope="primary", used_percent=1.0, raw={"x": "y" * 99}),
        bodies.LimitStatus(scope="primary", used_percent=2.0),
        bodies.LimitHit(scope="weekly", incident="i", raw={"a": 1}),
        bodies.LimitResumed(incident="i"),
    )
    derive(store, "one", [(header("s1"), made)])
    found = store.limits()
    assert [agent for agent, _ in found] == ["agent_a"] * 3
    assert [event.seq for _, event in found] == [2, 3, 4]
    assert found[1][1].body == bodies.LimitHit(scope="weekly", incident="i")
    assert store.limits(since=2**60) == []

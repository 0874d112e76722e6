from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.store.builders import FlatPricer, derive, header, keep, line, prompt

from reenact.clock import ManualClock
from reenact.errors import NotFoundError
from reenact.export import native
from reenact.store import Store, open_store

FIRST = b'{"row":1}\n' * 300_000
REWRITTEN = b"\xff\x00 not even text"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path, clock=ManualClock(), pricer=FlatPricer())
    keep(opened, "one", FIRST)
    keep(opened, "one", REWRITTEN)
    derive(opened, "one", [(header("s1"), line("s1", prompt("hello")))])
    yield opened
    opened.close()


def test_the_newest_bytes_leave_as_they_came(store: Store) -> None:
    assert b"".join(native(store, "s1")) == REWRITTEN


def test_an_older_generation_can_be_chosen(store: Store) -> None:
    pieces = list(native(store, "s1", generation=1))
    assert b"".join(pieces) == FIRST
    assert len(pieces) > 1


def test_a_generation_that_is_not_there_is_not_found(store: Store) -> None:
    with pytest.raises(NotFoundError, match="has no generation 7") as caught:
        native(store, "s1", generation=7)
    assert caught.value.hint == "it has 1, 2"


def test_a_session_without_a_transcript_is_not_found(store: Store) -> None:
    writer = store.writer(header("s2"))
    for event in line("s2", prompt("recorded")):
        writer.append(event)
    writer.close()
    store.catch_up()
    with pytest.raises(NotFoundError, match="was not imported"):
        native(store, "s2")
    with pytest.raises(NotFoundError, match="was not imported"):
        native(store, "nobody")

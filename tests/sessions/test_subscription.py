"""Subscribers: in order, nothing twice, told what they missed, and never in the writer's way."""

from __future__ import annotations

import asyncio
import gc
import threading

import pytest
from tests.sessions.rooms import fill

from reenact.errors import SessionClosedError, UsageError
from reenact.events import Event
from reenact.sessions import Closed, Item, Lagged, LiveSession, LiveSessions, Subscription


def inject(chat: LiveSession, count: int) -> None:
    for number in range(count):
        chat.inject("user", f"{number}")


def waiting(subscription: Subscription) -> list[Item]:
    found: list[Item] = []
    while (item := subscription.get(0)) is not None:
        found.append(item)
    return found


def seqs(items: list[Item]) -> list[int]:
    return [item.seq for item in items if isinstance(item, Event)]


def test_a_slow_subscriber_is_told_how_many_it_missed_and_may_catch_up(live: LiveSessions) -> None:
    """S4-40."""
    chat = live.open()
    slow, other = chat.subscribe(limit=2), chat.subscribe(limit=2)
    begin = chat.snapshot().last
    inject(chat, 10)
    found = waiting(slow)
    assert found[0] == Lagged(missed=8, since=begin)
    assert seqs(found) == [begin + 9, begin + 10]
    first = other.get(0)
    assert isinstance(first, Lagged)
    other.catch_up()
    assert seqs(waiting(other)) == list(range(begin + 1, begin + 11))
    again = chat.subscribe(since=first.since)
    assert seqs(waiting(again)) == list(range(begin + 1, begin + 11))
    inject(chat, 1)
    assert seqs(waiting(slow)) == [begin + 11]
    slow.catch_up()
    assert waiting(slow) == []
    assert slow.since == begin + 11


def test_a_subscription_that_nobody_holds_is_gone(live: LiveSessions) -> None:
    """S4-41."""
    chat = live.open()
    heard = chat.subscribe()
    assert chat.subscribers == 1
    del heard
    gc.collect()
    assert chat.subscribers == 0
    inject(chat, 1)
    with chat.subscribe() as closed:
        assert chat.subscribers == 1
    assert chat.subscribers == 0
    assert list(closed) == []


@pytest.mark.parametrize("since", [None, 0, 5, 10])
@pytest.mark.parametrize("limit", [256, 1])
def test_from_any_event_on_nothing_is_missing_or_doubled_while_others_write(
    live: LiveSessions, since: int | None, limit: int
) -> None:
    """S4-42."""
    chat = fill(live.open(), *"abcdefghijkl")
    begin = chat.snapshot().last
    writers = [threading.Thread(target=inject, args=(chat, 16)) for _ in range(4)]
    for writer in writers[:2]:
        writer.start()
    heard = chat.subscribe(since=since, limit=limit)
    start = heard.since if since is None else since
    for writer in writers[2:]:
        writer.start()
    items: list[Item] = []
    reader = threading.Thread(target=lambda: items.extend(heard))
    reader.start()
    for writer in writers:
        writer.join()
    last = chat.snapshot().last
    assert last == begin + 64
    chat.close()
    reader.join()
    told = seqs(items)
    assert told == sorted(set(told))
    missed = sum(item.missed for item in items if isinstance(item, Lagged))
    ends = [event.seq for event in chat.events()][-1]
    assert len(told) + missed == ends - start
    if limit == 256:
        assert missed == 0
        assert told == list(range(start + 1, ends + 1))
    assert isinstance(items[-1], Closed)


def test_a_subscription_ends_with_the_session(live: LiveSessions) -> None:
    chat = live.open()
    heard = chat.subscribe()
    inject(chat, 2)
    chat.close()
    *events, end = list(heard)
    assert [item.body.kind for item in events if isinstance(item, Event)][-1] == "session.ended"
    assert end == Closed(session=chat.id)
    assert heard.get(0) is None
    with pytest.raises(SessionClosedError):
        chat.subscribe()
    with pytest.raises(UsageError, match="since"):
        live.open().subscribe(since=-1)


def test_a_rest_that_is_over_is_not_told_behind_what_came_after_it(live: LiveSessions) -> None:
    chat = live.open()
    prompt, slow = chat.subscribe(), chat.subscribe()
    for _ in range(3):
        chat.rest()
    assert waiting(prompt) == [Closed(session=chat.id, is_resting=True)]
    inject(chat, 1)
    assert [type(item) for item in waiting(prompt)] == [Event]
    assert [type(item) for item in waiting(slow)] == [Event]
    chat.rest()
    chat.close()
    assert waiting(slow)[-1] == Closed(session=chat.id)


def test_waiting_ends_with_an_event_or_with_time(live: LiveSessions) -> None:
    chat = live.open()
    heard = chat.subscribe()
    assert heard.get(0.01) is None
    writer = threading.Thread(target=inject, args=(chat, 1))
    writer.start()
    assert isinstance(heard.get(60), Event)
    writer.join()


def test_tasks_listen_as_well(live: LiveSessions) -> None:
    chat = live.open()

    def work() -> None:
        inject(chat, 3)
        chat.close()

    async def listen() -> list[Item]:
        heard = chat.subscribe()
        writer = threading.Thread(target=work)
        writer.start()
        found = [item async for item in heard]
        writer.join()
        return found

    found = asyncio.run(listen())
    assert len(seqs(found)) == 4
    assert isinstance(found[-1], Closed)


def test_an_observer_that_listens_sees_its_own_session(live: LiveSessions) -> None:
    chat = live.open()
    lengths: list[int] = []
    chat.session.observe(lambda _: lengths.append(chat.length()))
    inject(chat, 3)
    assert lengths == [1, 2, 3]

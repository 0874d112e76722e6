"""News as they come: one reader after another, from any point on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from tests.cli.sessions import ordinary
from tests.tree.builders import Script, event

from reenact.archive import Archive
from reenact.events import Header, bodies
from reenact.store import Arrival
from reenact.web import live, news
from reenact.web.desk import Desk
from reenact.web.news import Cursor, Listener, News
from reenact.web.views import Following

STILL = Following(following=True, count=0, last_write_at=None, since=None, error=None)


@pytest.fixture
def board() -> News:
    return News(STILL)


class Told(msgspec.Struct, frozen=True):
    name: str
    id: str
    data: Any


class Reader:
    """Reads a stream of news, event by event."""

    def __init__(self, stream: AsyncIterator[bytes]) -> None:
        self._stream = stream

    async def next(self) -> Told:
        while True:
            piece = (await asyncio.wait_for(anext(self._stream), 30)).decode()
            lines = dict(
                line.split(": ", 1)
                for line in piece.split("\n")
                if line and not line.startswith(("retry", ":"))
            )
            if "event" in lines:
                return Told(lines["event"], lines["id"], json.loads(lines["data"]))

    async def close(self) -> None:
        await self._stream.aclose()  # type: ignore[attr-defined]  # it is a generator


def read(desk: Desk, board: News, *, cursor: str | None = None, watched: tuple[str, ...] = ()) -> Reader:
    return Reader(live.news(desk, board, cursor=cursor, watched=frozenset(watched)))


def add(archive: Archive, session: str, *said: bodies.AnyBody) -> list[Arrival]:
    """Records further events; gives what arrived."""
    before = archive.store.feed().last
    writer = archive.store.writer(Header(id=session, agent="claude_code", native_id=f"native-{session}"))
    for body in said:
        writer.append(msgspec.structs.replace(event(writer.last + 1, body), session=session))
    writer.close()
    archive.store.catch_up()
    return archive.store.arrivals(before)


def words(text: str) -> bodies.AssistantMessage:
    return Script().says(text).body  # type: ignore[return-value]  # says makes one


def test_who_watches_a_session_gets_its_new_rows_and_columns(
    desk: Desk, board: News, filled: Archive
) -> None:
    async def scene() -> None:
        board.begin()
        reader = read(desk, board, watched=("s1",))
        assert (await reader.next()).name == "following"
        board.post(add(filled, "s1", words("one more thing")), STILL)
        row = await reader.next()
        assert (row.name, row.data["id"]) == ("session", "s1")
        events = await reader.next()
        assert (events.name, events.data["last"]) == ("events", row.data["last"])
        assert events.data["rows"][-1]["text"]["text"] == "one more thing"
        assert events.data["columns"]["seq"][-1] == events.data["rows"][-1]["seq"]
        await reader.close()

    asyncio.run(scene())


def test_a_result_brings_the_row_of_its_call_again(desk: Desk, board: News, filled: Archive) -> None:
    async def scene() -> None:
        board.begin()
        call = bodies.ToolCalled(call="late", name="Bash", tool_kind="shell", input={"command": "sleep"})
        add(filled, "s1", call)
        reader = read(desk, board, watched=("s1",))
        await reader.next()
        board.post(add(filled, "s1", bodies.ToolFinished(call="late", ok=True, output="slept")), STILL)
        await reader.next()
        rows = (await reader.next()).data["rows"]
        assert [(row["tool"]["argument"], row["tool"]["output"]["text"]) for row in rows] == [
            ("sleep", "slept")
        ]
        await reader.close()

    asyncio.run(scene())


def test_who_watches_nothing_gets_rows_of_the_list_only(desk: Desk, board: News, filled: Archive) -> None:
    async def scene() -> None:
        board.begin()
        reader = read(desk, board)
        await reader.next()
        board.post(add(filled, "s1", words("a")), STILL)
        board.post([], msgspec.structs.replace(STILL, count=1))
        names = [(await reader.next()).name for _ in range(2)]
        assert sorted(names) == ["following", "session"]
        await reader.close()

    asyncio.run(scene())


def test_who_comes_back_gets_what_was_missed_and_nothing_twice(
    desk: Desk, board: News, filled: Archive
) -> None:
    async def scene() -> None:
        board.begin()
        first = read(desk, board)
        cursor = (await first.next()).id
        await first.close()
        add(filled, "s1", words("missed"))
        again = read(desk, board, cursor=cursor)
        assert (await again.next()).name == "following"
        told = await again.next()
        assert (told.name, told.data["id"]) == ("session", "s1")
        await again.close()
        third = read(desk, board, cursor=told.id)
        await third.next()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(third.next(), 0.05)

    asyncio.run(scene())


@pytest.mark.parametrize("cursor", ["gone-5", "NEVER-99999999999", "nonsense", "-", "x-y"])
def test_a_cursor_of_another_time_is_answered_by_a_reset_or_from_now_on(
    desk: Desk, board: News, filled: Archive, cursor: str
) -> None:
    async def scene() -> None:
        board.begin()
        reader = read(desk, board, cursor=cursor)
        assert (await reader.next()).name == "following"
        if Cursor.of(cursor) is not None:
            assert (await reader.next()).name == "reset"
        await reader.close()

    asyncio.run(scene())
    assert filled.sessions()


def test_a_removed_session_is_no_news(desk: Desk, board: News, filled: Archive) -> None:
    async def scene() -> None:
        board.begin()
        reader = read(desk, board)
        await reader.next()
        board.post([Arrival(number=1, session="gone", first=1, stop=2)], STILL)
        board.post(add(filled, "s1", words("b")), STILL)
        assert (await reader.next()).data["id"] == "s1"
        await reader.close()

    asyncio.run(scene())


def test_silence_is_broken_by_a_comment_and_the_end_ends_all(
    desk: Desk, board: News, filled: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "HEARTBEAT", 0.01)
    ending = News(STILL)

    async def scene() -> list[bytes]:
        ending.begin()
        pieces = []
        async for piece in live.news(desk, ending, cursor=None, watched=frozenset()):
            pieces.append(piece)
            if piece.startswith(b":"):
                ending.end()
        return pieces

    assert asyncio.run(scene())[-1] == b": here\n\n"
    assert filled.sessions()


def test_a_reader_that_falls_behind_takes_no_more_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(news, "MOST", 3)

    async def scene() -> None:
        listener = Listener()
        for number in range(1, 100):
            listener.take([Arrival(number=number, session="s1", first=number, stop=number + 1)])
        assert listener.changed == {"s1": 1}
        assert listener.number == 99
        for number in range(5):
            listener.take([Arrival(number=200, session=f"t{number}", first=1, stop=2)])
        assert listener.is_lost
        assert len(listener.changed) <= 3

    asyncio.run(scene())


def test_a_large_session_sends_what_is_new_without_being_wound(
    desk: Desk, board: News, filled: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reenact.web import streaming

    monkeypatch.setattr(streaming, "SMALL", 5)

    async def scene() -> None:
        board.begin()
        reader = read(desk, board, watched=("s1",))
        await reader.next()
        board.post(add(filled, "s1", words("of many")), STILL)
        await reader.next()
        told = await reader.next()
        assert told.data["rows"][-1]["text"]["text"] == "of many"
        assert told.data["columns"] is None
        await reader.close()

    asyncio.run(scene())
    assert len(ordinary().events) > 5

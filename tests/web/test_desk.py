"""A large session while it is wound: nobody else waits, and who looks at it sees a piece first."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.tree.builders import Script
from tests.web.conftest import Browser, Opening, write

from reenact.archive import Archive
from reenact.clock import ManualClock
from reenact.events import Event, Header
from reenact.web import streaming, winding
from reenact.web.app import page
from reenact.web.bundle import Bundle
from reenact.web.desk import Desk, Reading
from reenact.web.news import News
from reenact.web.shelf import Shelf

HOST = "127.0.0.1:7331"
EVENTS = 200


@pytest.fixture(scope="module")
def large(filled: Archive) -> Archive:
    script = Script()
    for number in range(EVENTS):
        script.says(f"answer {number}", f"m{number}")
    write(filled, Header(id="large", agent="codex", native_id="native-large"), script.events)
    return filled


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "SMALL", 20)
    monkeypatch.setattr(streaming, "AROUND", 10)


@pytest.fixture
def fresh(large: Archive, small: None, opening: Opening, clock: ManualClock) -> Iterator[Desk]:
    """A desk of one reading thread that has wound nothing yet."""
    del large, small
    made = Desk(opening, Shelf(None, clock), readers=1)
    yield made
    made.close()


@pytest.fixture
def asking(fresh: Desk, board: News, folder: Path) -> Browser:
    return Browser(page(fresh, Bundle(folder / "none"), board, hosts=(HOST,)))


def test_nobody_waits_for_a_session_that_is_wound(fresh: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    goes_on, wind, wound = threading.Event(), winding.wind, []

    def slowly(*given: Any, **more: Any) -> Any:
        wound.append(threading.current_thread().name)
        assert goes_on.wait(60)
        return wind(*given, **more)

    monkeypatch.setattr(winding, "wind", slowly)

    async def scene() -> None:
        def steps(reading: Reading) -> int:
            return reading.reel(reading.row("large")).steps

        asked = [asyncio.ensure_future(fresh.ask(steps)) for _ in range(3)]
        # one reading thread: its answer is there although three wait for the winding
        assert await asyncio.wait_for(fresh.ask(lambda reading: reading.row("s1").id), 60) == "s1"
        goes_on.set()
        assert await asyncio.gather(*asked) == [EVENTS] * 3

    asyncio.run(scene())
    assert len(wound) == 1
    assert wound[0].startswith("reenact-winder")


def test_a_session_that_grows_while_it_is_wound_is_answered_all_the_same(
    fresh: Desk, large: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    wind = winding.wind

    def growing(archive: Archive, *given: Any, **more: Any) -> Any:
        found = wind(archive, *given, **more)
        writer = large.store.writer(Header(id="large", agent="codex", native_id="native-large"))
        event = Script().says("one more", f"late{writer.last}")
        writer.append(_at(event, writer.last + 1))
        writer.close()
        large.store.catch_up()
        return found

    monkeypatch.setattr(winding, "wind", growing)

    async def scene() -> int:
        return await asyncio.wait_for(fresh.ask(lambda reading: reading.reel(reading.row("large")).steps), 60)

    assert asyncio.run(scene()) >= EVENTS


def test_the_first_look_is_a_piece_and_says_so(asking: Browser) -> None:
    piece = asking.get("/api/sessions/large/columns?part=1").json
    assert piece["partial"]
    assert asking.get("/api/sessions/large/winding").json["done"] == 0
    whole = asking.get("/api/sessions/large/columns?buckets=1000").json
    assert not whole["partial"]
    count = len(piece["seq"])
    assert 5 < count < EVENTS
    for name in ("seq", "end", "ts", "kind", "act", "effect", "ok"):
        assert piece[name] == whole[name][-count:], name
    middle = asking.get("/api/sessions/large/columns?part=1&at=50").json
    assert not middle["partial"]  # it is wound by now
    assert middle["seq"] == whole["seq"]


def test_a_piece_lies_around_the_step_that_was_asked_for(asking: Browser) -> None:
    piece = asking.get("/api/sessions/large/columns?part=1&at=50").json
    assert piece["partial"]
    assert piece["seq"][0] < 50 < piece["seq"][-1]
    stream = asking.get("/api/sessions/large/stream?at=50&limit=4").json
    assert {row["seq"] for row in stream["rows"]} <= set(piece["seq"])


def test_of_a_session_that_goes_on_the_last_step_is_told_without_winding(
    asking: Browser, large: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking.get("/api/sessions/large/columns")
    monkeypatch.setattr(Shelf, "lately", lambda self, session: self._reels[session][0])
    writer = large.store.writer(Header(id="large", agent="codex", native_id="native-large"))
    last = writer.last + 1
    writer.append(_at(Script().says("the newest", "newest"), last))
    writer.close()
    large.store.catch_up()
    monkeypatch.setattr(winding, "wind", None)
    told = asking.get(f"/api/sessions/large/step/{last}").json
    assert told["row"]["text"]["text"] == "the newest"
    assert asking.get(f"/api/sessions/large/step/{last + 1}").status == 404


def _at(event: Event, seq: int) -> Event:
    return msgspec.structs.replace(event, seq=seq, session="large", id=f"large-{seq}")

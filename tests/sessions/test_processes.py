"""Two processes and one session: one writes, all read, and it is handed on by closing it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.sessions.elsewhere import Elsewhere
from tests.sessions.rooms import fill, texts

from reenact.errors import SessionBusyError
from reenact.sessions import LiveSessions


class Other:
    """Another process, at work on the same archive."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = Elsewhere()

    def ask(self, *words: Any) -> dict[str, Any]:
        return self.process.ask(self.folder, *words)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Other]:
    other = Other(tmp_path)
    yield other
    other.process.leave()


def test_a_session_open_elsewhere_can_be_read_forked_and_later_opened(
    live: LiveSessions, elsewhere: Other
) -> None:
    chat = fill(live.open("chat"), "one", "two")
    refused = elsewhere.ask("inject", "chat", "user", "three")
    assert refused["error"] == "SessionBusyError"
    assert chat.id in refused["message"]
    assert "read" in refused["hint"]
    assert elsewhere.ask("texts", "chat") == {"ok": ["one", "two"]}
    fill(chat, "three")
    assert elsewhere.ask("texts", "chat") == {"ok": ["one", "two", "three"]}
    chat.close()
    assert elsewhere.ask("inject", "chat", "user", "four") == {"ok": None}
    assert texts(chat) == ["one", "two", "three", "four"]
    with pytest.raises(SessionBusyError, match=chat.id):
        live.open("chat")
    assert texts(live.read("chat").fork()) == ["one", "two", "three", "four"]
    elsewhere.ask("close", "chat")
    assert texts(fill(live.open("chat"), "five"))[-2:] == ["four", "five"]


def test_what_another_one_wrote_while_a_session_rested_is_there(live: LiveSessions, elsewhere: Other) -> None:
    chat = fill(live.open("chat"), "one")
    heard = chat.subscribe()
    chat.rest()
    assert elsewhere.ask("inject", "chat", "user", "two") == {"ok": None}
    with pytest.raises(SessionBusyError):
        chat.inject("user", "not now")
    elsewhere.ask("close", "chat")
    chat.inject("user", "three")
    assert texts(chat) == ["one", "two", "three"]
    events = list(chat.events())
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert heard.get(0) is not None

"""Two processes and one session: one writes, all read, and it is handed on by closing it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.sessions.rooms import fill, texts

from reenact.errors import SessionBusyError
from reenact.sessions import LiveSessions


class Elsewhere:
    """Another process, at work on the same archive."""

    def __init__(self, folder: Path) -> None:
        words = [sys.executable, "-m", "tests.sessions.elsewhere", str(folder)]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, *words: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(words) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def leave(self) -> None:
        self._process.communicate()
        assert self._process.returncode == 0


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Elsewhere]:
    process = Elsewhere(tmp_path)
    yield process
    process.leave()


def test_a_session_open_elsewhere_can_be_read_forked_and_later_opened(
    live: LiveSessions, elsewhere: Elsewhere
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


def test_what_another_one_wrote_while_a_session_rested_is_there(
    live: LiveSessions, elsewhere: Elsewhere
) -> None:
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

"""Now: a session that is written to shows up by itself; nobody there is told too."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.page.browsing import Served, environment, fill, opened, serious, serve

from reenact.clock import SystemClock

pytestmark = pytest.mark.slow

PROJECT = "-home-dev-code-live"
SESSION = "5a0c1d5e-0d5c-4f0e-9a55-3f1f6f2f7a01"


def line(kind: str, content: Any, *, seconds: int, parent: str | None, uuid: str) -> str:
    """One line as Claude Code 2.1 writes it."""
    at = datetime.fromtimestamp(SystemClock().now() / 1_000_000 + seconds, UTC)
    message: dict[str, Any] = {"role": kind, "content": content}
    if kind == "assistant":
        usage = {
            "input_tokens": 12,
            "output_tokens": 30,
            "cache_read_input_tokens": 0,
            "cache_creation_input_tokens": 0,
        }
        message |= {
            "id": f"msg_{uuid}",
            "type": "message",
            "model": "claude-opus-4-6",
            "stop_reason": "tool_use",
            "usage": usage,
        }
    record = {
        "parentUuid": parent,
        "isSidechain": False,
        "userType": "external",
        "cwd": "/home/dev/code/live",
        "sessionId": SESSION,
        "version": "2.1.329",
        "gitBranch": "main",
        "type": kind,
        "message": message,
        "uuid": uuid,
        "timestamp": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    return json.dumps(record) + "\n"


@pytest.fixture
def served_live(chromium: str, tmp_path: Path) -> Iterator[Served]:
    """A page of its own: this test's agent writes while it is open."""
    del chromium
    environ = environment(tmp_path)
    fill(Path(environ["HOME"]))
    yield from serve(environ)


def transcript(served: Served) -> Path:
    folder = served.home / ".claude" / "projects" / PROJECT
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{SESSION}.jsonl"


def test_a_session_appears_while_its_agent_writes_and_follows_it(
    browser: Browser, served_live: Served
) -> None:
    path = transcript(served_live)
    for window in opened(browser, f"{served_live.url}#/now"):
        page = window.page
        expect(page.get_by_role("heading", name="Nobody is at work")).to_be_visible()
        path.write_text(line("user", "Paint the shed green", seconds=0, parent=None, uuid="u1"))
        card = page.locator(".live-card", has_text="Paint the shed green")
        expect(card).to_be_visible()
        expect(page.locator(".bar nav .count")).to_have_text("1")
        said = [
            {"type": "text", "text": "Green it is."},
            {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "paint"}},
        ]
        answer = line("assistant", said, seconds=1, parent="u1", uuid="a1")
        with path.open("a") as file:
            file.write(answer)
        expect(card.locator(".lines")).to_contain_text("Green it is.")
        expect(page.locator(".last li").first).to_be_visible()
        assert serious(page) == []


def test_a_new_session_shows_up_in_the_list_without_a_reload(browser: Browser, served_live: Served) -> None:
    for window in opened(browser, served_live.url):
        page = window.page
        expect(page.locator(".home .row").first).to_be_visible()
        transcript(served_live).write_text(
            line("user", "Count the swallows", seconds=0, parent=None, uuid="u1")
        )
        expect(page.locator(".home .row", has_text="Count the swallows")).to_be_visible()


def test_the_page_says_when_it_lost_its_server_and_finds_it_again(
    browser: Browser, chromium: str, tmp_path: Path
) -> None:
    del chromium
    environ = environment(tmp_path)
    serving = contextlib.contextmanager(serve)
    with contextlib.ExitStack() as stack:
        server = contextlib.ExitStack()
        served = server.enter_context(serving(environ))
        window = stack.enter_context(contextlib.contextmanager(opened)(browser, served.url))
        window.watched.expected = ("Failed to load resource: net::ERR_",)
        state = window.page.locator(".bar > .following")
        expect(state).to_contain_text("following 0")
        server.close()
        expect(state).to_contain_text("not following since")
        stack.enter_context(serving(environ, port=urlsplit(served.url).port or 0))
        state.get_by_role("button", name="retry").click()
        expect(state).to_contain_text("following 0")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_at_work_is_told_with_the_last_session(browser: Browser, served: Served, scheme: str) -> None:
    for window in opened(browser, f"{served.url}#/now", color_scheme=scheme):
        page: Page = window.page
        expect(page.get_by_role("heading", name="Nobody is at work")).to_be_visible()
        expect(page.locator(".nobody .session")).to_be_visible()
        assert serious(page) == []

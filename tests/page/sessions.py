"""What the tests of the session view share: finding a session of ours, opening it, reading where the playhead is."""

from __future__ import annotations

import json
from typing import Any
from urllib.request import urlopen

from playwright.sync_api import Page, expect
from tests.page.browsing import Served


def ask(served: Served, path: str) -> Any:
    """The answer of the page's API."""
    with urlopen(f"{served.url.rstrip('/')}/api/{path}") as answer:
        return json.load(answer)


def named(served: Served, title: str, *, agent: str = "claude_code", version: str = "2.1.329") -> str:
    """The id of our session of that title, of one agent."""
    rows = ask(served, "sessions?limit=200")["rows"]
    found = [
        row["id"]
        for row in rows
        if row["title"] == title and row["agent"] == agent and row["agent_version"] == version
    ]
    assert found, f"no session {title!r}: {[row['title'] for row in rows]}"
    return str(found[0])


def show(page: Page, served: Served, session: str, rest: str = "") -> None:
    """Opens a session and waits until its playhead stands."""
    page.goto(f"{served.url.rstrip('/')}/#/s/{session}{rest}")
    expect(page.locator("main.session[data-ready]")).to_be_visible()
    expect(page.locator(".stream .line-at, .tab-body, .empty").first).to_be_visible()


def step(page: Page) -> int:
    """The number of the step at the playhead."""
    return int(page.locator(".slider").get_attribute("aria-valuenow") or "0")

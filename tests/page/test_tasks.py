"""Five questions that people open the page for: each is answered within three clicks or keys."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from tests.page.browsing import Served, opened
from tests.page.sessions import ask, named, show, step

pytestmark = pytest.mark.slow

MENDED = "Mend the store and leave a note."
HELPERS = "Ask two helpers at once."
MOST = 3


class Reader(msgspec.Struct):
    """Somebody who counts what the hand does."""

    page: Page
    acts: int = 0

    def click(self, what: Locator) -> None:
        self.acts += 1
        what.click()

    def press(self, key: str) -> None:
        self.acts += 1
        self.page.keyboard.press(key)


@pytest.fixture
def reader(browser: Browser, served: Served) -> Iterator[Reader]:
    for window in opened(browser, served.url):
        found = Reader(window.page)
        yield found
        assert 0 < found.acts <= MOST


def test_what_did_it_cost_is_answered_by_opening_the_session(reader: Reader, served: Served) -> None:
    first = reader.page.locator(".home .row[data-id]").first
    session = first.get_attribute("data-id")
    cost = ask(served, f"sessions/{session}")["session"]["cost_total_usd"]
    reader.click(first)
    expect(reader.page.locator("[data-cost]")).to_contain_text(f"${cost:.2f}")


def test_the_first_error_is_two_keys_away(reader: Reader, served: Served) -> None:
    session = named(served, MENDED)
    columns = ask(served, f"sessions/{session}/columns")
    first = min(mark["seq"] for mark in columns["marks"] if mark["kind"] == "error")
    show(reader.page, served, session)
    reader.press("Home")
    reader.press("e")
    assert step(reader.page) == max(seq for seq in columns["seq"] if seq <= first)
    expect(reader.page.locator(".slot.now b.bad").first).to_be_visible()


def test_a_file_at_a_step_is_two_clicks_away(reader: Reader, served: Served) -> None:
    session = named(served, MENDED)
    state = ask(served, f"sessions/{session}/at/9999")
    changed = state["files"][0]
    show(reader.page, served, session, f"/at/{changed['last']}")
    reader.click(reader.page.get_by_role("tab", name="Files"))
    reader.click(reader.page.locator(f"[data-file='{changed['path']}']"))
    expect(reader.page.locator(".one-file .diff .line.add").first).to_be_visible()
    expect(reader.page.locator(".as-of")).to_have_text(f"as of step {step(reader.page)}")


def test_what_the_second_sub_agent_was_asked_is_two_clicks_away(reader: Reader, served: Served) -> None:
    session = named(served, HELPERS)
    lanes = ask(served, f"sessions/{session}")["lanes"]
    second = next(lane for lane in lanes if lane["index"] == 2)
    first_words = ask(served, f"sessions/{second['session']}/stream?at=1")["rows"]
    asked = next(row["text"]["text"] for row in first_words if row["text"] and row["event"] == "message.user")
    show(reader.page, served, session)
    reader.click(reader.page.locator("[data-lane='2']"))
    card = reader.page.locator("[data-agent='2']")
    reader.click(card.get_by_role("button", name="prompt"))
    expect(card.locator(".prompt")).to_contain_text(asked.strip().splitlines()[0])


def test_what_changed_in_a_request_is_two_clicks_away(reader: Reader, served: Served) -> None:
    session = named(served, MENDED)
    change = ask(served, f"sessions/{session}/requests/3")["changes"]
    added = next(item for item in change if item["sign"] == "+")
    show(reader.page, served, session)
    reader.click(reader.page.get_by_role("tab", name="Requests"))
    reader.click(reader.page.get_by_role("button", name="request 3: what changed"))
    told = reader.page.get_by_label("Request 3", exact=True)
    expect(told).to_contain_text("What changed since request 2")
    expect(told.locator("li.plus").first).to_contain_text(added["title"].split()[0])

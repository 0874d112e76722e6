"""What a transcript says is shown, and nothing of it is done: no script, no request, no address to follow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.page import hostile
from tests.page.browsing import Opened, Served, environment, opened, serve
from tests.page.sessions import ask, show

pytestmark = pytest.mark.slow
NAMES = list(hostile.CASES)
TABS = ("files", "context", "todos", "requests")


@pytest.fixture(scope="module")
def served_hostile(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    del chromium
    environ = environment(tmp_path_factory.mktemp("hostile"))
    hostile.write(Path(environ["HOME"]))
    yield from serve(environ)


@pytest.fixture
def hostile_window(browser: Browser, served_hostile: Served) -> Iterator[Opened]:
    for window in opened(browser, served_hostile.url):
        # an SVG or an archive that calls itself an image is refused, and the browser says so
        window.watched.expected = ("the server responded with a status of 4",)
        yield window


def session_named(served: Served, name: str) -> str:
    native = hostile.session_of(NAMES.index(name))
    rows = ask(served, "sessions?limit=50")["rows"]
    return next(str(row["id"]) for row in rows if row["native_id"] == native)


def is_inert(page: Page) -> None:
    """Nothing ran, and nothing on the page could be made to run or to leave."""
    assert page.evaluate("typeof window.__pwned") == "undefined"
    assert page.evaluate("({}).polluted") is None
    found = page.evaluate(
        """() => [...document.querySelectorAll('main *')].flatMap(e => [
            ...(['SCRIPT', 'IFRAME', 'STYLE', 'LINK', 'BASE', 'OBJECT', 'EMBED', 'FORM', 'foreignObject'].includes(e.tagName) ? [e.outerHTML] : []),
            ...[...e.attributes].filter(a => /^on/i.test(a.name)).map(a => a.name),
            ...(e.tagName === 'A' && !/^(#\\/|api\\/)/.test(e.getAttribute('href') ?? '') ? [e.outerHTML] : []),
            ...(e.tagName === 'IMG' && !/^api\\/image\\//.test(e.getAttribute('src')) ? [e.outerHTML] : []),
        ])"""
    )
    assert found == []


def unfold_all(page: Page) -> None:
    """Opens whatever can be opened in the stream."""
    page.evaluate(
        "document.querySelectorAll('.stream [aria-expanded=false], .stream .unfold').forEach(e => e.click())"
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_transcript_is_inert_in_every_view(
    hostile_window: Opened, served_hostile: Served, name: str
) -> None:
    page = hostile_window.page
    session = session_named(served_hostile, name)
    show(page, served_hostile, session)
    unfold_all(page)
    expect(page.locator(".stream")).to_contain_text("The end.")
    is_inert(page)
    for detail in ("Request", "Usage", "Notes", "Raw"):
        page.get_by_role("tablist", name="Inspector").get_by_role("tab", name=detail).click()
    for tab in TABS:
        show(page, served_hostile, session, f"/at/5?tab={tab}")
        is_inert(page)
    page.locator(".slider").hover(position={"x": 300, "y": 60})
    page.goto(f"{served_hostile.url}#/")
    expect(page.locator(".home .row").first).to_be_visible()
    is_inert(page)
    assert page.url.startswith(served_hostile.url)


def test_hidden_characters_are_seen_as_escapes(hostile_window: Opened, served_hostile: Served) -> None:
    page = hostile_window.page
    show(page, served_hostile, session_named(served_hostile, "bidi and control"))
    unfold_all(page)
    text = page.locator("main").inner_text()
    for written in (r"\u202e", r"\u2066", r"\u200b", r"\x07", r"\x7f"):
        assert written in text
    hidden = page.evaluate(
        r"() => document.querySelector('main').innerText.match(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u202a-\u202e\u2066-\u2069]/g)"
    )
    assert hidden is None
    assert page.locator("h1 bdi").count() == 1


def test_ten_megabytes_in_one_line_come_by_their_head_and_their_size(
    hostile_window: Opened, served_hostile: Served
) -> None:
    page = hostile_window.page
    session = session_named(served_hostile, "a line of ten megabytes")
    rows = ask(served_hostile, f"sessions/{session}/stream?at=1&limit=200")["rows"]
    large = next(row for row in rows if row["tool"] and row["tool"]["output"]["size"] > 1_000_000)
    show(page, served_hostile, session, f"/at/{large['seq']}")
    card = page.locator(".slot.now .card.tool")
    expect(card.get_by_role("link", name="Download")).to_have_text("Download 10.0 MB")
    expect(card.locator(".result")).to_contain_text("10.0 MB")
    assert len(card.locator(".term").inner_text()) < 5000
    assert len(page.locator("main").inner_text()) < 300_000


def test_an_address_with_dots_leads_nowhere(hostile_window: Opened, served_hostile: Served) -> None:
    page = hostile_window.page
    for fake in ("..%2F..%2Fetc%2Fpasswd", "%2e%2e", "a%00b", "%3Cscript%3E"):
        page.goto(f"{served_hostile.url}#/s/{fake}")
        expect(page.get_by_role("alert").first).to_be_visible()
        is_inert(page)

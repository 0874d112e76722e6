"""The page in a real browser: `reenact up` over our small transcripts, driven through Debian's Chromium."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from tests.page.browsing import ARGUMENTS, BROWSERS, STATIC, Opened, Served, environment, fill, opened, serve


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser of this machine; without one the tests of the page are skipped, in CI they fail."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    missing = "no Chromium on this machine" if program is None else ""
    if not missing and not (STATIC / "index.html").exists():
        missing = "the page is not built (make page)"
    if missing and os.environ.get("REENACT_REQUIRE_PAGE") == "1":
        pytest.fail(missing)
    if missing or program is None:
        pytest.skip(missing)
    return program


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """A browser for the tests of a file: as long as it is open, no other test of this process runs a loop."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def served(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The page over our small transcripts, shared by all tests that only look."""
    del chromium
    environ = environment(tmp_path_factory.mktemp("page"))
    fill(Path(environ["HOME"]))
    yield from serve(environ)


@pytest.fixture
def served_empty(chromium: str, tmp_path: Path) -> Iterator[Served]:
    """The page of a machine on which no agent ever ran."""
    del chromium
    yield from serve(environment(tmp_path))


@pytest.fixture
def window(browser: Browser, served: Served) -> Iterator[Opened]:
    """A window of 1440 by 940 at the first view."""
    yield from opened(browser, served.url)


@pytest.fixture
def page(window: Opened) -> Page:
    return window.page

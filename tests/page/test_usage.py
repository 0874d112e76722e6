"""Usage: what was spent over time, against what `reenact usage --json` says."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.page.browsing import Served, opened, serious

pytestmark = pytest.mark.slow


def usage(served: Served, *words: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "reenact", "usage", *words, "--json"]
    done = subprocess.run(command, env=served.environ, capture_output=True, text=True, check=True)
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def grouped(value: int) -> str:
    return f"{value:,}"


@pytest.fixture
def page(browser: Browser, served: Served) -> Iterator[Page]:
    for window in opened(browser, f"{served.url}#/usage?since=all"):
        expect(window.page.locator(".usage table tbody tr").first).to_be_visible()
        yield window.page


def cells(page: Page, column: str) -> list[str]:
    return page.locator(f".usage tbody td.{column}").all_inner_texts()


def test_the_table_has_the_figures_of_usage_json(page: Page, served: Served) -> None:
    document = usage(served, "daily")
    expected = sorted(document["rows"], key=lambda row: str(row["key"]), reverse=True)
    assert cells(page, "input") == [grouped(row["usage"]["input"]) for row in expected]
    assert cells(page, "output") == [grouped(row["usage"]["output"]) for row in expected]
    assert cells(page, "sessions") == [grouped(row["sessions"]) for row in expected]
    totals = page.locator(".usage tfoot td.total .value").inner_text()
    assert totals == grouped(document["totals"]["usage"]["total"])


def test_a_cost_with_an_unknown_part_is_a_lower_bound_or_a_dash(page: Page, served: Served) -> None:
    document = usage(served, "daily")
    expected = sorted(document["rows"], key=lambda row: str(row["key"]), reverse=True)
    for row, text in zip(expected, cells(page, "cost"), strict=True):
        if row["cost_usd"] is None:
            assert text == "—" or text.startswith("≥")
        else:
            assert text.lstrip("≈≥ ").startswith("$")


@pytest.mark.parametrize(
    ("period", "verb"), [("Week", "weekly"), ("Month", "monthly"), ("Session", "session")]
)
def test_the_period_is_chosen_and_stands_in_the_address(
    page: Page, served: Served, period: str, verb: str
) -> None:
    page.get_by_role("group", name="Period").get_by_role("button", name=period).click()
    page.get_by_role("button", name="–").click()
    page.get_by_role("dialog", name="Span").get_by_role("button", name="all").click()
    assert f"by={period.lower()}" in page.evaluate("location.hash")
    expected = usage(served, verb)["rows"]
    expect(page.locator(".usage tbody tr")).to_have_count(len(expected))


def test_the_split_names_its_series_and_each_bar_tells_them(page: Page) -> None:
    page.get_by_role("group", name="Split").get_by_role("button", name="by agent").click()
    expect(page.locator(".legend")).to_contain_text("Claude Code")
    expect(page.locator(".legend")).to_contain_text("Codex")
    chart = page.locator(".chart")
    chart.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".tip .sum")).to_contain_text("session")


def test_tokens_stand_in_the_headline_once_asked_for(page: Page, served: Served) -> None:
    page.get_by_role("group", name="Unit").get_by_role("button", name="Tokens").click()
    assert "unit=tokens" in page.evaluate("location.hash")
    total = usage(served, "daily")["totals"]["usage"]["total"]
    title = page.locator(".usage .sum .amount").first.get_attribute("title")
    assert title is not None
    assert title.endswith(grouped(total))


def test_the_command_that_gives_the_same_is_shown_and_copied(page: Page, served: Served) -> None:
    shown = page.locator(".usage .caption code").inner_text()
    assert shown.startswith("reenact usage daily")
    page.get_by_role("button", name="Copy command").click()
    assert page.evaluate("navigator.clipboard.readText()") == shown
    words = shown.removeprefix("reenact usage ").removesuffix(" --json").split()
    assert usage(served, *words)["rows"] != []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing_serious(browser: Browser, served: Served, scheme: str, width: int) -> None:
    size = {"width": width, "height": 900}
    for window in opened(browser, f"{served.url}#/usage?since=all", color_scheme=scheme, viewport=size):
        expect(window.page.locator(".usage table tbody tr").first).to_be_visible()
        assert serious(window.page) == []
        assert window.page.evaluate("document.querySelector('main').scrollWidth") <= width

"""Home: cards, calendar, search and the list of sessions, by mouse and by keys."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from tests.page.browsing import Opened, Served, opened, serious

pytestmark = pytest.mark.slow


def listed(served: Served, *words: str) -> list[dict[str, Any]]:
    """What `reenact list --json` gives: the oracle of the page."""
    command = [sys.executable, "-m", "reenact", "list", *words, "--json", "--limit", "1000"]
    done = subprocess.run(command, env=served.environ, capture_output=True, text=True, check=True)
    sessions: list[dict[str, Any]] = json.loads(done.stdout)["sessions"]
    return [session for session in sessions if session["kind"] != "subagent"]


def rows(page: Page) -> Any:
    return page.locator(".home .row:not(.child):not(.grey)")


def search(page: Page, query: str) -> None:
    page.get_by_role("combobox", name="Search sessions").fill(query)
    page.keyboard.press("Escape")


def found(page: Page) -> Any:
    return page.locator(".search .found")


def test_the_list_shows_the_sessions_that_the_command_lists(page: Page, served: Served) -> None:
    expected = listed(served)
    expect(found(page)).to_contain_text(f"{len(expected)} sessions")
    newest = page.locator(".home .row .what > a:first-child").first
    expect(newest).to_be_visible()
    titles = {session["title"] for session in expected}
    for title in rows(page).locator(".what > a:first-child").all_inner_texts():
        assert title in titles or title == "untitled"


def test_the_cards_say_what_the_command_says_of_the_archive(page: Page) -> None:
    cards = page.locator(".home .card h2")
    expect(cards).to_have_text(["Today", "This week", "At risk of deletion", "Archive"])
    expect(page.locator(".home .card", has_text="Archive").locator(".headline")).to_have_text(
        re.compile(r"\d.* [KMG]?B")
    )


def test_a_query_in_the_line_filters_and_stands_in_the_address(page: Page, served: Served) -> None:
    expected = listed(served, "agent:codex")
    search(page, "agent:codex")
    expect(found(page)).to_contain_text(f"{len(expected)} of ")
    assert page.evaluate("location.hash") == "#/?q=agent%3Acodex"
    expect(rows(page).locator(".agent").first).to_have_text("CX")
    page.reload()
    expect(page.get_by_role("combobox", name="Search sessions")).to_have_value("agent:codex")
    expect(found(page)).to_contain_text(f"{len(expected)} of ")


def test_typing_replaces_the_address_and_enter_makes_an_entry_of_the_history(page: Page) -> None:
    line = page.get_by_role("combobox", name="Search sessions")
    before = page.evaluate("history.length")
    line.press_sequentially("agent:co")
    assert page.evaluate("history.length") == before
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    assert page.evaluate("history.length") == before + 1


def test_a_mistake_is_marked_at_its_place_and_the_rest_still_filters(page: Page, served: Served) -> None:
    expected = listed(served, "agent:codex")
    search(page, "agent:codex cost:>abc")
    problem = page.locator(".problem")
    expect(problem).to_contain_text("Column 13:")
    expect(problem).to_contain_text("This part is left out, the rest still filters.")
    expect(page.locator(".q-wrong").last).to_have_text(">abc")
    assert "wavy" in page.locator(".q-wrong").last.evaluate(
        "e => getComputedStyle(e).textDecorationLine + getComputedStyle(e).textDecorationStyle"
    )
    expect(found(page)).to_contain_text(f"{len(expected)} of ")


def test_fields_and_values_are_suggested_and_taken_with_tab(page: Page) -> None:
    line = page.get_by_role("combobox", name="Search sessions")
    line.press_sequentially("ag")
    expect(page.get_by_role("option").first).to_contain_text("agent:")
    page.keyboard.press("Tab")
    expect(line).to_have_value("agent:")
    expect(page.get_by_role("option", name="agent:claude_code")).to_be_visible()
    line.press_sequentially("cod")
    expect(page.get_by_role("option").first).to_contain_text("agent:codex")
    page.keyboard.press("Tab")
    expect(line).to_have_value("agent:codex ")
    page.keyboard.press("Escape")


def test_where_nothing_fits_each_part_tells_what_it_finds_alone(page: Page, served: Served) -> None:
    search(page, "agent:codex cost:>99999")
    expect(page.get_by_role("heading", name="No session fits")).to_be_visible()
    alone = page.locator(".alone li", has_text="agent:codex")
    expect(alone).to_contain_text(str(len(listed(served, "agent:codex"))))
    alone.get_by_role("button").click()
    expect(rows(page).first).to_be_visible()


def test_keys_move_open_and_come_back(page: Page) -> None:
    expect(rows(page).first).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    selected = page.locator(".home .row.selected")
    expect(selected).to_have_count(1)
    session = selected.get_attribute("data-id")
    page.keyboard.press("Enter")
    page.wait_for_function("location.hash.startsWith('#/s/')")
    assert page.evaluate("location.hash") == f"#/s/{session}"
    page.go_back()
    expect(rows(page).first).to_be_visible()
    expect(page.locator(".home .row.selected")).to_have_attribute("data-id", str(session))


def test_slash_goes_to_the_search_line_and_letters_typed_there_are_no_keys(page: Page) -> None:
    expect(rows(page).first).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("jx")
    expect(page.get_by_role("combobox", name="Search sessions")).to_have_value("jx")
    expect(page.locator(".home .row.selected")).to_have_count(0)


def test_sub_agents_unfold_under_their_session(page: Page) -> None:
    row = page.locator(".home .row", has=page.locator(".fold")).first
    expect(row).to_be_visible()
    fold = page.locator(f".home .row[data-id='{row.get_attribute('data-id')}'] .fold")
    count = int(fold.inner_text().split()[0])
    fold.click()
    expect(page.locator(".home .row.child")).to_have_count(count)
    fold.click()
    expect(page.locator(".home .row.child")).to_have_count(0)


def test_a_star_is_kept_in_this_browser(page: Page) -> None:
    expect(rows(page).first).to_be_visible()
    selected = page.locator(".home .row.selected")
    for _ in range(40):  # on a busy machine rows may stand before keys are heard
        page.keyboard.press("j")
        if selected.count():
            break
        page.wait_for_timeout(100)
    expect(selected).to_have_count(1)
    page.keyboard.press("s")
    expect(page.locator(".home .row .chip.star")).to_have_count(1)
    page.reload()
    expect(page.locator(".home .row .chip.star")).to_have_count(1)


def test_a_search_is_saved_by_name_and_taken_with_g_and_its_number(page: Page) -> None:
    search(page, "agent:codex")
    page.get_by_role("button", name="Saved").click()
    page.get_by_role("textbox", name="Name of this search").fill("codex only")
    page.get_by_role("button", name="Save", exact=True).click()
    page.keyboard.press("Escape")
    search(page, "")
    page.locator(".home .grid").focus()
    page.keyboard.press("g")
    page.keyboard.press("1")
    expect(page.get_by_role("combobox", name="Search sessions")).to_have_value("agent:codex")


def test_o_sorts_by_cost_and_the_head_says_so(page: Page, served: Served) -> None:
    expect(rows(page).first).to_be_visible()
    page.keyboard.press("o")
    expect(page.get_by_role("columnheader", name="Cost")).to_have_attribute("aria-sort", "descending")
    # What is not priced at all stands behind what is.
    most = max(session["cost_usd"] or 0 for session in listed(served))
    assert most > 0
    expect(rows(page).first.locator(".cost .value")).to_contain_text("$")


def test_the_calendar_is_walked_with_arrows_and_picks_a_day(page: Page) -> None:
    grid = page.get_by_role("grid", name="Days")
    expect(grid.get_by_role("gridcell")).to_have_count(26 * 7)
    today = page.locator(".heat .today")
    today.focus()
    page.keyboard.press("ArrowLeft")
    label = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert label != today.get_attribute("aria-label")
    page.keyboard.press("Enter")
    expect(page.get_by_role("combobox", name="Search sessions")).to_have_value(
        re.compile(r"since:\d{4}-\d\d-\d\d until:\d{4}-\d\d-\d\d")
    )


def test_t_shows_the_table_behind_the_calendar(page: Page) -> None:
    expect(rows(page).first).to_be_visible()
    page.keyboard.press("t")
    expect(page.get_by_role("region", name="Days as a table")).to_be_visible()
    page.keyboard.press("t")
    expect(page.get_by_role("grid", name="Days")).to_be_visible()


def test_jump_finds_views_and_sessions_from_anywhere(page: Page) -> None:
    expect(rows(page).first).to_be_visible()
    page.keyboard.press("Control+k")
    page.keyboard.type("usage")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Usage")).to_be_visible()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog", name="Jump").get_by_role("option").nth(3)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Jump")).to_have_count(0)


def test_the_theme_is_chosen_and_remembered_before_the_first_paint(page: Page) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) == "rgb(246, 246, 243)"
    page.get_by_role("button", name="Theme: system").click()
    page.get_by_role("button", name="Theme: light").click()
    assert page.evaluate(ground) == "rgb(11, 13, 16)"
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate(ground) == "rgb(11, 13, 16)"


def test_the_keys_are_listed_behind_a_question_mark_with_the_licences(page: Page) -> None:
    expect(rows(page).first).to_be_visible()
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keys")
    expect(sheet).to_contain_text("jump to a session")
    expect(sheet).to_contain_text("show its sub-agents")
    sheet.get_by_role("link", name="Licences").click()
    expect(page.locator(".licences pre")).to_contain_text("preact")
    expect(page.locator(".licences pre")).to_contain_text("MIT")


def test_keys_pressed_in_a_popover_move_nothing_below(page: Page) -> None:
    expect(rows(page).first).to_be_visible()
    page.get_by_role("button", name="Columns").click()
    page.keyboard.press("j")
    expect(page.locator(".home .row.selected")).to_have_count(0)
    page.get_by_role("checkbox", name="Tools").uncheck()
    expect(rows(page).first.locator(".tools")).to_have_count(0)
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.locator(".home .row.selected")).to_have_count(1)


def test_single_letter_keys_can_be_turned_off(page: Page) -> None:
    expect(rows(page).first).to_be_visible()
    page.keyboard.press("?")
    page.get_by_role("checkbox", name="single-letter keys").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.locator(".home .row.selected")).to_have_count(0)
    page.keyboard.press("ArrowDown")
    expect(page.locator(".home .row.selected")).to_have_count(1)


def test_an_error_is_one_line_with_a_way_out_and_the_list_stays(window: Opened) -> None:
    page, watched = window.page, window.watched
    watched.expected = ("500",)
    expect(rows(page).first).to_be_visible()
    first = rows(page).first.get_attribute("data-id")

    def fail(route: Route) -> None:
        body = json.dumps({"error": {"message": "the index is locked", "hint": "try again"}})
        route.fulfill(status=500, content_type="application/json", body=body)

    page.route("**/api/sessions?**", fail)
    search(page, "agent:codex")
    trouble = page.locator(".trouble")
    expect(trouble).to_contain_text("the index is locked: try again")
    assert rows(page).first.get_attribute("data-id") == first
    page.unroute("**/api/sessions?**")
    trouble.get_by_role("button", name="Retry").click()
    expect(trouble).to_have_count(0)
    expect(rows(page).locator(".agent").first).to_have_text("CX")


@pytest.fixture
def empty(browser: Browser, served_empty: Served) -> Iterator[Page]:
    for window in opened(browser, served_empty.url):
        yield window.page


def test_an_empty_archive_tells_where_it_looked_and_what_to_do(empty: Page) -> None:
    expect(empty.get_by_role("heading", name="Nothing recorded yet")).to_be_visible()
    expect(empty.locator(".nothing")).to_contain_text("Claude Code")
    expect(empty.locator(".nothing")).to_contain_text(".claude")
    expect(empty.locator(".nothing .command")).to_contain_text("reenact demo")
    expect(empty.locator(".home .card")).to_have_count(0)
    assert serious(empty) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 1000, 390])
def test_axe_finds_nothing_serious_and_nothing_overflows(
    browser: Browser, served: Served, scheme: str, width: int
) -> None:
    size = {"width": width, "height": 844}
    for window in opened(browser, served.url, color_scheme=scheme, viewport=size):
        expect(rows(window.page).first).to_be_visible()
        assert serious(window.page) == []
        assert window.page.evaluate("document.documentElement.scrollWidth") <= width
        assert window.page.evaluate("document.querySelector('main').scrollWidth") <= width


@pytest.mark.parametrize(("width", "gone"), [(1440, []), (1000, [".tools"]), (700, [".tools", ".turns"])])
def test_narrow_windows_drop_columns_in_order(
    browser: Browser, served: Served, width: int, gone: list[str]
) -> None:
    for window in opened(browser, served.url, viewport={"width": width, "height": 900}):
        first = rows(window.page).first
        expect(first).to_be_visible()
        for column in (".tools", ".turns"):
            expect(first.locator(column)).to_have_count(0 if column in gone else 1)


def test_on_a_phone_views_are_behind_one_button_and_rows_have_two_lines(
    browser: Browser, served: Served
) -> None:
    for window in opened(browser, served.url, viewport={"width": 360, "height": 800}, has_touch=True):
        page = window.page
        row = rows(page).first
        expect(row).to_be_visible()
        cost, tape = row.locator(".cost").bounding_box(), row.locator(".drawn").bounding_box()
        assert cost is not None
        assert tape is not None
        assert tape["y"] > cost["y"] + 10
        page.get_by_role("button", name="Views").tap()
        page.get_by_role("dialog", name="Views").get_by_role("link", name="Usage").tap()
        expect(page.get_by_role("heading", name="Usage")).to_be_visible()

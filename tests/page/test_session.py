"""One session: one playhead for the tape, the outline, the stream and the inspector, moved by hand, keys and address."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.page.browsing import Opened, Served, environment, fill, opened, serious, serve
from tests.page.sessions import ask, named, show, step
from tests.page.test_now import SESSION, line

pytestmark = pytest.mark.slow
MENDED = "Mend the store and leave a note."
HELPERS = "Ask two helpers at once."
TABS = ("stream", "files", "context", "todos", "requests")


@pytest.fixture
def narrow(browser: Browser, served: Served) -> Iterator[Opened]:
    yield from opened(browser, served.url, viewport={"width": 390, "height": 844}, has_touch=True)


@pytest.fixture
def middling(browser: Browser, served: Served) -> Iterator[Opened]:
    yield from opened(browser, served.url, viewport={"width": 900, "height": 800})


@pytest.fixture
def mended(page: Page, served: Served) -> str:
    """A session that reads, edits, runs and fails, at its end."""
    session = named(served, MENDED)
    show(page, served, session)
    return session


def test_every_pane_shows_the_step_of_the_address(page: Page, served: Served, mended: str) -> None:
    rows = ask(served, f"sessions/{mended}/columns")["seq"]
    at = rows[len(rows) // 2]
    show(page, served, mended, f"/at/{at}")
    assert step(page) == at
    expect(page.locator(".line-at")).to_contain_text(f"Step {at}")
    expect(page.locator(".corner")).to_have_text(str(at))
    expect(page.locator(".o.now")).to_have_attribute("data-seq", str(at))
    expect(page.locator(".readout").first).to_contain_text(str(at))
    later = page.locator(".row.later").first
    assert int(later.get_attribute("data-seq") or 0) > at


def test_a_session_opens_at_its_end(page: Page, served: Served, mended: str) -> None:
    assert step(page) == ask(served, f"sessions/{mended}/columns")["seq"][-1]
    expect(page.locator(".row.later")).to_have_count(0)


def test_keys_move_by_step_turn_loop_and_mark(page: Page, served: Served, mended: str) -> None:
    columns = ask(served, f"sessions/{mended}/columns")
    rows, turns = columns["seq"], columns["turn"]
    page.keyboard.press("Home")
    assert step(page) == rows[0]
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert step(page) == rows[1]
    page.keyboard.press("Shift+ArrowRight")
    assert step(page) == rows[next(i for i in range(1, len(rows)) if turns[i] != turns[1])]
    errors = [mark["seq"] for mark in columns["marks"] if mark["kind"] == "error"]
    page.keyboard.press("Home")
    for error in dict.fromkeys(max(seq for seq in rows if seq <= error) for error in errors):
        page.keyboard.press("e")
        assert step(page) == error
    yours = [mark["seq"] for mark in columns["marks"] if mark["kind"] == "you"]
    page.keyboard.press("k")
    assert step(page) == max(seq for seq in rows if seq <= yours[-1])
    page.keyboard.press("Escape")
    assert step(page) == rows[-1]


def test_the_address_follows_when_the_hand_rests_and_goes_back_a_release_at_a_time(
    page: Page, served: Served, mended: str
) -> None:
    rows = ask(served, f"sessions/{mended}/columns")["seq"]
    box = page.locator(".slider").bounding_box()
    assert box is not None
    before = page.evaluate("history.length")
    page.mouse.move(box["x"] + 40, box["y"] + 60)
    page.mouse.down()
    for share in (0.2, 0.3, 0.5):
        page.mouse.move(box["x"] + box["width"] * share, box["y"] + 60)
        assert page.evaluate("location.hash") == f"#/s/{mended}" or "/at/" in page.evaluate("location.hash")
    dragged = step(page)
    page.mouse.up()
    assert dragged in rows
    expect(page).to_have_url(re.compile(f"#/s/{mended}/at/{dragged}$"))
    assert page.evaluate("history.length") >= before
    page.go_back()
    expect(page).not_to_have_url(re.compile(f"/at/{dragged}$"))


def test_a_click_on_a_lane_finds_the_nearest_step_of_that_lane(
    page: Page, served: Served, mended: str
) -> None:
    columns = ask(served, f"sessions/{mended}/columns")
    tools = {
        seq for seq, act in zip(columns["seq"], columns["act"], strict=True) if columns["acts"][act] == "tool"
    }
    box = page.locator(".slider").bounding_box()
    tape = page.locator(".labels .of-tools").bounding_box()
    assert box is not None
    assert tape is not None
    for share in (0.1, 0.4, 0.8):
        page.mouse.click(box["x"] + box["width"] * share, tape["y"] + tape["height"] / 2)
        assert step(page) in tools


def test_zooming_shows_the_overview_and_a_double_click_fits(page: Page, mended: str) -> None:
    del mended
    tape = page.locator(".tape-of")
    high = tape.evaluate("e => getComputedStyle(e).height")
    page.locator(".slider").hover(position={"x": 300, "y": 60})
    page.keyboard.down("Control")
    page.mouse.wheel(0, -600)
    page.keyboard.up("Control")
    expect(tape).not_to_have_css("height", high)
    page.locator(".slider").dblclick(position={"x": 300, "y": 60})
    expect(tape).to_have_css("height", high)


def test_hovering_tells_a_step_and_changes_nothing(page: Page, mended: str) -> None:
    del mended
    before = step(page)
    page.locator(".slider").hover(position={"x": 400, "y": 60})
    expect(page.locator(".deck .tip")).to_be_visible()
    assert step(page) == before
    page.locator("h1").hover()
    expect(page.locator(".deck .tip")).to_have_count(0)


def test_the_tape_is_told_as_a_table(page: Page, served: Served, mended: str) -> None:
    columns = ask(served, f"sessions/{mended}/columns")
    page.keyboard.press("t")
    table = page.get_by_role("region", name="The tape as a table")
    expect(table.locator("tbody tr")).to_have_count(len(columns["seq"]))
    expect(table.locator("tr[aria-current]")).to_contain_text(str(step(page)))
    assert serious(page) == []
    table.get_by_role("button", name=str(columns["seq"][0]), exact=True).click()
    assert step(page) == columns["seq"][0]
    page.keyboard.press("t")
    expect(table).to_have_count(0)


def test_switching_the_scale_keeps_the_step(page: Page, mended: str) -> None:
    del mended
    page.keyboard.press("Home")
    page.keyboard.press("e")
    before = step(page)
    page.get_by_role("group", name="Scale of the tape").get_by_role("button", name="Step").click()
    assert step(page) == before
    expect(page.get_by_role("button", name="Step", exact=True)).to_have_attribute("aria-pressed", "true")


def test_playing_goes_on_to_the_end_and_stops(page: Page, served: Served, mended: str) -> None:
    last = ask(served, f"sessions/{mended}/columns")["seq"][-1]
    page.get_by_role("button", name="20×").click()
    page.locator(".stream").focus()
    page.keyboard.press("Home")
    page.keyboard.press(" ")
    expect(page.locator(".slider")).to_have_attribute("aria-valuenow", str(last), timeout=15_000)
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()


def test_compact_and_skim_say_less_and_are_remembered(page: Page, mended: str) -> None:
    del mended
    full = page.locator(".stream .card .body").count()
    page.get_by_role("button", name="Compact").click()
    expect(page.locator(".stream .card .body")).to_have_count(0)
    assert full > 0
    page.reload()
    expect(page.get_by_role("button", name="Compact")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Skim").click()
    expect(page.locator(".row.k-system")).to_have_count(0)
    expect(page.locator(".row.k-assistant").last).to_be_visible()


def test_only_rows_near_the_view_exist(page: Page, served: Served) -> None:
    rows = ask(served, "sessions?limit=200&sort=tools")["rows"]
    longest = max(rows, key=lambda row: row["events"])
    show(page, served, longest["id"])
    assert page.locator(".stream .slot").count() < 45
    page.locator(".stream").evaluate("e => e.scrollTop = 0")
    expect(page.locator(".stream .row").first).to_be_visible()


def test_the_outline_is_a_tree_that_keys_walk(page: Page, mended: str) -> None:
    del mended
    tree = page.get_by_role("tree")
    tree.focus()
    held = page.locator(".o.held")
    before = str(step(page))
    expect(held).to_have_attribute("data-seq", before)
    page.keyboard.press("ArrowUp")
    expect(held).not_to_have_attribute("data-seq", before)
    target = held.get_attribute("data-seq")
    page.keyboard.press("Enter")
    assert str(step(page)) == target
    levels = page.get_by_role("treeitem").evaluate_all("all => all.map(e => e.getAttribute('aria-level'))")
    assert {"1", "2"} <= set(levels)


def test_files_context_and_to_dos_are_as_of_the_step(page: Page, served: Served, mended: str) -> None:
    state = ask(served, f"sessions/{mended}/at/99999")
    first = state["files"][0]
    show(page, served, mended, f"/at/{first['first'] - 2}?tab=files")
    expect(page.locator(".file-list .later").first).to_be_visible()
    show(page, served, mended, f"/at/{first['last']}?tab=files")
    expect(page.locator(f"[data-file='{first['path']}'] .op")).to_have_text(
        "M" if first["op"] == "modify" else "A"
    )
    show(page, served, mended, f"/at/{first['last']}?tab=context")
    expect(page.locator(".parts tbody tr").first).to_be_visible()
    expect(page.locator(".context .meter")).to_be_visible()


def test_the_inspector_tells_the_event_and_where_it_came_from(page: Page, mended: str) -> None:
    del mended
    page.keyboard.press("Home")
    page.keyboard.press("e")
    expect(page.locator(".facts-of")).to_contain_text("tool.called")
    expect(page.locator(".origin").first).to_contain_text("@")
    page.keyboard.press("p")
    pinned = step(page)
    page.keyboard.press("ArrowRight")
    expect(page.locator(".pin-head")).to_contain_text(f"step {pinned}")
    page.get_by_role("tab", name="Raw").click()
    expect(page.locator(".inspector .json").first).to_be_visible()


def test_commands_are_shown_exactly_and_copied_and_nothing_runs(
    page: Page, served: Served, mended: str
) -> None:
    commands = ask(served, f"sessions/{mended}")["commands"]
    page.get_by_role("button", name="Export").click()
    dialog = page.get_by_role("dialog", name="Export")
    for command in commands["export"].values():
        expect(dialog).to_contain_text(command.replace("{n}", str(step(page))))
    dialog.get_by_role("button", name="Copy", exact=True).first.click()
    expect(dialog.get_by_role("button", name="copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") in commands["export"].values()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.keyboard.press("f")
    expect(page.get_by_role("dialog", name="Fork")).to_contain_text(
        commands["fork"].replace("{n}", str(step(page)))
    )


def test_panes_are_dragged_and_remembered(page: Page, mended: str) -> None:
    del mended
    edge = page.get_by_role("separator", name="Width of the outline")
    box = edge.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 4, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 64, box["y"] + 100, steps=3)
    page.mouse.up()
    assert page.locator("aside.outline").evaluate("e => e.offsetWidth") == 346
    page.reload()
    expect(page.locator("aside.outline")).to_have_css("width", "346px")
    edge.dblclick(position={"x": 4, "y": 100})
    expect(page.locator("aside.outline")).to_have_css("width", "286px")


def test_sub_agents_stand_side_by_side_and_lead_to_their_session(page: Page, served: Served) -> None:
    session = named(served, HELPERS)
    show(page, served, session)
    page.locator("[data-lane='1']").click()
    cards = page.locator(".agent-card")
    expect(cards).to_have_count(2)
    tops = cards.evaluate_all("all => all.map(e => e.getBoundingClientRect().top)")
    assert tops[0] == tops[1]
    cards.first.get_by_role("link", name="open lane").click()
    child = ask(served, f"sessions/{session}")["lanes"][1]["session"]
    expect(page).to_have_url(re.compile(f"#/s/{child}$"))
    expect(page.get_by_role("link", name="part of")).to_be_visible()


def test_drawers_open_with_their_letters(middling: Opened, served: Served) -> None:
    page = middling.page
    show(page, served, named(served, MENDED))
    expect(page.locator("aside.outline")).not_to_be_visible()
    page.keyboard.press("o")
    expect(page.locator("aside.outline")).to_be_visible()
    page.keyboard.press("i")
    expect(page.locator("aside.inspector")).to_be_visible()


def test_on_a_phone_one_pane_at_a_time_and_nothing_sticks_out(narrow: Opened, served: Served) -> None:
    page = narrow.page
    show(page, served, named(served, MENDED))
    panes = page.get_by_role("tablist", name="Panes")
    for pane, seen in (
        ("Outline", "aside.outline"),
        ("State", ".files"),
        ("Step", "aside.inspector"),
        ("Stream", ".stream"),
    ):
        panes.get_by_role("tab", name=pane).click()
        expect(page.locator(seen)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    deck = page.locator(".deck").bounding_box()
    assert deck is not None
    assert deck["y"] + deck["height"] <= 845


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_any_tab(browser: Browser, served: Served, scheme: str) -> None:
    for window in opened(browser, served.url, color_scheme=scheme):
        for title in (MENDED, HELPERS):
            session = named(served, title)
            for tab in TABS:
                rows = ask(served, f"sessions/{session}/columns")["seq"]
                show(window.page, served, session, f"/at/{rows[len(rows) // 2]}?tab={tab}")
                assert serious(window.page) == [], tab


@pytest.fixture
def served_live(chromium: str, tmp_path: Path) -> Iterator[Served]:
    """A page of its own: this test's agent writes while it is open."""
    del chromium
    environ = environment(tmp_path)
    fill(Path(environ["HOME"]))
    yield from serve(environ)


def test_what_an_agent_writes_streams_in_and_waits_below_when_the_reader_is_elsewhere(
    browser: Browser, served_live: Served
) -> None:
    folder = served_live.home / ".claude" / "projects" / "-home-dev-code-live"
    folder.mkdir(parents=True)
    log = folder / f"{SESSION}.jsonl"
    ids = [f"{k:08d}-0000-4000-8000-000000000000" for k in range(20)]
    for window in opened(browser, served_live.url):
        page = window.page
        expect(page.locator(".home .row").first).to_be_visible()
        log.write_text(
            line("user", "Count for me.", seconds=-9, parent=None, uuid=ids[0])
            + line("assistant", [{"type": "text", "text": "One."}], seconds=-8, parent=ids[0], uuid=ids[1])
        )
        expect(page.locator(".home .row", has_text="Count for me.").first).to_be_visible()
        session = page.locator(".home .row", has_text="Count for me.").first.get_attribute("data-id") or ""
        show(page, served_live, session)
        expect(page.locator(".stream")).to_contain_text("One.")
        with log.open("a") as file:
            file.write(
                line("assistant", [{"type": "text", "text": "Two."}], seconds=-6, parent=ids[1], uuid=ids[2])
            )
        expect(page.locator(".stream")).to_contain_text("Two.")
        expect(page.locator(".slot.now")).to_contain_text("Two.")
        page.keyboard.press("Home")
        with log.open("a") as file:
            file.write(
                line(
                    "assistant", [{"type": "text", "text": "Three."}], seconds=-4, parent=ids[2], uuid=ids[3]
                )
            )
        expect(page.get_by_role("button", name="new below")).to_be_visible()
        page.keyboard.press("End")
        expect(page.locator(".slot.now")).to_contain_text("Three.")
        expect(page.get_by_role("button", name="new below")).to_have_count(0)
    assert json.loads(log.read_text().splitlines()[0])["sessionId"] == SESSION

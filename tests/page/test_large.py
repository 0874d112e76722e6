"""A session of 100,000 events under the hand: a piece at once, then all of it, and no frame is missed."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect
from tests.page.browsing import Opened, Served, environment, opened, serve
from tests.page.sessions import ask, step

from reenact.archive import open_archive
from reenact.events import Event, Header, bodies
from reenact.events.blocks import Text, Tokens

pytestmark = pytest.mark.slow
EVENTS = 100_000
BEGIN = 1_790_000_000_000_000
SECOND = 1_000_000
SCRUB_SECONDS = 5
LONG_MS = 50
VIEWS = ("stream", "context", "files", "requests")


def happenings() -> Iterator[bodies.AnyBody]:
    """Prompts, answers, edits and shell commands, without end; some fail, now and then the context is folded."""
    number = 0
    while True:
        number += 1
        if number % 10 == 1:
            yield bodies.UserMessage(blocks=(Text(text=f"prompt {number}"),), human=True)
        answer = f"m{number}"
        said = Text(text="words of an answer " * (number % 9 + 1))
        yield bodies.AssistantMessage(message=answer, model="claude-opus-4-6", blocks=(said,))
        path = f"/home/dev/code/large/file{number % 300}.py"
        yield bodies.ToolCalled(
            call=f"e{number}", name="Edit", tool_kind="file_edit", message=answer, input={"file_path": path}
        )
        yield bodies.FileChanged(call=f"e{number}", path=path, op="modify", plus=2, minus=1)
        yield bodies.ToolFinished(call=f"e{number}", ok=True, output="done")
        command = {"command": f"make test-{number}"}
        yield bodies.ToolCalled(
            call=f"s{number}", name="Bash", tool_kind="shell", message=answer, input=command
        )
        yield bodies.ToolFinished(call=f"s{number}", ok=number % 50 != 0, output="a line\n" * (number % 12))
        tokens = Tokens(input=10, cache_read=number % 400 * 300, output=20)
        yield bodies.UsageRecorded(key=answer, tokens=tokens, model="claude-opus-4-6", final=True)
        if number % 400 == 0:
            yield bodies.CompactionFinished(trigger="auto", before=120_000, after=9_000, summary="all of it")


@pytest.fixture(scope="module")
def large(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The page over one session of 100,000 events that nobody has looked at."""
    del chromium
    environ = environment(tmp_path_factory.mktemp("large"))
    with open_archive(Path(environ["REENACT_HOME"]), variables=environ) as archive:
        writer = archive.store.writer(Header(id="large", agent="claude_code", native_id="large"))
        for seq, body in zip(range(1, EVENTS + 1), happenings(), strict=False):
            at = BEGIN + seq * SECOND
            writer.append(
                Event(v=1, seq=seq, id=f"e{seq}", session="large", ts=at, recorded_at=at, body=body)
            )
        writer.close()
        archive.store.catch_up()
    yield from serve(environ)


@pytest.fixture(scope="module")
def window(browser: Browser, large: Served) -> Iterator[Opened]:
    yield from opened(browser, large.url)


def show(page: Page, large: Served, rest: str) -> None:
    page.goto(f"{large.url.rstrip('/')}/#/s/large{rest}")
    expect(page.locator("main.session[data-ready]")).to_be_visible()


def test_a_piece_is_there_at_once_and_the_whole_takes_its_place(window: Opened, large: Served) -> None:
    page = window.page
    show(page, large, "/at/50000")
    expect(page.locator("main.session[data-part]")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_contain_text("reading 100,000 events")
    expect(page.locator(".line-at")).to_be_visible()
    at = step(page)
    expect(page.locator("main.session[data-ready]:not([data-part])")).to_be_visible(timeout=120_000)
    expect(page.get_by_role("progressbar")).to_have_count(0)
    assert step(page) == at
    expect(page.locator(".line-at")).to_contain_text(f"Step {at}")
    steps = ask(large, "sessions/large")["counts"]["steps"]
    assert steps > EVENTS // 4
    page.keyboard.press("Home")
    assert step(page) == 1


@pytest.mark.parametrize("view", VIEWS)
def test_no_task_is_long_while_the_hand_moves_over_the_tape(window: Opened, large: Served, view: str) -> None:
    """Of every task of the page's main thread its time on the processor: a busy machine lengthens no verdict."""
    page = window.page
    show(page, large, f"/at/50000?tab={view}")
    expect(page.locator("main.session[data-ready]:not([data-part])")).to_be_visible(timeout=120_000)
    expect(page.locator(".line-at, .tab-body :is(table, .file-list)").first).to_be_visible()
    box = page.locator(".slider").bounding_box()
    assert box is not None
    middle = box["y"] + 40
    page.mouse.move(box["x"] + box["width"] * 0.5, middle)
    page.mouse.down()
    client = page.context.new_cdp_session(page)
    trace = Trace(client)
    begun, moves = perf_counter(), 0
    while (along := perf_counter() - begun) < SCRUB_SECONDS:
        share = abs(along / SCRUB_SECONDS * 4 % 2 - 1) * 0.96 + 0.02  # twice to the end and back
        page.mouse.move(box["x"] + box["width"] * share, middle)
        moves += 1
    tasks = trace.end()
    page.mouse.up()
    client.detach()
    assert len(tasks) > moves
    assert max(tasks) <= LONG_MS, sorted(tasks)[-8:]


class Trace:
    """Takes down what the main thread of the page does, from now on."""

    def __init__(self, client: CDPSession) -> None:
        self._client = client
        self._events: list[dict[str, Any]] = []
        self._is_over = False
        client.on("Tracing.dataCollected", lambda told: self._events.extend(told["value"]))
        client.on("Tracing.tracingComplete", self._end)
        categories = "toplevel,disabled-by-default-devtools.timeline,devtools.timeline"
        client.send("Tracing.start", {"categories": categories, "transferMode": "ReportEvents"})

    def _end(self, told: Any) -> None:
        del told
        self._is_over = True

    def end(self) -> list[float]:
        """Gives the milliseconds on the processor of every task of the busiest page's main thread."""
        self._client.send("Tracing.end")
        while not self._is_over:
            self._client.send("Runtime.evaluate", {"expression": "1"})
        mains = {
            (event["pid"], event["tid"])
            for event in self._events
            if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
        }
        tasks: dict[tuple[int, int], list[float]] = defaultdict(list)
        for event in self._events:
            thread = (event["pid"], event["tid"])
            if event["name"] == "RunTask" and event["ph"] == "X" and thread in mains:
                tasks[thread].append(event.get("tdur", 0) / 1000)
        assert tasks, json.dumps(sorted({event["name"] for event in self._events}))[:2000]
        return max(tasks.values(), key=sum)

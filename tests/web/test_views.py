"""The shape of every view: kept as small files that the page's own tests read, too.

They are renewed only by REENACT_UPDATE_GOLDEN=1.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tests.web.conftest import Browser
from tools import make_page_types

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "tests" / "data" / "views"
VIEWS = {
    "status": "/api/status",
    "home": "/api/home",
    "sessions": "/api/sessions?q=is:bogus+model:model-a",
    "sessions-none": "/api/sessions?q=agent:claude_code+nowhere",
    "groups": "/api/groups",
    "tapes": "/api/tapes?ids=s1,s2,gone",
    "children": "/api/sessions/s1/children",
    "suggest-fields": "/api/suggest?field=&prefix=t",
    "suggest-tool": "/api/suggest?field=tool",
    "session": "/api/sessions/s1",
    "columns": "/api/sessions/s1/columns",
    "outline": "/api/sessions/s1/outline?at=7",
    "stream": "/api/sessions/s1/stream",
    "at": "/api/sessions/s1/at/20",
    "file": "/api/sessions/s1/files/at/20?path=/home/ann/app/parser.py",
    "context": "/api/sessions/s1/context/at/20",
    "requests": "/api/sessions/s1/requests",
    "request": "/api/sessions/s1/requests/2",
    "step": "/api/sessions/s1/step/15",
    "usage": "/api/usage?by=day&split=model",
    "now": "/api/now",
}


@pytest.mark.parametrize("name", VIEWS)
def test_every_view_is_as_it_was(browser: Browser, name: str, folder: Path) -> None:
    answer = browser.get(VIEWS[name])
    assert answer.status == 200, answer.body
    assert answer.headers["content-type"] == "application/json"
    document = answer.json
    if "took_ms" in document:
        document["took_ms"] = 0.0
    text = json.dumps(document, indent=1, ensure_ascii=False).replace(str(folder), "/home/ann") + "\n"
    path = FOLDER / f"{name}.json"
    if os.environ.get("REENACT_UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_there_is_no_view_that_nobody_asks_for() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(VIEWS)


def test_the_types_of_the_page_are_those_of_the_views() -> None:
    assert make_page_types.document() == make_page_types.TARGET.read_text(encoding="utf-8")


def test_the_last_step_tells_what_the_list_tells(browser: Browser) -> None:
    (row,) = browser.get("/api/sessions").json["rows"]
    last = browser.get(f"/api/sessions/s1/at/{row['events']}").json
    assert last["usage"]["total"] == row["usage"]["total"]
    assert last["tokens"] == row["usage_total"]["total"]
    assert last["cost"] == pytest.approx(row["cost_total_known_usd"], abs=1e-6)


def test_every_step_of_the_stream_is_a_step_of_the_columns(browser: Browser) -> None:
    stream = browser.get("/api/sessions/s1/stream").json
    columns = browser.get("/api/sessions/s1/columns").json
    assert [row["seq"] for row in stream["rows"]] == columns["seq"]
    assert not stream["before"]
    assert not stream["after"]


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_pages_of_the_stream_meet_without_gap_or_repeat(browser: Browser, limit: int) -> None:
    whole = [row["seq"] for row in browser.get("/api/sessions/s1/stream").json["rows"]]
    forth: list[int] = []
    page = browser.get(f"/api/sessions/s1/stream?after=0&limit={limit}").json
    while page["rows"]:
        forth += [row["seq"] for row in page["rows"]]
        page = browser.get(f"/api/sessions/s1/stream?after={page['last']}&limit={limit}").json
    assert forth == whole
    back: list[int] = []
    page = browser.get(f"/api/sessions/s1/stream?before={whole[-1] + 1}&limit={limit}").json
    while page["rows"]:
        back = [row["seq"] for row in page["rows"]] + back
        page = browser.get(f"/api/sessions/s1/stream?before={page['first']}&limit={limit}").json
    assert back == whole


def test_descendants_of_the_outline_follow_their_row(browser: Browser) -> None:
    rows = browser.get("/api/sessions/s1/outline").json["rows"]
    assert [row["index"] for row in rows] == list(range(len(rows)))
    for row in rows:
        below = rows[row["index"] + 1 : row["index"] + 1 + row["descendants"]]
        assert all(item["depth"] > row["depth"] for item in below)
        behind = rows[row["index"] + 1 + row["descendants"] :]
        assert not behind or behind[0]["depth"] <= row["depth"]


def test_the_outline_down_to_turns_is_the_whole_one_without_deeper_rows(browser: Browser) -> None:
    rows = browser.get("/api/sessions/s1/outline").json["rows"]
    for depth in (0, 1, 2):
        shallow = browser.get(f"/api/sessions/s1/outline?depth={depth}").json["rows"]
        assert shallow == [row for row in rows if row["depth"] <= depth]

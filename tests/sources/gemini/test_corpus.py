"""Genuine chats: what real work left behind, and copies of what real clients left (where the corpus is there)."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest
from tests.corpus import CORPUS, oracle_of, scenarios, title
from tests.ingest.machines import answers, imported, opened

from reenact.events.bodies import Custom

REAL = sorted((CORPUS / "real" / "gemini").glob("*.json"))
GENERATED = scenarios("gemini")

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not REAL or not GENERATED, reason="no corpus lies beside the checkout"),
]


def test_every_stated_token_of_real_work_is_counted_once(tmp_path: Path) -> None:
    stated = 0
    for path in REAL:
        for message in json.loads(path.read_bytes())["messages"]:
            stated += (message.get("tokens") or {}).get("total", 0)
    with opened(tmp_path, tmp_path) as archive:
        archive.catch_up(archive.find(agents=["gemini"], paths=[str(CORPUS / "real" / "gemini")]))
        assert sum(row.own.tokens.total for row in archive.sessions()) == stated
        assert archive.store.drift() == []
        assert all(account.balances for account in archive.accounts())
        assert sum(row.warnings for row in archive.sessions()) == 0


def test_every_call_and_every_answer_of_real_work_is_told(tmp_path: Path) -> None:
    with opened(tmp_path, tmp_path) as archive:
        archive.catch_up(archive.find(agents=["gemini"], paths=[str(CORPUS / "real" / "gemini")]))
        calls = turns = 0
        for path in REAL:
            messages = json.loads(path.read_bytes())["messages"]
            calls += sum(len(message.get("toolCalls") or ()) for message in messages)
            turns += sum(message["type"] == "gemini" for message in messages)
        rows = archive.sessions()
        assert sum(row.tool_calls for row in rows) == calls
        assert sum(row.turns for row in rows) == turns


@pytest.mark.parametrize("scenario", GENERATED, ids=title)
def test_order_and_copies_of_genuine_homes_do_not_matter(scenario: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(scenario / "log", home)
    copy = tmp_path / "copy"
    shutil.copytree(home, copy)
    with imported(tmp_path / "one", home) as archive:
        expected = answers(archive)
        archive.catch_up()
        assert answers(archive) == expected
    with opened(tmp_path / "two", home) as archive:
        found = [*archive.find(), *archive.find(paths=[str(copy)])]
        random.Random(3).shuffle(found)
        for item in found:
            archive.catch_up([item])
        assert answers(archive) == expected


@pytest.mark.parametrize("scenario", GENERATED, ids=title)
def test_genuine_chats_that_grow_line_by_line_give_what_whole_ones_give(
    scenario: Path, tmp_path: Path
) -> None:
    with imported(tmp_path / "whole", scenario / "log") as archive:
        expected = answers(archive)
    home = tmp_path / "home"
    shutil.copytree(scenario / "log", home)
    files = {path: path.read_bytes() for path in sorted(home.rglob("chats/**/*.jsonl"))}
    for path in files:
        path.chmod(0o600)
    with opened(tmp_path / "growing", home) as archive:
        for share in (0.3, 0.55, 0.8, 1.0):
            for path, data in files.items():
                path.write_bytes(data[: int(len(data) * share)])
            archive.catch_up()
        assert answers(archive) == expected


def test_calls_that_never_reached_a_log_are_named_where_they_left_a_trace(tmp_path: Path) -> None:
    resume = next(path for path in GENERATED if path.name == "resume")
    oracle = oracle_of(resume)
    with imported(tmp_path, resume / "log") as archive:
        named = [
            event.body.data
            for row in archive.sessions()
            for event in archive.events(row.id)
            if isinstance(event.body, Custom) and event.body.name == "gemini.unrecorded_call"
        ]
        assert oracle["usage_totals"]["side"]["requests_with_usage"] == len(named) == 1
        assert named == [{"purpose": "title"}]

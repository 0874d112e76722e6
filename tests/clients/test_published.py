"""The transcripts we publish are genuine in form and agree with the books of the endpoint that made them.

The little readers here are written for these few files and know nothing of the importer.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.clients import trim_claude

from reenact.samples import SAMPLES

DATA = Path(__file__).parent.parent / "data" / "transcripts"
STORIES = sorted(path.parent for path in DATA.glob("*/*/expected.json"))
CLAUDE = [path for path in STORIES if path.parent.name.startswith("claude")]
CODEX = [path for path in STORIES if path.parent.name.startswith("codex")]
HOMES = [*STORIES, SAMPLES]
Rows = list[dict[str, Any]]


def name(path: Path) -> str:
    return "samples" if path == SAMPLES else f"{path.parent.name}/{path.name}"


def rows(home: Path) -> dict[str, Rows]:
    return {
        str(path.relative_to(home)): [json.loads(line) for line in path.read_bytes().split(b"\n") if line]
        for path in sorted(home.rglob("*.jsonl"))
    }


def expected(home: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((home / "expected.json").read_text(encoding="utf-8"))
    return document


def test_every_client_and_story_is_there() -> None:
    clients = {path.parent.name for path in STORIES}
    assert clients == {
        "claude-1.0.30",
        "claude-2.0.76",
        "claude-2.1.329",
        "claude-2.1.50",
        "codex-0.121.0",
        "codex-0.169.0",
        "codex-0.42.0",
    }


def test_they_are_small() -> None:
    assert sum(p.stat().st_size for p in SAMPLES.rglob("*") if p.is_file()) < 400_000
    assert sum(p.stat().st_size for p in DATA.rglob("*") if p.is_file()) < 2_000_000


@pytest.mark.parametrize("home", HOMES, ids=name)
def test_every_line_is_a_whole_row(home: Path) -> None:
    for path in home.rglob("*.jsonl"):
        text = path.read_bytes()
        assert not text or text.endswith(b"\n"), path
        for line in text.split(b"\n")[:-1]:
            assert isinstance(json.loads(line), dict), path


@pytest.mark.parametrize("home", HOMES, ids=name)
def test_every_path_is_one_of_the_make_believe_machine(home: Path) -> None:
    for path in home.rglob("*.jsonl"):
        text = path.read_text(encoding="utf-8")
        assert set(re.findall(r'"cwd": ?"([^"]*)"', text)) <= {
            "/home/dev/code/todo",
            "file:///home/dev/code/todo",
        }
        assert "reenact-" not in text, path


@pytest.mark.parametrize("home", HOMES, ids=name)
def test_no_text_is_as_long_as_a_system_prompt(home: Path) -> None:
    """Ours are short stories; the longest texts are a file of ours and a long log of ours."""
    for path in home.rglob("*.jsonl"):
        for text in _strings([json.loads(line) for line in path.read_bytes().split(b"\n") if line]):
            assert len(text) < 1_200 or "line 00001 of a long log" in text, text[:200]


def _strings(value: Any) -> list[str]:
    match value:
        case str():
            return [value]
        case list():
            return [text for item in value for text in _strings(item)]
        case dict():
            return [text for item in value.values() for text in _strings(item)]
        case _:
            return []


@pytest.mark.parametrize("home", [*CLAUDE, SAMPLES / "claude"], ids=name)
def test_the_hashes_of_a_request_journal_are_those_of_what_it_names(home: Path) -> None:
    for path, session in rows(home).items():
        held = {row["hash"] for row in session if row["type"] == "api-request-blob"}
        for row in session:
            match row["type"]:
                case "api-request-blob":
                    forms = trim_claude.forms(row["message"])
                    assert row["hash"] in {trim_claude.message_hash(form) for form in forms}, path
                case "api-request-shape":
                    assert row["shapeHash"] == trim_claude.message_hash(row["shape"]), path
                case "api-request":
                    derived = {
                        h
                        for m in _derived(session)
                        for h in map(trim_claude.message_hash, trim_claude.forms(m))
                    }
                    assert set(row["tail"]) <= held | derived, path


def _derived(session: Rows) -> list[dict[str, Any]]:
    """Messages that follow from rows: an answer is its blocks in file order, results are gathered up to the next one."""
    answers: dict[str, list[Any]] = {}
    runs: list[list[Any]] = [[]]
    for row in session:
        content: Any = (row.get("message") or {}).get("content")
        if row["type"] == "assistant":
            answers.setdefault(row["message"]["id"], []).extend(content)
            runs += [[]] if runs[-1] else []
        elif row["type"] == "user" and isinstance(content, list):
            runs[-1].extend(content)
    user = [{"role": "user", "content": run} for run in runs if run]
    said = [{"role": "assistant", "content": content} for content in answers.values()]
    prompts = [
        {"role": "user", "content": row["message"]["content"]} for row in session if row["type"] == "user"
    ]
    return user + said + prompts


@pytest.mark.parametrize("home", CLAUDE, ids=name)
def test_claude_rows_add_up_to_the_books(home: Path) -> None:
    """One message may have several rows: the largest output is the final one."""
    best: dict[str, dict[str, Any]] = {}
    for session in rows(home).values():
        for row in session:
            if row["type"] == "assistant" and row["message"]["model"] != "<synthetic>":
                usage = row["message"]["usage"]
                before = best.get(row["message"]["id"])
                if before is None or usage["output_tokens"] >= before["output_tokens"]:
                    best[row["message"]["id"]] = usage
    total = expected(home)["totals"]["all"]
    assert sum(u["input_tokens"] for u in best.values()) == (total.get("input") or 0)
    assert sum(u["cache_read_input_tokens"] for u in best.values()) == (total.get("cache_read") or 0)
    assert sum(u["cache_creation_input_tokens"] for u in best.values()) == (total.get("cache_write") or 0)
    assert sum(u["output_tokens"] for u in best.values()) == (total.get("output") or 0)


@pytest.mark.parametrize("home", [p for p in CODEX if "0.169" in p.parent.name], ids=name)
def test_codex_usage_records_add_up_to_the_books(home: Path) -> None:
    records = {
        row["payload"]["response_id"]: row["payload"]["usage"]
        for thread in rows(home).values()
        for row in thread
        if row["type"] == "token_usage_record"
    }
    total = expected(home)["totals"]["all"]
    assert sum(u["input_tokens"] for u in records.values()) == sum(
        (total.get(part) or 0) for part in ("input", "cache_read", "cache_write")
    )
    assert sum(u["cached_input_tokens"] for u in records.values()) == (total.get("cache_read") or 0)
    assert sum(u["output_tokens"] for u in records.values()) == (total.get("output") or 0)
    assert sum(u["reasoning_output_tokens"] for u in records.values()) == (total.get("reasoning") or 0)


@pytest.mark.parametrize("home", [*CODEX, SAMPLES / "codex"], ids=name)
def test_a_fork_by_reference_ends_at_a_row_of_its_parent(home: Path) -> None:
    threads = {path[-42:-6]: home / path for path in rows(home)}
    for path, thread in rows(home).items():
        for row in thread:
            base = row["payload"].get("history_base") if row["type"] == "session_meta" else None
            if base:
                before = threads[base["thread_id"]].read_bytes()[: base["end_byte_offset"]]
                assert before.endswith(b"\n"), path
                assert row["ordinal"] == base["end_ordinal_exclusive"], path


@pytest.mark.parametrize("home", STORIES, ids=name)
def test_a_document_names_only_files_that_are_there_and_adds_up(home: Path) -> None:
    document = expected(home)
    for session in document["sessions"]:
        assert all((home / file).is_file() for file in session["files"])
        assert session["files"] or session["id"] is None
    for part in ("input", "output", "total"):
        parts = [s["usage"][part] for s in document["sessions"]]
        assert sum(parts) == (document["totals"]["all"].get(part) or 0)

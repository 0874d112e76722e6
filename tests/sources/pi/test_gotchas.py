"""What is particular to Pi's sessions: trees, forks that copy, migrations, what people ran themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.ingest.machines import imported, opened
from tests.sources.pi.sessions import (
    NAME,
    SESSION,
    answer,
    called,
    entry,
    head,
    journal,
    message,
    parse,
    prompt,
    result,
    text,
)

from reenact.events.blocks import Tokens
from reenact.events.bodies import (
    CompactionFinished,
    ContextInjected,
    FileChanged,
    ModelFailed,
    ModelSwitched,
    SessionTitled,
    ToolFinished,
    UsageRecorded,
    UserMessage,
)

ONE = Tokens(input=100, output=20, cache_read=30, cache_write=5)
OTHER = "88888888-8888-4888-8888-888888888888"


def put(home: Path, name: str, data: bytes) -> Path:
    path = home / ".pi" / "agent" / "sessions" / "--w-todo--" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def branched() -> list[dict[str, Any]]:
    """Gives a session whose second prompt was asked anew, from the first answer on."""
    return [
        head(),
        prompt("p1", None, "one"), answer("a1", "p1", text("first"), second=2),
        prompt("p2", "a1", "two", 3), answer("a2", "p2", text("second"), second=4),
        prompt("p3", "a1", "three", 5), answer("a3", "p3", text("third"), second=6),
    ]  # fmt: skip


def test_x03_alternative_branches_stay_and_the_last_leaf_is_live(tmp_path: Path) -> None:
    put(tmp_path, NAME, journal(*branched()))
    with imported(tmp_path / "archive", tmp_path) as archive:
        (row,) = archive.sessions()
        folded = archive.tree(row.id)
        (branch,) = folded.branches
        assert len(branch.abandoned) == 2  # the second prompt and its turn
        assert (row.turns, row.loops, row.own.tokens.output) == (3, 3, 60)
        names = {event.id: event.body for event in archive.events(row.id)}
        said = [names[part.id] for part in folded.at(row.events).context]
        shown = [block.text for body in said for block in getattr(body, "blocks", ())]
        assert shown == ["one", "first", "three", "third"]


def test_a_branch_from_before_everything_is_a_branch_too() -> None:
    rows = [head(), prompt("p1", None, "one"), answer("a1", "p1", text("x")), prompt("p2", None, "other", 5)]
    assert len([draft for draft in parse(journal(*rows)).drafts if draft.body.kind == "loop.started"]) == 2


def test_a_fork_copies_entries_and_counts_its_own(tmp_path: Path) -> None:
    rows = branched()
    parent = put(tmp_path, NAME, journal(*rows))
    own = [prompt("q1", "a1", "else", 31), answer("b1", "q1", text("other"), second=32)]
    fork = [head(session=OTHER, second=30, parentSession=str(parent)), *rows[1:3], *own]
    put(tmp_path, f"2026-11-21T10-00-30-000Z_{OTHER}.jsonl", journal(*fork))
    with imported(tmp_path / "archive", tmp_path) as archive:
        found = {row.native_id: row for row in archive.sessions()}
        assert found[OTHER].parent == found[SESSION].id
        assert (found[OTHER].kind, found[OTHER].own.tokens) == ("fork", found[OTHER].own.tokens)
        assert found[OTHER].own.tokens.total == ONE.total
        assert found[SESSION].own.tokens.total == 3 * ONE.total
        assert (found[OTHER].loops, found[OTHER].turns) == (1, 1)


def test_a_file_migrated_to_a_newer_version_is_the_same_session(tmp_path: Path) -> None:
    new = branched()[:3]
    old = [{key: value for key, value in row.items() if key not in {"id", "parentId"}} for row in new]
    old[0] = {key: value for key, value in head().items() if key != "version"}
    put(tmp_path, NAME, journal(*old))
    with opened(tmp_path / "archive", tmp_path) as archive:
        archive.catch_up()
        before = {event.id for event in archive.events(archive.sessions()[0].id)}
        put(tmp_path, NAME, journal(*new))
        archive.catch_up()
        (row,) = archive.sessions()
        assert {event.id for event in archive.events(row.id)} == before
        assert row.own.tokens.total == ONE.total


def test_usage_is_as_stated_with_its_cost() -> None:
    found = parse(journal(head(), prompt("p", None, "hi"), answer("a", "p", text("x"))))
    assert found.spent() == ONE
    assert [body.cost for body in found.bodies(UsageRecorded)] == ["0.25"]
    none = answer("a", "p", text("x"), usage={"input": 0, "output": 0})
    assert parse(journal(head(), prompt("p", None, "hi"), none)).bodies(UsageRecorded) == []


def test_calls_end_and_change_files() -> None:
    found = parse(
        journal(
            head(),
            prompt("p", None, "hi"),
            answer("a", "p", called("c1", "bash", command="x"), called("c2", "edit", path="/w/a", edits=[])),
            result("r1", "a", "c1", "no\n\nCommand exited with code 3", isError=True),
            result("r2", "r1", "c2", "ok", details={"diff": " 1 x\n-2 y\n+2 z"}),
        )
    )
    assert [(body.ok, body.exit_code) for body in found.bodies(ToolFinished)] == [(False, 3), (True, None)]
    assert [(body.path, body.plus, body.minus) for body in found.bodies(FileChanged)] == [("/w/a", 1, 1)]


def test_what_stands_beside_the_talk_is_told() -> None:
    ran = message("b", "a", 4, "bashExecution", command="ls", output="x", exitCode=2, cancelled=False)
    found = parse(
        journal(
            head(),
            entry("model_change", "m", None, 0, provider="stub", modelId="m1"),
            prompt("p", "m", "hi"),
            answer("a", "p", stopReason="error", errorMessage="overloaded", usage={}),
            ran,
            entry("session_info", "s", "b", 5, name="Ours"),
            entry("branch_summary", "t", "s", 6, fromId="a", summary="It went wrong."),
            entry("custom_message", "u", "t", 7, customType="mine", content="Injected.", display=True),
            entry("compaction", "k", "u", 8, summary="In short.", firstKeptEntryId="b", tokensBefore=900),
            entry("novelty", "n", "k", 9),
        )
    )  # fmt: skip
    assert [body.model for body in found.bodies(ModelSwitched)] == ["m1"]
    assert [(body.category, body.error) for body in found.bodies(ModelFailed)] == [("error", "overloaded")]
    assert [body.human for body in found.bodies(UserMessage)] == [True, False]
    assert [body.title for body in found.bodies(SessionTitled)] == ["Ours"]
    assert [body.origin for body in found.bodies(ContextInjected)] == ["branch_summary", "mine"]
    (compacted,) = found.bodies(CompactionFinished)
    assert (compacted.summary, compacted.before, len(compacted.kept)) == ("In short.", 900, 3)
    assert [name for each in found.parsed for name in each.unknown] == ["novelty"]

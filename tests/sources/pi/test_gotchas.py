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

from reenact.events.blocks import Text, Tokens, ToolResult
from reenact.events.bodies import (
    CompactionFinished,
    ContextInjected,
    ContextTrimmed,
    Custom,
    FileChanged,
    LoopEnded,
    ModelFailed,
    ModelSwitched,
    SessionForked,
    SessionTitled,
    SystemMessage,
    ToolCalled,
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


PROMPT = {
    "content": "",
    "sections": {"rules": "Be brief.", "cwd": "/w/todo"},
    "toolsAdded": [{"name": "read", "description": "Reads.", "parameters": {}}],
}


def context(tmp_path: Path, *rows: dict[str, Any]) -> list[str]:
    """Gives what the model is given at the end: texts, calls and results."""
    put(tmp_path, NAME, journal(*rows))
    with imported(tmp_path / "archive", tmp_path) as archive:
        (row,) = archive.sessions()
        assert archive.store.drift() == []
        names = {event.id: event.body for event in archive.events(row.id)}
        found = []
        for part in archive.tree(row.id).at(row.events).context:
            match names[part.id]:
                case ToolCalled() as body:
                    found.append(f"{body.name}()")
                case ToolFinished() as body:
                    found.append(f"-> {body.output}")
                case CompactionFinished() as body:
                    found += (
                        [body.summary]
                        if body.summary
                        else [
                            f"-> {part.output}" for part in body.replacement if isinstance(part, ToolResult)
                        ]
                    )
                case body:
                    found += [block.text for block in getattr(body, "blocks", ())]
        return found


def test_the_prompt_and_its_tools_are_told_and_are_no_ones_turn(tmp_path: Path) -> None:
    rows = [
        head(),
        message("y", None, 0, "system", **PROMPT),
        prompt("p", "y", "hi"),
        answer("a", "p", text("x")),
    ]
    found = parse(journal(*rows))
    (told,) = found.bodies(SystemMessage)
    assert [(block.text, block.extra) for block in told.blocks if isinstance(block, Text)] == [
        ("Be brief.", {"section": "rules"}),
        ("/w/todo", {"section": "cwd"}),
    ]
    (loadout,) = [body.data for body in found.bodies(Custom) if body.name == "pi.loadout"]
    assert loadout == {"sections_removed": [], "tools_added": ["read"], "tools_removed": []}
    assert context(tmp_path, *rows) == ["Be brief.", "/w/todo", "hi", "x"]


def test_a_prompt_that_replaces_all_leaves_nothing_of_the_one_before(tmp_path: Path) -> None:
    again = message("z", "a", 3, "system", content="Be kind.", replace=True, toolsRemoved=[{"name": "read"}])
    rows = [
        head(), message("y", None, 0, "system", **PROMPT), prompt("p", "y", "hi"), answer("a", "p", text("x")),
        again,
    ]  # fmt: skip
    assert context(tmp_path, *rows) == ["hi", "x", "Be kind."]


def test_what_stays_after_a_compaction_stays_whole(tmp_path: Path) -> None:
    rows = [
        head(), message("y", None, 0, "system", **PROMPT), prompt("p", "y", "hi"),
        answer("a", "p", text("Look."), called("c1", "read"), called("c2", "bash")),
        result("r1", "a", "c1", "one"), result("r2", "r1", "c2", "two"),
        entry(
            "compaction", "k", "r2", 4, summary="In short.", firstKeptEntryId="a", tokensBefore=900,
            systemMessage={"role": "system", "content": "All rules."}, usage={"input": 40, "output": 4},
        ),
    ]  # fmt: skip
    assert parse(journal(*rows)).spent() == Tokens(input=140, output=24, cache_read=30, cache_write=5)
    kept = ["Look.", "read()", "bash()", "-> one", "-> two"]
    assert context(tmp_path, *rows) == ["In short.", *kept, "All rules."]


def test_a_failed_answer_leaves_the_context_before_the_next_try(tmp_path: Path) -> None:
    rows = [
        head(), prompt("p", None, "hi"),
        answer("a", "p", text("Half an"), stopReason="error", errorMessage="terminated", usage={}),
        entry("context_edit", "e", "a", 3, targetId="a", replacement=None),
        answer("b", "e", stopReason="error", errorMessage="broken", usage={}, second=4),
        entry("context_edit", "f", "b", 5, targetId="b", replacement=None),
        answer("c", "f", text("Whole."), second=6),
    ]  # fmt: skip
    assert context(tmp_path, *rows) == ["hi", "Whole."]
    assert len(parse(journal(*rows)).bodies(ContextTrimmed)) == 1


def test_a_result_that_is_told_anew_is_shorter_in_the_context(tmp_path: Path) -> None:
    rows = [
        head(), prompt("p", None, "hi"), answer("a", "p", called("c1", "read")), result("r", "a", "c1", "long"),
        entry("context_edit", "e", "r", 4, targetId="r", replacement="short"),
        entry("context_edit", "f", "e", 5, targetId="p", replacement="other"),
    ]  # fmt: skip
    assert context(tmp_path, *rows) == ["hi", "read()", "-> short"]
    edits = [body.data for body in parse(journal(*rows)).bodies(Custom) if body.name == "pi.context_edit"]
    assert edits == [{"targetId": "p", "replacement": "other"}]


def test_what_no_answer_cost_counts_too() -> None:
    spent = {"input": 1, "output": 2, "cacheRead": 50, "cacheWrite": 9, "cacheWrite1h": 4, "totalTokens": 62}
    found = parse(
        journal(
            head(),
            prompt("p", None, "hi"),
            answer("a", "p", called("c1", "task"), usage={}),
            result("r", "a", "c1", "done", usage=spent),
            entry("branch_summary", "t", "r", 6, fromId="a", summary="It went wrong.", usage=spent),
            {**entry("usage", "u", "t", 7, provider="stub", model="m2", usage=spent), "kind": "cache_warm"},
        )
    )
    (one, two, three) = found.bodies(UsageRecorded)
    assert len({one.key, two.key, three.key}) == 3
    assert [one.model, two.model, three.model] == [None, None, "m2"]
    assert three.tokens == Tokens(
        input=1, output=2, cache_read=50, cache_write=9, cache_write_5m=5, cache_write_1h=4
    )
    assert [body.data for body in found.bodies(Custom)] == [{"purpose": "cache_warm"}]


def test_a_fork_of_a_session_that_a_person_named_knows_its_parent() -> None:
    named = "/s/--w-todo--/2026-11-21T10-00-00-000Z_My_work.v2.jsonl"
    (told,) = parse(journal(head(session=OTHER, parentSession=named))).bodies(SessionForked)
    assert told.parent_native == "My_work.v2"


def test_an_edit_tells_its_patch() -> None:
    patch = "--- /w/a\n+++ /w/a\n@@ -1,2 +1,2 @@\n x\n-y\n+z\n"
    found = parse(
        journal(
            head(),
            prompt("p", None, "hi"),
            answer("a", "p", called("c2", "edit", path="/w/a", edits=[])),
            result("r2", "a", "c2", "ok", details={"diff": " 1 x\n-2 y\n+2 z", "patch": patch}),
        )
    )
    assert [body.patch for body in found.bodies(FileChanged)] == ["@@ -1,2 +1,2 @@\n x\n-y\n+z\n"]


def test_an_answer_that_broke_off_states_a_lower_bound() -> None:
    spent = {"input": 800, "output": 1}
    rows = [
        head(), prompt("p", None, "hi"),
        answer("a", "p", text("Half"), stopReason="error", errorMessage="terminated", usage=spent),
        answer("b", "a", text("Whole"), second=3),
    ]  # fmt: skip
    told = parse(journal(*rows)).bodies(UsageRecorded)
    assert [(body.quality, body.final) for body in told] == [("partial", False), ("measured", True)]


def test_what_a_person_stopped_is_interrupted(tmp_path: Path) -> None:
    rows = [
        head(), prompt("p", None, "hi"), answer("a", "p", called("c1", "bash", command="sleep 40")),
        result("r", "a", "c1", "Command aborted", isError=True),
        answer("b", "r", stopReason="error", errorMessage="This operation was aborted", usage={}, second=4),
    ]  # fmt: skip
    found = parse(journal(*rows))
    assert [body.category for body in found.bodies(ToolFinished)] == ["cancelled"]
    assert [body.category for body in found.bodies(ModelFailed)] == ["aborted"]
    assert [body.status for body in found.bodies(LoopEnded)] == ["aborted"]
    put(tmp_path, NAME, journal(*rows))
    with imported(tmp_path / "archive", tmp_path) as archive:
        assert [row.status for row in archive.sessions()] == ["interrupted"]

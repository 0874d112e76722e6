"""The known traps of Codex logs (X1 to X18 and later findings): one test each, named by its number."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import zstandard

from reenact import ids
from reenact.clock import parse_iso
from reenact.events import Header
from reenact.events.bodies import (
    AssistantMessage,
    ContextInjected,
    Custom,
    LimitHit,
    LimitResumed,
    LimitStatus,
    LoopEnded,
    LoopStarted,
    ModelFailed,
    SessionForked,
    SessionStarted,
    ToolCalled,
    ToolFinished,
    ToolProgress,
    TurnStarted,
    UsageRecorded,
    UserMessage,
)
from reenact.sources import Parsed
from reenact.sources.codex import SOURCE

from .rollouts import bodies_of, drafts_of, ledger, lines_of, parse, parse_rows, total
from .rows import (
    CHILD,
    NEW_TURN,
    OLD_TURN,
    PARENT,
    SIBLING,
    Row,
    answer,
    as_bytes,
    call,
    completed,
    context,
    count,
    done,
    event,
    item,
    meta,
    output,
    prompt,
    record,
    row,
    said,
    spent,
    started,
)

AGENT = "/root"
"""The name of the first agent, as Codex writes it; the others' names hang below it."""

PARENT_ID, CHILD_ID = ids.session_id("codex", PARENT), ids.session_id("codex", CHILD)


def header_of(parsed: list[Parsed]) -> Header:
    return [header for each in parsed for header in each.headers][-1]


def own(parsed: list[Parsed]) -> tuple[int, int, int]:
    """Gives what one file's usage rows add up to: input, read from cache, output."""
    recorded = [body.tokens for body in bodies_of(parsed, UsageRecorded)]
    return (
        sum(t.input for t in recorded),
        sum(t.cache_read for t in recorded),
        sum(t.output for t in recorded),
    )


def across(*files: list[Parsed]) -> dict[str, dict[str, int]]:
    return ledger([draft for parsed in files for draft in drafts_of(parsed)])


def past() -> list[Row]:
    """One whole turn of the parent, as a fork copies it."""
    return [
        started(OLD_TURN),
        context(turn_id=OLD_TURN),
        *prompt("Remember blue"),
        *answer("Noted."),
        count(spent(1000, 200, 50)),
        done(OLD_TURN),
    ]


def fork(thread: str, turn: str, second: float = 20) -> list[Row]:
    """A fork by copy, and one turn of its own."""
    both = spent(2100, 450, 110)
    return [
        meta(thread, second, forked_from_id=PARENT),
        meta(PARENT, second),
        *[{**each, "timestamp": meta(thread, second)["timestamp"]} for each in past()],
        started(turn, second + 1),
        *prompt("Which colour?", second + 1),
        *answer("Blue.", second + 2),
        count(both, spent(1100, 250, 60), second + 2),
        done(turn, second + 2),
    ]


def test_x01_repeated_rows_count_once() -> None:
    first, second = spent(1000, 200, 50, 10), spent(2500, 700, 90, 15)
    last = spent(1500, 500, 40, 5)
    parsed = parse_rows(
        [meta(), *prompt("Go"), count(first), count(first), count(second, last), count(second, last)]
    )
    assert own(parsed) == (1800, 700, 90)
    assert [each.disposition for each in parsed[-4:]] == ["events", "repeat", "events", "repeat"]


def test_x02_a_counter_that_falls_begins_again() -> None:
    parsed = parse_rows([meta(), *prompt("Go"), count(spent(9000, 0, 90)), count(spent(800, 0, 8))])
    assert own(parsed) == (9800, 0, 98)


def test_s7_2_a_counter_that_restarts_above_its_old_value_begins_again() -> None:
    """0.42 and 0.58 restart the counter on resume; the new total may be larger than the old one."""
    parsed = parse_rows(
        [meta(), *prompt("Go"), count(spent(800, 0, 8)), *prompt("On"), count(spent(900, 0, 9))]
    )
    assert own(parsed) == (1700, 0, 17)


def test_x03_a_fork_by_copy_counts_only_what_is_its_own() -> None:
    parent = parse_rows([meta(), *past()], key=PARENT)
    child = parse_rows(fork(CHILD, NEW_TURN), key=CHILD)
    sums = across(parent, child)
    assert (sums[PARENT_ID]["input"], sums[PARENT_ID]["output"]) == (800, 50)
    assert (sums[CHILD_ID]["input"], sums[CHILD_ID]["output"]) == (850, 60)
    assert [body.inherited for body in bodies_of(child, UsageRecorded)] == [True, False]


def test_s7_3_a_fork_keeps_its_past_readable_and_its_counts_its_own() -> None:
    parent = parse_rows([meta(), *past()], key=PARENT)
    child = parse_rows(fork(CHILD, NEW_TURN), key=CHILD)
    assert [b.blocks[0].text for b in bodies_of(child, UserMessage)] == ["Remember blue", "Which colour?"]
    assert len(bodies_of(child, LoopStarted)) == 1
    header = header_of(child)
    assert (header.kind, header.parent) == ("fork", PARENT_ID)
    forked = bodies_of(child, SessionForked)[0]
    noted = next(d for d in drafts_of(parent) if isinstance(d.body, AssistantMessage))
    assert forked.mode == "copy"
    assert forked.at == header.parent_event == ids.event_id(PARENT_ID, noted.record)


def test_x03_without_turn_ids_copies_are_known_by_their_chain() -> None:
    rows = [context(), *prompt("Remember blue"), *answer("Noted."), count(spent(1000, 200, 50))]
    parent = parse_rows(
        [meta(), *rows, *prompt("On", 5), count(spent(2000, 400, 90), spent(1000, 200, 40), 6)]
    )
    ahead = [meta(CHILD, 20, forked_from_id=PARENT), meta(PARENT, 20), *rows]
    child = parse_rows([*ahead, *prompt("Back", 30), count(spent(2000, 400, 90), spent(1000, 200, 40), 31)])
    assert total(across(parent, child).values())["output"] == 50 + 40 + 40


def test_x03_siblings_of_a_missing_parent_count_their_common_past_once() -> None:
    rows = [context(), count(spent(1000, 200, 50)), count(spent(1500, 300, 70), spent(500, 100, 20))]
    one = [meta(CHILD, 10, forked_from_id=PARENT), *rows, count(spent(1800, 300, 80), spent(300, 0, 10), 11)]
    two = [
        meta(SIBLING, 12, forked_from_id=PARENT),
        *rows,
        count(spent(1900, 300, 95), spent(400, 0, 25), 13),
    ]
    sums = across(parse_rows(one), parse_rows(two))
    assert sums[CHILD_ID]["output"] == 70 + 10
    assert sums[ids.session_id("codex", SIBLING)]["output"] == 25


def test_x04_a_fork_by_reference_counts_its_records_and_names_its_past() -> None:
    base = {"thread_id": PARENT, "end_ordinal_exclusive": 24, "end_byte_offset": 47233}
    rows = [
        meta(CHILD, forked_from_id=PARENT, history_base=base),
        started(NEW_TURN),
        *prompt("Which colour?"),
        *answer("Blue."),
        record(
            "resp_2", spent(1100, 250, 60, 0, 100), spent(9100, 900, 500), thread_id=CHILD, turn_id=NEW_TURN
        ),
        count(spent(9100, 900, 500), spent(1100, 250, 60)),
    ]
    parsed = parse_rows(rows, key=CHILD)
    assert own(parsed) == (750, 250, 60)
    forked = bodies_of(parsed, SessionForked)[0]
    assert (forked.parent, forked.mode, forked.offset) == (PARENT_ID, "reference", 47233)
    assert bodies_of(parsed, Custom)[0].data == base
    assert header_of(parsed).kind == "fork"


def test_x05_a_subagent_whose_counter_starts_at_zero_keeps_all_of_its_usage() -> None:
    spawn = {"subagent": {"thread_spawn": {"parent_thread_id": PARENT, "depth": 1}}}
    rows = [
        meta(CHILD, 20, forked_from_id=PARENT, source=spawn),
        meta(PARENT, 20),
        started(OLD_TURN, 20),
        *prompt("Ask a helper", 20),
        started(NEW_TURN, 21),
        *prompt("Look", 21),
        *answer("Seen.", 22),
        count(spent(700, 100, 30), None, 22),
        count(spent(1500, 300, 70), spent(800, 200, 40), 23),
    ]
    parsed = parse_rows(rows, key=CHILD)
    assert own(parsed) == (1200, 300, 70)
    assert header_of(parsed).kind == "subagent"
    assert header_of(parsed).parent == PARENT_ID


def test_x05_a_counter_that_begins_at_a_past_that_was_not_copied_counts_the_last() -> None:
    spawn = {"subagent": {"thread_spawn": {"parent_thread_id": PARENT}}}
    rows = [
        meta(CHILD, 20, source=spawn),
        started(NEW_TURN, 21),
        count(spent(5000, 900, 400), spent(1000, 100, 90), 21),
        *answer("Seen.", 22),
        count(spent(5700, 1000, 430), spent(700, 100, 30), 22),
    ]
    assert own(parse_rows(rows, key=CHILD)) == (600, 100, 30)


def test_x06_only_the_usage_of_each_response_is_summed() -> None:
    one, two = spent(1000, 200, 50, 0, 100), spent(1500, 500, 40, 0, 50)
    both = spent(2500, 700, 90, 0, 150)
    rows = [meta(), started(OLD_TURN), *answer("A"), record("resp_1", one, one), count(one)]
    rows += [*answer("B"), record("resp_2", two, both), record("resp_2", two, both), count(both, two)]
    parsed = parse_rows(rows)
    assert [body.key for body in bodies_of(parsed, UsageRecorded)] == ["resp:resp_1", "resp:resp_2"]
    assert own(parsed) == (700 + 950, 700, 90)
    assert sum(body.tokens.cache_write for body in bodies_of(parsed, UsageRecorded)) == 150


def test_x07_an_estimate_after_a_compaction_adds_nothing() -> None:
    first = spent(60000, 200, 50)
    estimate = {**spent(0, 0, 0), "total_tokens": 6070}
    parsed = parse_rows([meta(), *prompt("Go"), count(first), count(first, estimate)])
    assert own(parsed) == (59800, 200, 50)


def test_x08_cached_is_part_of_input_and_reasoning_part_of_output() -> None:
    parsed = parse_rows([meta(), *prompt("Go"), count(spent(3000, 211, 60, 11, 107))])
    tokens = bodies_of(parsed, UsageRecorded)[0].tokens
    assert (tokens.input, tokens.cache_read, tokens.cache_write) == (2682, 211, 107)
    assert (tokens.output, tokens.reasoning, tokens.total) == (60, 11, 3060)


def test_x09_each_text_is_one_event_whichever_view_comes_first() -> None:
    legacy = parse_rows([meta(), *prompt("Go"), *answer("Gone."), *answer("Gone.")])
    turned = parse_rows(
        [meta(), *reversed(prompt("Go")), *reversed(answer("Gone.")), *reversed(answer("Gone."))]
    )
    shown: Row = {"content": [{"type": "Text", "text": "Gone."}]}
    asked: Row = {"content": [{"type": "text", "text": "Go"}]}
    answered = [completed("AgentMessage", id="msg_1", **shown), said("assistant", "Gone.")]
    paginated = parse_rows(
        [meta(), said("user", "Go"), completed("UserMessage", **asked), *answered, *answered]
    )
    for parsed in (legacy, turned, paginated):
        assert [b.blocks[0].text for b in bodies_of(parsed, UserMessage)] == ["Go"]
        assert [b.blocks[0].text for b in bodies_of(parsed, AssistantMessage)] == ["Gone.", "Gone."]
        assert [each.disposition for each in parsed].count("joined") == 3


def test_x10_the_first_session_meta_tells_who_the_thread_is() -> None:
    parsed = parse_rows([meta(CHILD, 10, forked_from_id=PARENT), meta(PARENT, 10), started(NEW_TURN, 11)])
    assert {draft.session for draft in drafts_of(parsed)} == {CHILD_ID}
    assert len(bodies_of(parsed, SessionStarted)) == 1
    assert header_of(parsed).native_id == CHILD


def test_x11_each_thread_is_found_once_in_its_best_place(tmp_path: Path) -> None:
    day = tmp_path / "sessions" / "2026" / "11" / "21"
    archive = tmp_path / "archived_sessions"
    for folder in (day, archive):
        folder.mkdir(parents=True)

    def name(thread: str) -> str:
        return f"rollout-2026-11-21T01-00-00-{thread}.jsonl"

    packed = zstandard.compress(as_bytes([meta(SIBLING)]))
    (day / name(PARENT)).write_bytes(as_bytes([meta()]))
    (day / f"{name(PARENT)}.zst").write_bytes(zstandard.compress(as_bytes([meta()])))
    (archive / name(PARENT)).write_bytes(as_bytes([meta(), *prompt("More")]))
    (archive / name(CHILD)).write_bytes(as_bytes([meta(CHILD)]))
    (day / f"{name(SIBLING)}.zst").write_bytes(packed)
    found = {each.key: each for each in SOURCE.transcripts(str(tmp_path))}
    assert {key: (each.encoding, Path(each.path).parent) for key, each in found.items()} == {
        PARENT: ("plain", day),
        CHILD: ("plain", archive),
        SIBLING: ("zstd", day),
    }


def test_x12_a_migrated_file_makes_events_of_the_same_names() -> None:
    changes = {"/todo/a.py": {"type": "add", "content": "x\n"}}
    patch = [
        item("custom_tool_call", name="apply_patch", call_id="c2", input="*** Begin Patch\n*** End Patch\n"),
        event("patch_apply_end", call_id="c2", changes=changes, success=True, turn_id=OLD_TURN),
        item("custom_tool_call_output", call_id="c2", output="Exit code: 0\nOutput:\nDone"),
    ]
    before = [
        meta(),
        started(OLD_TURN),
        *prompt("Go"),
        event("agent_reasoning", text="Hm."),
        item("reasoning", id="rs_1", summary=[{"type": "summary_text", "text": "Hm."}]),
        *answer("Going."),
        call("exec_command", "c1", cmd="ls"),
        output("c1", "Process exited with code 0\nOutput:\na"),
        count(spent(1000, 0, 10)),
        *patch,
        done(OLD_TURN),
    ]
    swapped: list[Row] = [
        completed("UserMessage", id="item-1", content=[{"type": "text", "text": "Go"}]),
        completed("Reasoning", id="item-2", summary_text=["Hm."]),
        completed("AgentMessage", id="item-3", content=[{"type": "Text", "text": "Going."}]),
        completed("FileChange", id="c2", changes=changes, status="completed"),
    ]
    places = [3, 4, 6, 12]
    after = [*before]
    for place, each in zip(places, swapped, strict=True):
        assert before[place]["type"] == "event_msg"
        after[place] = each
    numbered = [{**each, "ordinal": number} for number, each in enumerate(after)]
    names = [[draft.record for draft in drafts_of(parse_rows(rows))] for rows in (before, numbered)]
    assert names[0] == names[1]


def test_x12_turns_that_a_migration_made_up_are_no_turns() -> None:
    """Up to 0.98 there were none; all migrated files have the same made-up ids."""
    before = [
        meta(),
        *prompt("Go"),
        *answer("Gone."),
        count(spent(1000, 0, 10)),
        *prompt("On"),
        *answer("Ok."),
    ]
    made_up = [started("rollout-1"), done("rollout-1"), started("rollout-6")]
    after = [*before[:1], made_up[0], *before[1:6], *made_up[1:], *before[6:], done("rollout-6")]
    one, two = parse_rows(before, key=PARENT), parse_rows(after, key=PARENT)
    assert [draft.record for draft in drafts_of(one)] == [draft.record for draft in drafts_of(two)]
    other = parse_rows([meta(CHILD), *after[1:]], key=CHILD)
    assert total(across(two, other).values())["output"] == 20


def test_x13_what_codex_injects_is_not_a_prompt() -> None:
    injected = {
        "<environment_context>\n  <cwd>/todo</cwd>\n</environment_context>": "environment",
        "# AGENTS.md instructions for /todo\n\n<INSTRUCTIONS>\nBe kind.\n</INSTRUCTIONS>": "instructions",
        "<user_instructions>\nBe kind.\n</user_instructions>": "instructions",
        "<turn_aborted>\nThe user broke off.\n</turn_aborted>": "interrupt",
        '<subagent_notification>\n{"agent_path":"x","status":"running"}\n</subagent_notification>': "notification",
    }
    rows = [meta(), *(said("user", text) for text in injected), *prompt("<b>really</b> asked")]
    found = bodies_of(parse_rows(rows), UserMessage)
    assert [(b.human, b.origin) for b in found] == [
        *((False, each) for each in injected.values()),
        (True, "prompt"),
    ]


def test_x13_the_log_itself_says_what_a_message_is() -> None:
    told: Row = {
        "internal_chat_message_metadata_passthrough": {
            "content_item_kinds": ["environments.environment_context"]
        }
    }
    typed: Row = {"internal_chat_message_metadata_passthrough": {"content_item_kinds": ["user.text"]}}
    text = "<environment_context>typed by hand</environment_context>"
    found = bodies_of(
        parse_rows([meta(), said("user", "x", **told), said("user", text, **typed)]), UserMessage
    )
    assert [(b.human, b.origin) for b in found] == [(False, "environment"), (True, "prompt")]


def test_x14_a_call_without_an_output_stays_open() -> None:
    parsed = parse_rows(
        [meta(), *prompt("Go"), call("exec_command", "c1", cmd="sleep 9"), *prompt("Stop", 5)]
    )
    assert [body.call for body in bodies_of(parsed, ToolCalled)] == ["c1"]
    assert bodies_of(parsed, ToolFinished) == []


def test_x15_limits_are_read_where_the_log_has_them() -> None:
    rates = {"primary": {"used_percent": 12.5, "window_minutes": 300, "resets_at": 1795224480}}
    error = {"message": "You hit your usage limit.", "codex_error_info": "usage_limit_exceeded"}
    rows = [meta(), started(OLD_TURN), count(spent(10, 0, 1), None, 1, **rates)]
    rows += [count(spent(10, 0, 1), None, 2, **rates), done(OLD_TURN, 3, error=error)]
    parsed = parse_rows(rows)
    status = bodies_of(parsed, LimitStatus)
    assert [(b.scope, b.used_percent, b.resets_at) for b in status] == [("primary", 12.5, 1795224480_000_000)]
    assert bodies_of(parsed, LimitHit)[0].message == "You hit your usage limit."
    assert bodies_of(parsed, ModelFailed)[0].category == "usage_limit_exceeded"
    assert bodies_of(parsed, LoopEnded)[0].status == "rejected"


def test_s5_57_a_limit_of_codex_is_an_incident_with_its_local_time_until_an_answer_comes() -> None:
    said = "You've hit your usage limit. Try again at Nov 21st, 2026 7:00 PM."
    error = {"message": said, "codex_error_info": "usage_limit_exceeded"}
    rows = [meta(), started(OLD_TURN), done(OLD_TURN, 3, error=error), started("t2", 4)]
    rows += [*answer("again", 5), count(spent(10, 0, 1), spent(10, 0, 1), 6)]
    parsed = parse_rows(rows, hints={"started": "2026-11-21T03:00:00"})
    (hit,), (resumed,) = bodies_of(parsed, LimitHit), bodies_of(parsed, LimitResumed)
    assert hit.resets_at == parse_iso("2026-11-21T17:00:00Z")
    assert hit.incident == resumed.incident is not None
    assert bodies_of(parse_rows(rows), LimitHit)[0].resets_at is None  # nothing tells the zone


def test_x16_what_comes_late_belongs_to_its_own_loop() -> None:
    late = {"id": "c1", "status": "failed", "exit_code": 130, "aggregated_output": "^C"}
    rows = [
        meta(),
        started(OLD_TURN),
        call("exec_command", "c1", cmd="sleep 9"),
        output("c1", "aborted by user after 1s"),
        event("turn_aborted", turn_id=OLD_TURN, reason="interrupted"),
        started(NEW_TURN, 5),
        {**completed("CommandExecution", 6, **late)},
    ]
    parsed = parse_rows(rows)
    progress = next(d for d in drafts_of(parsed) if isinstance(d.body, ToolProgress))
    assert progress.loop == OLD_TURN
    assert progress.body.data["exit_code"] == 130  # type: ignore[union-attr]  # filtered above
    assert [(b.status, b.reason) for b in bodies_of(parsed, LoopEnded)] == [("aborted", "interrupted")]
    assert bodies_of(parsed, ToolFinished)[0].category == "aborted"


EARLY = [meta(cli_version="0.42.0"), *prompt("Go"), context("gpt-5-codex", 1)]


@pytest.mark.parametrize(
    "shown",
    [(), (event("agent_message", 2, message="First"),), tuple(answer("First", 2)), (call("ls", "c1", 2),)],
    ids=["nothing", "what-people-see", "text", "call"],
)
def test_an_answer_that_was_broken_off_before_its_count_makes_the_sums_a_lower_bound(
    shown: tuple[Row, ...],
) -> None:
    parsed = parse_rows([*EARLY, *shown, event("turn_aborted", 3, reason="interrupted")])
    (cut,) = bodies_of(parsed, UsageRecorded)
    assert (cut.tokens.total, cut.quality, cut.final, cut.model) == (0, "partial", False, "gpt-5-codex")
    (draft,) = [draft for draft in drafts_of(parsed) if draft.body is cut]
    assert draft.loop is not None
    assert draft.turn == next(d.turn for d in drafts_of(parsed) if isinstance(d.body, TurnStarted))


def test_what_was_counted_before_it_was_broken_off_is_measured() -> None:
    counted = [*answer("First", 2), count(spent(10, 0, 1), spent(10, 0, 1), 2)]
    stopped = [call("ls", "c1", 2), output("c1", "aborted by user after 1s", 3)]
    for rows in ([*EARLY, *counted], [*EARLY, stopped[0], *counted, stopped[1]]):
        booked = bodies_of(parse_rows([*rows, event("turn_aborted", 4)]), UsageRecorded)
        assert [body.quality for body in booked] == ["measured"]
    asked = [*EARLY, *counted, call("ls", "c1", 2), output("c1", "x", 3), context("gpt-5-codex", 3)]
    booked = bodies_of(parse_rows([*asked, event("turn_aborted", 4)]), UsageRecorded)
    assert [body.quality for body in booked] == ["measured", "partial"]


def test_an_answer_that_failed_or_was_replaced_before_its_record_is_a_lower_bound() -> None:
    begun = [meta(), started(OLD_TURN), context(second=1), *answer("First", 2)]
    for end in (
        done(OLD_TURN, 3, error={"message": "stream disconnected"}),
        event("turn_aborted", 3, turn_id=OLD_TURN, reason="replaced"),
        started(NEW_TURN, 3),
    ):
        (cut,) = bodies_of(parse_rows([*begun, end]), UsageRecorded)
        assert (cut.tokens.total, cut.quality) == (0, "partial")
    unseen = [meta(), started(OLD_TURN), context(second=1), event("turn_aborted", 3, turn_id=OLD_TURN)]
    assert bodies_of(parse_rows(unseen), UsageRecorded) == []  # nothing tells that a model was asked


def test_x17_the_session_id_of_newer_logs_is_the_root_and_not_the_thread() -> None:
    spawn = {"subagent": {"thread_spawn": {"parent_thread_id": PARENT}}}
    parsed = parse_rows([meta(CHILD, session_id=PARENT, source=spawn)], key=CHILD)
    assert (header_of(parsed).native_id, header_of(parsed).parent) == (CHILD, PARENT_ID)


def test_x18_bare_rows_of_the_first_releases_are_read() -> None:
    rows: list[Row] = [
        {
            "id": PARENT,
            "timestamp": "2025-08-01T10:00:00Z",
            "instructions": "Be kind.",
            "git": {"branch": "main"},
        },
        {"record_type": "state"},
        said("user", "<environment_context>\n  <cwd>/todo</cwd>\n</environment_context>")["payload"],
        said("user", "Go")["payload"],
        item("function_call", name="shell", call_id="c1", arguments="{}")["payload"],
        output("c1", '{"output":"a\\n","metadata":{"exit_code":0,"duration_seconds":0.5}}')["payload"],
        said("assistant", "Gone.")["payload"],
    ]
    parsed = parse_rows(rows, key=PARENT)
    assert not [name for each in parsed for name in each.unknown]
    assert [b.blocks[0].text for b in bodies_of(parsed, AssistantMessage)] == ["Gone."]
    assert bodies_of(parsed, SessionStarted)[0].repo.branch == "main"
    assert drafts_of(parsed)[0].ts == 1754042400_000_000
    finished = bodies_of(parsed, ToolFinished)[0]
    assert (finished.ok, finished.duration, finished.output) == (True, 500_000, "a\n")


def test_x18_a_document_of_the_typescript_releases_is_read(tmp_path: Path) -> None:
    items = [said("user", "Go")["payload"], said("assistant", "Gone.")["payload"]]
    session = {"timestamp": "2025-04-20T10:00:00.000Z", "id": PARENT, "instructions": ""}
    data = json.dumps({"session": session, "items": items}, indent=2).encode()
    (tmp_path / "sessions").mkdir()
    (tmp_path / "sessions" / f"rollout-2025-04-20-{PARENT}.json").write_bytes(data)
    found = list(SOURCE.transcripts(str(tmp_path)))
    assert [(each.key, each.layout) for each in found] == [(PARENT, "document")]
    parsed = parse(lines_of(data, "document"), key=PARENT, hints=found[0].hints)
    assert [each.disposition for each in parsed] == ["events"]
    assert header_of(parsed).native_id == PARENT
    assert [d.body.kind for d in drafts_of(parsed)][:1] == ["session.started"]
    assert [b.human for b in bodies_of(parsed, UserMessage)] == [True]


def test_x18_a_file_without_times_has_the_one_in_its_name() -> None:
    data = as_bytes([{"id": PARENT, "timestamp": "", "instructions": None}])
    parsed = parse(lines_of(data), key=PARENT, hints={"started": "2025-08-01T10:00:00"})
    assert drafts_of(parsed)[0].ts == 1754042400_000_000


def test_s7_4_a_v2_subagent_with_its_parents_rows_has_only_its_own_calls() -> None:
    spawn = {"subagent": {"thread_spawn": {"parent_thread_id": PARENT, "agent_path": f"{AGENT}/helper"}}}
    rows = [
        meta(CHILD, 20, source=spawn, subagent_history_start_ordinal=6, session_id=PARENT),
        meta(PARENT, 20),
        started(OLD_TURN, 20),
        said("user", "Ask a helper", 20),
        said("assistant", "Asking.", 20),
        call("spawn_agent", "c0", 20, message="Look"),
        started(NEW_TURN, 21),
        item("agent_message", 21, author="/root", recipient=f"{AGENT}/helper", content=task("Look")),
        call("exec_command", "c1", 22, cmd="ls"),
        record("resp_9", spent(900, 0, 20), spent(900, 0, 20), 22, thread_id=CHILD, turn_id=NEW_TURN),
    ]
    parsed = parse_rows([{**each, "ordinal": number} for number, each in enumerate(rows)], key=CHILD)
    assert [body.name for body in bodies_of(parsed, ToolCalled)] == ["exec_command"]
    assert {body.origin for body in bodies_of(parsed, ContextInjected)} == {"inherited"}
    assert [(b.human, b.origin) for b in bodies_of(parsed, UserMessage)] == [(False, "task")]
    assert header_of(parsed).parent_call == "c0"
    assert own(parsed) == (900, 0, 20)


def task(text: str) -> list[dict[str, Any]]:
    return [{"type": "input_text", "text": f"Message Type: NEW_TASK\nSender: /root\nPayload:\n{text}"}]


def test_s7_7_the_order_of_rows_changes_neither_the_set_of_events_nor_usage() -> None:
    head = [meta(), started(OLD_TURN), *prompt("Go"), call("a", "c1"), call("b", "c2")]
    one, two = output("c1", "x"), output("c2", "y")
    tail = [record("resp_1", spent(100, 0, 5), spent(100, 0, 5)), done(OLD_TURN)]
    runs = [drafts_of(parse_rows([*head, *middle, *tail])) for middle in ((one, two), (two, one))]
    assert {draft.record for draft in runs[0]} == {draft.record for draft in runs[1]}
    assert ledger(runs[0]) == ledger(runs[1])


def test_unknown_rows_are_kept_whole_and_counted() -> None:
    rows = [
        meta(),
        row("hologram", {"a": 1}),
        event("hum", b=2),
        item("dream", c=3),
        completed("Sketch", id="1"),
    ]
    parsed = parse_rows(rows)
    assert [name for each in parsed for name in each.unknown] == [
        "hologram", "event_msg/hum", "response_item/dream", "item_completed/Sketch",
    ]  # fmt: skip
    kept = [draft.body for draft in drafts_of(parsed) if draft.body.kind == "unknown"]
    assert [body.raw for body in kept] == rows[1:]  # type: ignore[union-attr]  # filtered above

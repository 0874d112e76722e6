from __future__ import annotations

from typing import Any

from reenact.events import Tokens
from reenact.sources.codex import requests

from .comparing import comparable
from .rollouts import lines_of
from .rows import (
    CHILD,
    NEW_TURN,
    OLD_TURN,
    PARENT,
    Row,
    answer,
    as_bytes,
    call,
    context,
    count,
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


def rebuilt(rows: list[Row], **more: Any) -> list[requests.Exchange]:
    return list(requests.rebuild(lines_of(as_bytes(rows)), **more))


def brief(items: Any) -> list[str]:
    """Gives each item as its text, call id or kind."""
    return [
        each["content"][0]["text"]
        if "content" in each
        else f"{each['type']} {each.get('call_id', '')}".strip()
        for each in items
    ]


def spend(response: str) -> Row:
    return record(response, spent(10, 2, 3, 1, 1), spent(10, 2, 3, 1, 1))


def test_each_response_has_what_was_asked_before_it() -> None:
    rows = [
        meta(base_instructions={"text": "Be kind."}),
        started(OLD_TURN),
        context("m-1", turn_id=OLD_TURN, effort="high"),
        said("developer", "Rules"),
        *prompt("Go"),
        *answer("Going."),
        call("a", "c1"),
        call("b", "c2"),
        spend("resp_1"),
        output("c2", "two"),
        output("c1", "one"),
        *answer("Gone."),
        spend("resp_2"),
    ]
    one, two = rebuilt(rows)
    assert brief(one.input) == ["Rules", "Go"]
    assert brief(one.output) == ["Going.", "function_call c1", "function_call c2"]
    assert (one.response, one.turn, one.model, one.effort) == ("resp_1", OLD_TURN, "m-1", "high")
    assert one.instructions == "Be kind."
    assert one.usage == Tokens(input=7, cache_read=2, cache_write=1, output=3, reasoning=1)
    assert brief(two.input[2:]) == [*brief(one.output), "function_call_output c2", "function_call_output c1"]
    assert brief(two.output) == ["Gone."]


def test_a_result_that_comes_before_the_record_is_not_asked_of_that_response() -> None:
    rows = [
        meta(cli_version="0.169.0"),
        *prompt("Go"),
        call("a", "c1"),
        output("c1", "one"),
        spend("resp_1"),
        *answer("Gone."),
        spend("r2"),
    ]
    one, two = rebuilt(rows)
    assert (brief(one.input), brief(one.output)) == (["Go"], ["function_call c1"])
    assert brief(two.input) == ["Go", "function_call c1", "function_call_output c1"]


def test_older_logs_are_parted_where_the_model_is_given_something() -> None:
    rows = [
        meta(),
        *prompt("Go"),
        call("a", "c1"),
        output("c1", "one"),
        *answer("Gone."),
        *prompt("On"),
        *answer("Ok"),
    ]
    assert [(brief(each.input)[-1], brief(each.output)) for each in rebuilt(rows)] == [
        ("Go", ["function_call c1"]),
        ("function_call_output c1", ["Gone."]),
        ("On", ["Ok"]),
    ]


def test_up_to_0_98_the_context_of_the_next_request_ends_a_response() -> None:
    rows = [meta(cli_version="0.42.0"), *prompt("Go"), context(), call("a", "c1"), output("c1", "one")]
    rows += [call("b", "c2"), output("c2", "two"), context(), *answer("Gone.")]
    one, two = rebuilt(rows)
    assert brief(one.output) == ["function_call c1", "function_call c2"]
    assert brief(two.output) == ["Gone."]


def test_output_that_a_subagent_inherits_is_not_its_own_and_an_open_call_was_aborted() -> None:
    spawn = {"subagent": {"thread_spawn": {"parent_thread_id": PARENT}}}
    rows = [
        meta(CHILD, 20, source=spawn, subagent_history_start_ordinal=6),
        meta(PARENT, 20),
        said("user", "Ask a helper", 20),
        said("assistant", "Asking.", 20),
        call("spawn_agent", "c0", 20),
        item("custom_tool_call", 20, name="apply_patch", call_id="c9", input=""),
        started(NEW_TURN, 21),
        said("developer", "You are the helper", 21),
        *answer("Seen.", 22),
        spend("resp_1"),
    ]
    (only,) = rebuilt([{**each, "ordinal": number} for number, each in enumerate(rows)])
    assert brief(only.input) == [
        "Ask a helper",
        "Asking.",
        "function_call c0",
        "function_call_output c0",
        "custom_tool_call c9",
        "custom_tool_call_output c9",
        "You are the helper",
    ]
    assert [each["output"] for each in only.input if "output" in each] == ["aborted", "aborted"]
    assert brief(only.output) == ["Seen."]


def test_a_fork_by_reference_goes_on_from_its_parents_items() -> None:
    rows = [
        meta(),
        *prompt("Remember blue"),
        *answer("Noted."),
        spend("r1"),
        *prompt("Later"),
        *answer("Yes."),
    ]
    parent = as_bytes([{**each, "ordinal": number} for number, each in enumerate(rows)])
    past = requests.history(lines_of(parent), end_ordinal=6)
    base = {"thread_id": PARENT, "end_ordinal_exclusive": 6}
    child = [
        meta(CHILD, history_base=base, forked_from_id=PARENT),
        *prompt("Which?"),
        *answer("Blue."),
        spend("r2"),
    ]
    (only,) = rebuilt(child, past=past)
    assert brief(only.input) == ["Remember blue", "Noted.", "Which?"]
    assert brief(requests.history(lines_of(parent)))[-1] == "Yes."


def test_after_a_compaction_the_replacement_is_asked() -> None:
    summary = said("assistant", "In short.")
    rows = [
        meta(),
        *prompt("Go"),
        *answer("Gone."),
        spend("r1"),
        {**summary, "metadata": {"compaction_output": True}},
        spend("r2"),
        row(
            "compacted", {"message": "In short.", "replacement_history": [said("user", "Summary")["payload"]]}
        ),
        *prompt("On"),
        *answer("Ok."),
        spend("r3"),
    ]
    found = rebuilt(rows)
    assert [each.purpose for each in found] == ["main", "compact", "main"]
    assert brief(found[2].input) == ["Summary", "On"]


def test_what_was_rolled_back_is_not_asked_again() -> None:
    rows = [
        meta(),
        *prompt("One"),
        *answer("1"),
        *prompt("Two"),
        *answer("2"),
        *prompt("Three"),
        *answer("3"),
    ]
    rows += [event("thread_rolled_back", num_turns=2), *prompt("Four"), *answer("4")]
    assert brief(rebuilt(rows)[-1].input) == ["One", "1", "Four"]


def test_requests_compare_by_what_the_model_is_given() -> None:
    logged = {
        "type": "function_call_output",
        "id": "fco_1",
        "call_id": "c1",
        "output": '{"output":"a\\n","metadata":{"exit_code":0,"duration_seconds":0.0}}',
    }
    sent = {
        "type": "function_call_output",
        "call_id": "c1",
        "output": "Exit code: 0\nWall time: 0 seconds\nOutput:\na\n",
    }
    assert comparable([logged]) == comparable([sent])
    part = {"type": "output_text", "text": "x", "annotations": [], "logprobs": []}
    item_a = {"type": "message", "status": "completed", "content": [part], "phase": None}
    item_b = {"type": "message", "content": [{"type": "output_text", "text": "x"}]}
    assert comparable([item_a]) == comparable([item_b])
    assert comparable([{**logged, "output": '{"output":1}'}]) != comparable([sent])


def test_rows_that_are_no_items_ask_nothing() -> None:
    rows = [meta(), count(spent(1, 0, 1)), item("ghost_snapshot"), row("world_state", {}), spend("r1")]
    (only,) = rebuilt(rows)
    assert (only.input, only.output) == ((), ())


def test_a_summary_that_is_told_alone_stands_behind_the_prompts() -> None:
    """Up to 0.98 the log does not hold what replaces the history."""
    rows = [
        meta(cli_version="0.98.0"),
        said("developer", "Rules"),
        *prompt("Go"),
        context(),
        *answer("Gone."),
    ]
    rows += [*prompt("On"), context(), *answer("Ok."), row("compacted", {"message": "In short."}), context()]
    found = rebuilt([*rows, *answer("Further."), *prompt("More"), context(), *answer("Done.")])
    assert brief(found[2].input) == ["Rules", "Go", "On", "In short."]
    assert brief(found[3].input) == ["Rules", "Go", "On", "In short.", "Further.", "More"]


def test_an_answer_that_became_the_summary_is_a_response_of_its_own() -> None:
    history = [said("user", "Before: In short.")["payload"]]
    rows = [meta(), *prompt("Go"), *answer("Gone."), said("assistant", "In short.")]
    rows.append(row("compacted", {"message": "Before: In short.", "replacement_history": history}))
    one, two, three = rebuilt([*rows, *answer("On.")])
    assert (brief(one.output), brief(two.output), two.purpose) == (["Gone."], ["In short."], "compact")
    assert (brief(three.input), three.purpose) == (["Before: In short."], "main")

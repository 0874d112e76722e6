"""What counts when two Anthropic requests are compared, and how a difference is located.

One story, told by two runs at two places: everything that differs is of the place, the day or the
run. On top of it, edits that each change something that counts.
"""

from __future__ import annotations

import copy
import json
import random
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reenact.wire.anthropic import fingerprint as dialect
from reenact.wire.anthropic.diff import diff_requests
from reenact.wire.anthropic.fingerprint import CLAUDE_CODE, fingerprint_request
from reenact.wire.anthropic.request import Request, parse_request
from reenact.wire.declared import Declared, slug
from reenact.wire.fingerprint import Cache, Fingerprint, Part, Prepared, shared_messages
from reenact.wire.normalise import Normaliser
from reenact.wire.rules import Rule

if TYPE_CHECKING:
    from collections.abc import Callable


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """The values of one run."""

    declared: Declared
    calls: tuple[str, ...]
    agent: str
    task: str
    head: str


A = Run(
    declared=Declared(
        cwd="/home/dev/code/todo-api",
        home="/home/dev",
        temp="/tmp",
        dates=("2026-11-21",),
        sessions=("0b6f6a52-0d3c-4f7e-9a43-0d4f4d0a9d11",),
        git_heads=("42c3d3f0a1b2c3d4e5f60718293a4b5c6d7e8f90",),
    ),
    calls=("toolu_01aaaaaaaa", "toolu_01bbbbbbbb", "toolu_01cccccccc"),
    agent="a43c6dbb1a86cf607",
    task="bq7w9zx4k",
    head="42c3d3f",
)
B = Run(
    declared=Declared(
        cwd="/data/checkouts/second-copy/todo-service",
        home="/users/maria-b",
        temp="/data/scratch",
        dates=("2027-01-05",),
        sessions=("7c1f6a52-0d3c-4f7e-9a43-0d4f4d0a9d22",),
        git_heads=("99aabbccddeeff00112233445566778899aabbcc",),
    ),
    calls=("toolu_01zzzzzzzz", "toolu_01yyyyyyyy", "toolu_01xxxxxxxx"),
    agent="affb77ef728774701",
    task="b00000001",
    head="99aabbc",
)


def story(run: Run) -> dict[str, Any]:
    """The request of the fourth turn of one run."""
    cwd, home, temp = run.declared.cwd, run.declared.home, run.declared.temp
    session, date = run.declared.sessions[0], run.declared.dates[0]
    spill = f"{home}/.claude/projects/{slug(cwd or '')}/{session}/tool-results/{run.task}.txt"
    return {
        "model": "claude-test-1",
        "max_tokens": 32000,
        "temperature": 1,
        "metadata": {"user_id": json.dumps({"device_id": run.agent, "session_id": session})},
        "stream": True,
        "system": [
            {"type": "text", "text": f"x-anthropic-billing-header: cc_version=1.2.3.{run.task[:3]};"},
            {"type": "text", "text": f"You help in {cwd}.\nToday's date is {date}.\nBe brief."},
            {"type": "text", "text": f"Memory: {home}/.claude/projects/{slug(cwd or '')}/memory/", "cache_control": {"type": "ephemeral"}},
        ],
        "tools": [
            {
                "name": "Bash",
                "description": f"Runs a command in {cwd}.",
                "input_schema": {"type": "object", "properties": {"command": {"type": "string"}}},
            },
            {"name": "Read", "description": "Reads a file.", "input_schema": {"type": "object"}},
        ],
        "messages": [
            {"role": "user", "content": f"Recent commits:\n{run.head} initial commit\n\nFix the tests in {cwd}."},
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "Look first.", "signature": f"c2ln{run.head}"},
                    {"type": "text", "text": "I look around."},
                    {"type": "tool_use", "id": run.calls[0], "name": "Bash", "input": {"command": f"ls -l {cwd}"}},
                    {"type": "tool_use", "id": run.calls[1], "name": "Bash", "input": {"command": "make test", "run_in_background": True}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": run.calls[0],
                        "content": f"-rw-r--r-- 1 {run.task[:4]} staff 120 Nov {len(run.task)} 01:26 app.py\n3 files\nok",
                    },
                    {
                        "type": "tool_result",
                        "tool_use_id": run.calls[1],
                        "content": [
                            {
                                "type": "text",
                                "text": f"Command running in background with ID: {run.task}. Output: {temp}/claude-{len(home or '')}/"
                                f"{slug(cwd or '')}/{session}/tasks/{run.task}.output",
                            }
                        ],
                        "cache_control": {"type": "ephemeral"},
                    },
                ],
            },
            {
                "role": "assistant",
                "content": [
                    {"type": "tool_use", "id": run.calls[2], "name": "Read", "input": {"file_path": spill, "args": json.dumps({"n": f"x\n{cwd}"})}}
                ],
            },
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": run.calls[2],
                        "content": [{"type": "text", "text": f"agentId: {run.agent} (to: '{run.agent}')\nduration_ms: {len(home or '') * 7}"}],
                    }
                ],
            },
        ],
    }  # fmt: skip


def request(body: dict[str, Any]) -> Request:
    return parse_request(json.dumps(body).encode())


BY_A, BY_B = Normaliser(CLAUDE_CODE, [A.declared]), Normaliser(CLAUDE_CODE, [B.declared])
UNION = Normaliser(CLAUDE_CODE, [A.declared, B.declared])


def print_of(body: dict[str, Any], by: Normaliser = BY_A, cache: Cache | None = None) -> Fingerprint:
    return fingerprint_request(request(body), by, cache=cache)


RECORDED = print_of(story(A))


# -- what does not count --------------------------------------------------------------------------


def test_the_same_story_at_another_place_and_day_has_the_same_fp1() -> None:
    there = print_of(story(B), BY_B)
    assert there.fp0 != RECORDED.fp0
    assert (there.fp1, there.fp2, there.chain) == (RECORDED.fp1, RECORDED.fp2, RECORDED.chain)


def test_the_union_of_both_sides_values_serves_both_sides() -> None:
    assert print_of(story(B), UNION).fp1 == print_of(story(A), UNION).fp1


def test_ids_of_a_matched_pair_correspond() -> None:
    there = print_of(story(B), BY_B)
    pairs = dict(zip(RECORDED.ids, there.ids, strict=True))
    assert pairs[A.agent] == B.agent
    assert pairs[A.task] == B.task
    assert pairs[A.declared.sessions[0]] == B.declared.sessions[0]
    assert [pairs[call] for call in A.calls] == list(B.calls)


def test_only_one_sides_temp_in_a_fixed_text_needs_the_union() -> None:
    here, there = story(A), story(B)
    for body in (here, there):
        body["system"][1]["text"] += "\nNever write to /tmp."
    assert print_of(there, BY_B).fp1 != print_of(here, BY_A).fp1
    assert print_of(there, UNION).fp1 == print_of(here, UNION).fp1


@given(st.randoms(use_true_random=False))
def test_the_order_of_members_and_spaces_do_not_count(chance: random.Random) -> None:
    def shuffled(value: Any) -> Any:
        if isinstance(value, dict):
            items = list(value.items())
            chance.shuffle(items)
            return {name: shuffled(item) for name, item in items}
        return [shuffled(item) for item in value] if isinstance(value, list) else value

    body = parse_request(json.dumps(shuffled(story(A)), indent=2, ensure_ascii=False).encode())
    found = fingerprint_request(body, BY_A)
    assert (found.fp0, found.fp1, found.fp2) == (RECORDED.fp0, RECORDED.fp1, RECORDED.fp2)


@given(
    st.lists(
        st.text("abcdefghijkmnopqrstuvwx0123456789", min_size=6, max_size=20),
        min_size=3,
        max_size=3,
        unique=True,
    )
)
def test_call_ids_do_not_count(names: list[str]) -> None:
    run = msgspec.structs.replace(A, calls=tuple(f"toolu_{name}" for name in names))
    assert print_of(story(run)).fp1 == RECORDED.fp1


def without_cache_marks(body: dict[str, Any]) -> None:
    del body["system"][2]["cache_control"]
    del body["messages"][2]["content"][1]["cache_control"]
    body["cache_control"] = {"type": "ephemeral"}
    body["tools"][1]["cache_control"] = {"type": "ephemeral"}


def with_text_as_blocks(body: dict[str, Any]) -> None:
    body["messages"][0]["content"] = [{"type": "text", "text": body["messages"][0]["content"]}]
    result = body["messages"][2]["content"][0]
    result["content"] = [{"type": "text", "text": result["content"], "cache_control": {"type": "ephemeral"}}]


NOT_COUNTING: dict[str, Callable[[dict[str, Any]], object]] = {
    "metadata": lambda body: body.pop("metadata"),
    "stream": lambda body: body.update(stream=False),
    "account": lambda body: body.update(workspace_id="w", user_profile_id="u", diagnostics={}),
    "cache marks": without_cache_marks,
    "text as blocks": with_text_as_blocks,
    "signature": lambda body: body["messages"][1]["content"][0].update(signature="b3RoZXI="),
    "billing line": lambda body: body["system"].pop(0),
}


@pytest.mark.parametrize("change", NOT_COUNTING.values(), ids=NOT_COUNTING)
def test_what_moves_with_transport_account_or_cache_does_not_count(
    change: Callable[[dict[str, Any]], object],
) -> None:
    body = story(A)
    change(body)
    assert print_of(body).fp1 == RECORDED.fp1
    assert diff_requests(request(story(A)), request(body), recorded_by=BY_A, actual_by=BY_A) == ()


def test_fp0_counts_everything_but_the_stream() -> None:
    streamed = story(A)
    streamed["stream"] = False
    assert print_of(streamed).fp0 == RECORDED.fp0
    for name in ("metadata", "cache marks", "text as blocks", "signature", "billing line"):
        body = story(A)
        NOT_COUNTING[name](body)
        assert print_of(body).fp0 != RECORDED.fp0, name


# -- what counts ----------------------------------------------------------------------------------


def of(body: dict[str, Any], message: int, block: int) -> dict[str, Any]:
    found: dict[str, Any] = body["messages"][message]["content"][block]
    return found


def put(body: dict[str, Any], message: int, block: int, **fields: Any) -> None:
    of(body, message, block).update(fields)


def swap_results(body: dict[str, Any]) -> None:
    first, second = of(body, 2, 0), of(body, 2, 1)
    first["tool_use_id"], second["tool_use_id"] = second["tool_use_id"], first["tool_use_id"]


def replace_prompt(body: dict[str, Any], old: str, new: str) -> None:
    body["messages"][0]["content"] = body["messages"][0]["content"].replace(old, new)


EDITS: dict[str, tuple[Callable[[dict[str, Any]], object], str, str, str]] = {
    # name: (edit, place, where, kind)
    "model": (lambda b: b.update(model="claude-test-2"), "model", "model", "model_change"),
    "parameter": (lambda b: b.update(temperature=0), "params", "temperature", "parameter"),
    "parameter added": (lambda b: b.update(thinking={"type": "adaptive"}), "params", "thinking", "parameter"),
    "unknown parameter": (lambda b: b.update(from_the_future=1), "params", "from_the_future", "parameter"),
    "tool added": (lambda b: b["tools"].append({"name": "Write"}), "tools", "tools[Write]", "tool_schema"),
    "tool removed": (lambda b: b["tools"].pop(), "tools", "tools[Read]", "tool_schema"),
    "tool order": (lambda b: b["tools"].reverse(), "tools", "tools", "tool_schema"),
    "tool schema": (
        lambda b: b["tools"][0]["input_schema"]["properties"]["command"].update(type="array"),
        "tools", "tools[Bash].input_schema.properties.command.type", "tool_schema",
    ),
    "tool description": (
        lambda b: b["tools"][0].update(description="Runs commands."), "tools", "tools[Bash].description", "tool_schema",
    ),
    "system": (
        lambda b: b["system"][1].update(text=b["system"][1]["text"].replace("brief", "kind")),
        "system", "system[0].text", "prompt_edit",
    ),
    "system block added": (lambda b: b["system"].append({"type": "text", "text": "x"}), "system", "system[2]", "prompt_edit"),
    "one word of the prompt": (lambda b: replace_prompt(b, "tests", "docs"), "message", "messages[0].content[0].text (text)", "prompt_edit"),
    "tool input": (
        lambda b: of(b, 1, 3)["input"].update(command="make check"),
        "message", "messages[1].content[3].input.command (tool_use of Bash)", "history_edit",
    ),
    "tool name": (lambda b: put(b, 1, 2, name="Read"), "message", "messages[1].content[2].name (tool_use of Read)", "history_edit"),
    "assistant text": (lambda b: put(b, 1, 1, text="Looking."), "message", "messages[1].content[1].text (text)", "history_edit"),
    "thinking": (lambda b: put(b, 1, 0, thinking="Hm."), "message", "messages[1].content[0].thinking (thinking)", "history_edit"),
    "tool result": (
        lambda b: put(b, 2, 0, content=of(b, 2, 0)["content"].replace("3 files", "4 files")),
        "message", "messages[2].content[0].content[0].text (tool_result of Bash)", "tool_output",
    ),
    "tool result failed": (
        lambda b: put(b, 4, 0, is_error=True), "message", "messages[4].content[0].is_error (tool_result of Read)", "tool_output",
    ),
    "message dropped": (lambda b: b["messages"].pop(3), "message", "messages[3]", "history_edit"),
    "message added": (
        lambda b: b["messages"].insert(3, {"role": "user", "content": "Wait."}), "message", "messages[3]", "history_edit",
    ),
    "role": (lambda b: b["messages"][0].update(role="system"), "message", "messages[0].role", "prompt_edit"),
    "field of a message": (lambda b: b["messages"][0].update(priority=1), "message", "messages[0].priority", "prompt_edit"),
    "image": (
        lambda b: b["messages"][4]["content"].append({"type": "image", "source": {"type": "base64", "data": "eA=="}}),
        "message", "messages[4].content[1] (image)", "prompt_edit",
    ),
    "declared date elsewhere": (
        lambda b: replace_prompt(b, "initial commit", "release 2026-11-20"), "message", "messages[0].content[0].text (text)", "prompt_edit",
    ),
    "results swapped": (swap_results, "message", "messages[2]", "id"),
}  # fmt: skip


@pytest.mark.parametrize("name", EDITS)
def test_every_edit_changes_fp1_and_is_located(name: str) -> None:
    edit, place, where, kind = EDITS[name]
    body = story(B)
    edit(body)
    assert print_of(body, BY_B).fp1 != RECORDED.fp1
    found = diff_requests(request(story(A)), request(body), recorded_by=BY_A, actual_by=BY_B)
    assert [(one.place, one.where, one.kind) for one in found] == [(place, where, kind)]


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The places of all strings that count in the story."""
    if path[-1:] in (("metadata",), ("cache_control",), ("signature",)) or path == ("system", 0):
        return []
    if isinstance(value, dict):
        return [place for name, item in value.items() for place in leaves(item, (*path, name))]
    if isinstance(value, list):
        return [place for index, item in enumerate(value) for place in leaves(item, (*path, index))]
    return [path] if isinstance(value, str) else []


@given(st.sampled_from(leaves(story(A))), st.text("zqxj", min_size=1, max_size=3), st.booleans())
def test_a_change_of_any_text_that_counts_changes_fp1(
    path: tuple[Any, ...], added: str, at_end: bool
) -> None:
    body = story(A)
    place: Any = body
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = place[path[-1]] + added if at_end else added + place[path[-1]]
    assert print_of(body).fp1 != RECORDED.fp1
    assert diff_requests(request(story(A)), request(body), recorded_by=BY_A, actual_by=BY_A)


def test_two_edits_are_told_cause_first() -> None:
    body = story(B)
    for name in ("tool result", "one word of the prompt", "system", "tool schema", "parameter", "model"):
        EDITS[name][0](body)
    found = diff_requests(request(story(A)), request(body), recorded_by=BY_A, actual_by=BY_B)
    assert [one.place for one in found] == ["model", "params", "tools", "system", "message", "message"]


def test_a_difference_shows_the_lines_as_sent() -> None:
    body = story(B)
    put(body, 2, 0, content=of(body, 2, 0)["content"].replace("3 files", "4 files in " + str(B.declared.cwd)))
    (found,) = diff_requests(request(story(A)), request(body), recorded_by=BY_A, actual_by=BY_B)
    assert [(line.recorded_line, line.actual_line, line.recorded, line.actual) for line in found.lines] == [
        (2, 2, "3 files", "4 files in /data/checkouts/second-copy/todo-service")
    ]
    assert (found.role, found.block, found.tool, found.message, found.recorded_message) == (
        "user",
        0,
        "Bash",
        2,
        2,
    )
    assert msgspec.json.encode(found)


def test_a_volatile_difference_comes_with_a_rule_that_covers_it() -> None:
    here, there = story(A), story(A)
    put(here, 2, 0, content="listening, pid 4711\nstarted 2026-11-20T10:00:01.123Z\nok")
    put(there, 2, 0, content="listening, pid 93\nstarted 2026-11-20T11:42:59.001Z\nok")
    (found,) = diff_requests(request(here), request(there), recorded_by=BY_A, actual_by=BY_A)
    assert found.kind == "volatile"
    rules: list[Rule] = []
    while found.rule is not None:
        rules.append(found.rule)
        by = Normaliser(CLAUDE_CODE.plus(tuple(rules)), [A.declared])
        left = diff_requests(request(here), request(there), recorded_by=by, actual_by=by)
        if not left:
            break
        (found,) = left
    assert len(rules) == 2
    assert print_of(here, by).fp1 == print_of(there, by).fp1


def test_a_compacted_past_is_called_so() -> None:
    body = story(A)
    summary = "This session is being continued from a previous conversation that ran out of context."
    body["messages"] = [{"role": "user", "content": summary}, *body["messages"][4:]]
    (found,) = diff_requests(request(story(A)), request(body), recorded_by=BY_A, actual_by=BY_A)
    assert (found.kind, found.message, found.recorded_message) == ("compaction", 0, 0)
    assert found.detail == "4 recorded messages against 1 in the actual run"


def test_a_dropped_beginning_is_called_compaction_too() -> None:
    body = story(A)
    body["messages"] = body["messages"][3:]
    (found,) = diff_requests(request(story(A)), request(body), recorded_by=BY_A, actual_by=BY_A)
    assert (found.kind, found.message, found.recorded_message) == ("compaction", None, 0)


# -- skeleton, chain, cache -----------------------------------------------------------------------


def test_fp2_overlooks_what_tools_gave_but_not_that_they_failed() -> None:
    body = story(B)
    EDITS["tool result"][0](body)
    found = print_of(body, BY_B)
    assert found.fp1 != RECORDED.fp1
    assert found.fp2 == RECORDED.fp2
    failed = story(B)
    EDITS["tool result failed"][0](failed)
    assert print_of(failed, BY_B).fp2 != RECORDED.fp2
    for name in ("one word of the prompt", "tool input", "model", "tool schema", "message dropped"):
        edited = story(B)
        EDITS[name][0](edited)
        assert print_of(edited, BY_B).fp2 != RECORDED.fp2, name


def test_an_error_text_is_part_of_the_skeleton() -> None:
    one, other = story(A), story(A)
    put(one, 2, 0, content="no such file: a", is_error=True)
    put(other, 2, 0, content="no such file: b", is_error=True)
    assert print_of(one).fp2 != print_of(other).fp2


@pytest.mark.parametrize("place", range(5))
def test_the_chain_tells_where_two_requests_part(place: int) -> None:
    body = story(B)
    body["messages"][place] = {"role": "user", "content": "something else"}
    assert shared_messages(RECORDED, print_of(body, BY_B)) == place


def test_the_chain_counts_system_and_tools_but_not_parameters() -> None:
    body = story(B)
    body["model"] = "claude-test-2"
    assert shared_messages(RECORDED, print_of(body, BY_B)) == 5
    body["tools"].pop()
    assert shared_messages(RECORDED, print_of(body, BY_B)) == -1


def test_a_longer_request_shares_the_whole_shorter_one() -> None:
    body = story(A)
    body["messages"] = body["messages"][:3]
    shorter = print_of(body)
    assert shared_messages(shorter, RECORDED) == shared_messages(RECORDED, shorter) == 3
    assert shorter.chain == RECORDED.chain[:4]


@given(
    st.lists(
        st.tuples(st.sampled_from(["A", "B"]), st.sampled_from(["", *EDITS]), st.integers(1, 5)),
        min_size=1,
        max_size=6,
    ),
    st.integers(2, 40),
)
def test_a_cache_changes_no_fingerprint(requests: list[tuple[str, str, int]], limit: int) -> None:
    cache = Cache(limit=limit)
    for run, edit, length in requests:
        body = story(A if run == "A" else B)
        if edit:
            EDITS[edit][0](body)
        body["messages"] = body["messages"][:length]
        by = BY_A if run == "A" else BY_B
        assert print_of(body, by, cache) == print_of(body, by)


def test_only_new_messages_are_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    original = dialect.prepare

    def prepare(part: Part) -> Prepared:
        read.append(part.kind)
        return original(part)

    monkeypatch.setattr(dialect, "prepare", prepare)
    cache = Cache()
    body = story(A)
    messages = body["messages"]
    body["messages"] = messages[:2]
    print_of(body, BY_A, cache)
    assert read == ["system", "tools", "message", "message", "params"]
    read.clear()
    body["messages"] = messages[:4]
    print_of(body, BY_A, cache)
    # Message 2 mints an id by its place (`with ID:`), which message 3 repeats; 0 and 1 do not hold it.
    assert read == ["message", "message"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"messages": 5}',
        b'{"messages": [5, null, {"content": 7}], "system": 9, "tools": {}}',
    ],
)
def test_odd_requests_have_fingerprints_as_well(body: bytes) -> None:
    odd = parse_request(body)
    found = fingerprint_request(odd, BY_A)
    assert found.fp1 == fingerprint_request(odd, BY_B).fp1
    assert diff_requests(odd, odd, recorded_by=BY_A, actual_by=BY_B) == ()
    assert found.fp1 != RECORDED.fp1
    assert diff_requests(request(story(A)), odd, recorded_by=BY_A, actual_by=BY_A)


ODD_TEXT = st.text(st.characters() | st.sampled_from(["\udfff", "\u00e9", '"', "\\"]), max_size=12) | st.sampled_from(
    ["tool_result", "text", "thinking", "with ID: bq7w9zx4k", "bq7w9zx4k", "toolu_01aaaaaaaa", '{"id": "caf\u00e9-call"}', "caf\u00e9-call"]
)  # fmt: skip
ODD: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ODD_TEXT,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "content", "id", "tool_use_id", "text", "is_error"]) | ODD_TEXT,
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(ODD, ODD, st.lists(ODD, max_size=3), ODD)
def test_any_json_has_fingerprints_and_is_equal_to_itself_alone(
    system: Any, tools: Any, messages: Any, other: Any
) -> None:
    body = {"system": system, "tools": tools, "messages": messages}
    cache = Cache()
    here, there = request(body), request({**body, "messages": [*messages, other]})
    print_of({**body, "messages": [other]}, BY_A, cache)
    assert fingerprint_request(here, BY_A, cache=cache) == fingerprint_request(here, BY_A)
    assert fingerprint_request(there, BY_A, cache=cache) == fingerprint_request(there, BY_A)
    assert diff_requests(here, here, recorded_by=BY_A, actual_by=BY_A) == ()
    found = diff_requests(here, there, recorded_by=BY_A, actual_by=BY_A)
    assert found
    assert all(msgspec.json.encode(one.where) for one in found)


def test_an_id_that_json_escapes_is_renamed_in_other_messages() -> None:
    def body(name: str) -> dict[str, Any]:
        call = {"type": "tool_use", "id": name, "name": "n", "input": {}}
        return {
            "messages": [
                {"role": "assistant", "content": [call]},
                {"role": "user", "content": f"again {name}"},
            ]
        }

    assert print_of(body("caf\u00e9-call")).fp1 == print_of(body("th\u00e9-call")).fp1


def test_what_is_compared_is_not_changed() -> None:
    body = story(A)
    before = copy.deepcopy(body)
    one = request(body)
    diff_requests(one, request(story(B)), recorded_by=BY_A, actual_by=BY_B)
    assert one.value == before


def test_a_part_is_not_taken_for_another() -> None:
    part: list[Any] = [{"name": "Bash"}]
    one, other = print_of({"system": part, "messages": []}), print_of({"tools": part, "messages": []})
    assert one.fp0 != other.fp0
    assert one.fp1 != other.fp1

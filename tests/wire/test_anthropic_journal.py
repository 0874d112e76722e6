"""Claude Code's request journal: names of messages, and requests rebuilt from it."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from reenact.wire.anthropic import journal
from reenact.wire.anthropic.journal import CacheMark, JournalRequest

if TYPE_CHECKING:
    from reenact.wire.canonical import Json

USER: dict[str, Json] = {"role": "user", "content": "Fix the tests — gently"}
BLOCKS: dict[str, Json] = {"role": "user", "content": [{"type": "text", "text": "Fix the tests — gently"}]}


def sha256_of_sorted_json(value: Json) -> str:
    """The oracle: Python's own writer, not ours."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def test_a_message_is_named_by_its_sorted_compact_json() -> None:
    assert journal.message_hash(BLOCKS) == sha256_of_sorted_json(BLOCKS)


def test_text_content_and_one_text_block_have_one_name() -> None:
    assert journal.message_hash(USER) == journal.message_hash(BLOCKS)


def test_cache_marks_do_not_change_the_name() -> None:
    mark: Json = {"type": "ephemeral"}
    marked: dict[str, Json] = {
        "role": "user",
        "content": [
            {
                "type": "tool_result",
                "tool_use_id": "toolu_1",
                "content": [{"type": "text", "text": "42", "cache_control": mark}],
                "cache_control": mark,
            }
        ],
    }
    plain: dict[str, Json] = {
        "role": "user",
        "content": [
            {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": "42"}]}
        ],
    }
    assert journal.message_hash(marked) == sha256_of_sorted_json(plain)


def test_even_a_cache_control_of_a_tool_input_is_left_out() -> None:
    call: dict[str, Json] = {
        "role": "assistant",
        "content": [{"type": "tool_use", "id": "t", "name": "Bash", "input": {"cache_control": 1, "a": 2}}],
    }
    plain: dict[str, Json] = {
        "role": "assistant",
        "content": [{"type": "tool_use", "id": "t", "name": "Bash", "input": {"a": 2}}],
    }
    assert journal.message_hash(call) == sha256_of_sorted_json(plain)
    assert sha256_of_sorted_json(call) in journal.candidate_hashes(call)


def test_a_request_is_digested_with_marks_and_betas_but_without_transport_and_billing() -> None:
    mark: Json = {"type": "ephemeral"}
    body: dict[str, Json] = {
        "model": "m",
        "stream": True,
        "metadata": {"user_id": "u"},
        "system": [
            {"type": "text", "text": "x-anthropic-billing-header: v=1"},
            {"type": "text", "text": "Be kind.", "cache_control": mark},
        ],
        "messages": [USER],
    }
    expected: dict[str, Json] = {
        "model": "m",
        "betas": ["b1", "b2"],
        "system": [{"type": "text", "text": "Be kind.", "cache_control": mark}],
        "messages": [BLOCKS],
    }
    assert journal.request_digest(body, betas=["b1", "b2"]) == sha256_of_sorted_json(expected)
    del expected["betas"]
    assert journal.request_digest(body) == sha256_of_sorted_json(expected)


def test_output_config_is_part_of_the_names() -> None:
    assert journal.message_hash({**BLOCKS, "output_config": {"effort": "low"}}) != journal.message_hash(
        BLOCKS
    )
    shape: dict[str, Json] = {"system": [{"type": "text", "text": "Be kind."}], "tools": []}
    assert journal.shape_hash(shape) == sha256_of_sorted_json(shape)
    with_config: dict[str, Json] = {**shape, "output_config": {"effort": "low"}}
    assert journal.shape_hash(with_config) == sha256_of_sorted_json(with_config)


def test_the_candidates_begin_with_the_name_and_hold_the_text_form() -> None:
    candidates = journal.candidate_hashes(USER)
    assert candidates[0] == journal.message_hash(USER)
    assert sha256_of_sorted_json(USER) in candidates
    assert set(journal.candidate_hashes(BLOCKS)) == set(candidates)


REQUESTS = {
    "a": JournalRequest(id="a", tail=("m1", "m2")),
    "b": JournalRequest(id="b", base="a", keep=2, tail=("m3",)),
    "c": JournalRequest(id="c", base="b", keep=1, tail=("m4", "m5")),
}
MESSAGES: dict[str, dict[str, Json]] = {
    name: {"role": "user", "content": name} for name in ("m1", "m2", "m3", "m4", "m5")
}


def test_a_request_is_the_kept_head_of_its_base_and_its_own_tail() -> None:
    rebuilt = journal.rebuild(REQUESTS["c"], requests=REQUESTS, resolve=MESSAGES.get)
    assert rebuilt.hashes == ("m1", "m4", "m5")
    assert [m and m["content"] for m in rebuilt.messages] == ["m1", "m4", "m5"]
    assert rebuilt.is_complete


def test_a_reader_that_walks_the_journal_gets_the_same_lists() -> None:
    lists: dict[str, tuple[str, ...]] = {}
    for name, request in REQUESTS.items():
        lists[name] = journal.message_list(request, lists.get(request.base or "")).hashes
        whole = journal.rebuild(request, requests=REQUESTS, resolve=MESSAGES.get)
        assert whole.hashes == lists[name]


def test_a_hash_without_message_is_named_once_and_its_place_stays() -> None:
    request = JournalRequest(id="d", tail=("m1", "lost", "lost"))
    rebuilt = journal.rebuild(request, requests={}, resolve=MESSAGES.get)
    assert rebuilt.unresolved == ("lost",)
    assert rebuilt.messages == (MESSAGES["m1"], None, None)
    assert not rebuilt.is_complete


@pytest.mark.parametrize(
    ("request_", "hashes", "defect"),
    [
        (
            JournalRequest(id="x", base="gone", keep=2, tail=("m1",)),
            ("m1",),
            "base request gone is not known",
        ),
        (
            JournalRequest(id="x", base="a", keep=5, tail=("m3",)),
            ("m1", "m2", "m3"),
            "keeps 5 messages of a, which has 2",
        ),
        (JournalRequest(id="x", base="x", keep=1, tail=("m1",)), ("m1",), "base request x is not known"),
        (JournalRequest(id="x", keep=1, tail=("m1",)), ("m1",), "keeps 1 messages of no request"),
    ],
    ids=["base lost", "keep too long", "names itself", "keep without base"],
)
def test_a_broken_journal_is_a_defect_in_the_value(
    request_: JournalRequest, hashes: tuple[str, ...], defect: str
) -> None:
    rebuilt = journal.rebuild(request_, requests=REQUESTS, resolve=MESSAGES.get)
    assert rebuilt.hashes == hashes
    assert rebuilt.defect == defect
    assert not rebuilt.is_complete


def test_a_chain_of_ten_thousand_requests_is_rebuilt() -> None:
    chain = {"0": JournalRequest(id="0", tail=("m1",))}
    for n in range(1, 10_000):
        chain[str(n)] = JournalRequest(id=str(n), base=str(n - 1), keep=1, tail=("m2",))
    assert journal.rebuild(chain["9999"], requests=chain, resolve=MESSAGES.get).hashes == ("m1", "m2")


def test_the_body_holds_shape_params_messages_and_cache_marks() -> None:
    request = JournalRequest(id="a", tail=("m1", "m2"))
    mark: dict[str, Json] = {"type": "ephemeral"}
    shape: dict[str, Json] = {"system": [{"type": "text", "text": "Be kind."}], "tools": []}
    body = journal.request_body(
        journal.rebuild(request, requests={}, resolve=MESSAGES.get),
        shape=shape,
        params={"model": "m", "betas": ["x"], "max_tokens": 5},
        cache_marks=[
            CacheMark(path=("system", 0), value=mark),
            CacheMark(path=("messages", 1, "content", 0), value=mark),
            CacheMark(path=("messages", 7, "content", 0), value=mark),
        ],
    )
    assert body == {
        "model": "m",
        "max_tokens": 5,
        "system": [{"type": "text", "text": "Be kind.", "cache_control": mark}],
        "tools": [],
        "messages": [
            {"role": "user", "content": "m1"},
            {"role": "user", "content": [{"type": "text", "text": "m2", "cache_control": mark}]},
        ],
    }
    assert shape == {"system": [{"type": "text", "text": "Be kind."}], "tools": []}
    assert MESSAGES["m2"] == {"role": "user", "content": "m2"}

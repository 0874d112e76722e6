"""What is remembered of a conversation changes no result, whatever was asked in between."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from reenact.wire.anthropic.fingerprint import CLAUDE_CODE, fingerprint_request
from reenact.wire.anthropic.request import request_of
from reenact.wire.declared import Declared
from reenact.wire.fingerprint import Cache
from reenact.wire.normalise import Normaliser
from reenact.wire.trail import Trail, agreeing

SIDE = Normaliser(CLAUDE_CODE, (Declared(cwd="/home/ann/code", home="/home/ann", sessions=("s" * 12,)),))
TEXTS = st.sampled_from(
    [
        "hello",
        "in /home/ann/code",
        "started with ID: bq7w9zx4k",
        "bq7w9zx4k is done",
        "agentId: a0123456789abcdef",
        "a0123456789abcdef said so",
        "toolu_aaaaaaaaaa and toolu_bbbbbbbbbb",
        "toolu_bbbbbbbbbb",
        "s" * 12,
    ]
)
MESSAGES = st.builds(
    lambda role, text: {"role": role, "content": text}, st.sampled_from(["user", "assistant"]), TEXTS
)
REQUESTS = st.builds(
    lambda messages, system, limit: {"system": system, "max_tokens": limit, "messages": messages},
    st.lists(MESSAGES, max_size=6),
    st.sampled_from(["be brief", "toolu_aaaaaaaaaa", "bq7w9zx4k"]),
    st.sampled_from([1, 2]),
)


@given(st.lists(st.tuples(REQUESTS, st.integers(0, 6)), min_size=1, max_size=6))
def test_a_memory_of_conversations_changes_no_fingerprint(steps: list[tuple[dict[str, Any], int]]) -> None:
    cache = Cache()
    last: list[Any] = []
    for body, kept in steps:
        # Part of what came before goes on, as in a conversation.
        asked = {**body, "messages": [*last[:kept], *body["messages"]]}
        last = asked["messages"]
        request = request_of(asked)
        assert fingerprint_request(request, SIDE, cache=cache) == fingerprint_request(request, SIDE)


@given(st.lists(st.integers(0, 2), max_size=9), st.lists(st.integers(0, 2), max_size=9))
def test_agreeing_counts_what_both_begin_with(one: list[int], other: list[int]) -> None:
    count = 0
    while count < min(len(one), len(other)) and one[count] == other[count]:
        count += 1
    assert agreeing(one, other) == count


@given(st.lists(st.lists(st.sampled_from(["1", "2", '"a"']), max_size=6), max_size=8))
def test_a_trail_gives_the_digests_of_the_bytes(runs: list[list[str]]) -> None:
    trail = Trail()
    for run in runs:
        raws = tuple(msgspec.Raw(text.encode()) for text in run)
        assert trail.digests(raws) == tuple(hashlib.sha256(text.encode()).digest() for text in run)


def test_a_trail_forgets_the_conversation_not_heard_of_for_longest() -> None:
    trail = Trail()
    for number in range(1000):
        trail.digests((msgspec.Raw(str(number).encode()),))
    assert len(trail._known) < 100

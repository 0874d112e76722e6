"""What the gate lets through holds no secret: whatever scrubbing would change, it stops."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.redact.samples import SAMPLES, noise

from reenact.redact import BUILT_IN, HARMLESS, Gate, Known, scrub, scrub_value

KNOWN = ("hunter2hunter", 'odd"\\value/1', "naïve-Passwörd-99", noise(20))
KEYWORDS = [word for rule in BUILT_IN for word in rule.keywords]
GATE = Gate(KEYWORDS, KNOWN, harmless=HARMLESS)
NAMES = (
    "password",
    "api_key",
    "apiKey",
    "Authorization",
    "client_secret",
    "ſecret",
    "access\u212aey",
    "to\u212aen",
)

text = st.text(max_size=20) | st.sampled_from([*KNOWN, *(sample.text for sample in SAMPLES)])
words = st.lists(text | st.sampled_from(NAMES), max_size=4).map(" ".join)
values = st.recursive(
    words,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(words | st.sampled_from(NAMES), inner, max_size=3)
    ),
    max_leaves=5,
)


def encodings(value: Any) -> list[bytes]:
    found = [json.dumps(value).encode(), json.dumps(json.dumps(value)).encode()]
    with contextlib.suppress(UnicodeEncodeError):
        found.append(msgspec.json.encode(value))
    return found


@given(values)
def test_what_scrubbing_would_change_is_stopped(value: Any) -> None:
    changed = scrub_value(value, key=b"k", known=Known(KNOWN)).value != value
    for data in encodings(value):
        if changed:
            assert not GATE.is_clean(data)


@given(words)
def test_raw_text_is_judged_like_its_json(value: str) -> None:
    if scrub(value, key=b"k", known=Known(KNOWN)).text != value:
        assert not GATE.is_clean(value.encode("utf-8", "surrogateescape" if value.isascii() else "replace"))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.rule)
def test_every_sample_is_stopped_in_any_case_it_is_written_in(sample: Any) -> None:
    for data in (*encodings({"a": sample.text}), sample.text.encode(), sample.text.upper().encode()):
        assert not GATE.is_clean(data)


def test_ordinary_text_is_let_through() -> None:
    code = "def close(self) -> None:\n    for path in self.paths:\n        os.close(path)\n"
    assert GATE.is_clean(code.encode())
    assert GATE.is_clean(json.dumps({"output": code, "ok": True}).encode())


def test_counts_of_tokens_are_let_through_and_a_token_is_not() -> None:
    assert GATE.is_clean(b'{"max_tokens":3,"tokens":{"input":1}}')
    assert not GATE.is_clean(b'{"max_tokens":3,"token":"x"}')


@pytest.mark.parametrize("text", ["tokens and tokenizers", "max_tokens: 3", "retokenized"])
def test_words_that_only_hold_a_keyword_are_let_through(text: str) -> None:
    assert GATE.is_clean(text.encode())
    assert not GATE.is_clean(f"{text} token".encode())
    assert not GATE.is_clean(f"TOKEN_ {text}".encode())


@pytest.mark.parametrize(
    "url", ["https://a:hunter@b.c", r"https:\/\/a:hunter@b.c", r"https:\\/\\/a:hunter@b.c"]
)
def test_an_address_is_stopped_however_its_slashes_are_written(url: str) -> None:
    for data in (url.encode(), *encodings(url), *encodings({"a": json.dumps(url)})):
        assert not GATE.is_clean(data)


def test_every_keyword_is_found_among_all_others() -> None:
    gate = Gate(KEYWORDS)
    for word in KEYWORDS:
        for data in (f"a {word} b".encode(), *encodings(f"\n{word.upper()}")):
            assert not gate.is_clean(data)


def test_a_value_that_cannot_be_looked_for_shuts_the_gate() -> None:
    assert not Gate(KEYWORDS, ['"\\"\\"\\']).is_clean(b"anything")

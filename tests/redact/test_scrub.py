from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.redact.samples import CLEAN, SAMPLES, Sample, noise

from reenact.redact import BUILT_IN, Known, custom, find, scrub, scrub_value

KEY = b"archive key"
PLACEHOLDER = re.compile(r"\[redacted:[a-z0-9-]+:[0-9a-f]{8}\]")


def plain(text: str) -> str:
    """A text with every escape undone that a reader could undo, as often as it takes."""
    while True:
        undone = re.sub(r"\\u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), unquote(text))
        undone = re.sub(r"\\+([\"'/\\])", r"\1", html.unescape(undone)).replace("\\n", "\n")
        if undone == text:
            return text
        text = undone


WRAPPINGS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "in a JSON string": json.dumps,
    "in a JSON string in a JSON string": lambda text: json.dumps({"arguments": json.dumps({"x": text})}),
    "URL-encoded": lambda text: quote(text, safe=""),
    "URL-encoded but for slashes": quote,
    "in lower-case URL encoding": lambda text: re.sub(
        "%..", lambda match: match[0].lower(), quote(text, safe="")
    ),
    "between lines": lambda text: f"before\n{text}\nafter",
    "in a JSON line": lambda text: json.dumps({"a": 1, "text": f"line\n{text}\nline"}),
    "in JSON with escaped slashes": lambda text: json.dumps(text).replace("/", "\\/"),
}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.rule} {sample.before.strip()}")
def test_a_secret_is_found_under_its_name_in_every_wrapping(sample: Sample, wrapping: str) -> None:
    wrapped = WRAPPINGS[wrapping](sample.text)
    result = scrub(wrapped, key=KEY)
    assert sample.secret.strip() not in plain(result.text)
    for line in sample.secret.split():
        assert line not in plain(result.text)
    assert sample.rule in {hit.rule for hit in result.hits}
    if wrapping == "raw":
        assert [wrapped[hit.start : hit.end].strip() for hit in result.hits] == [sample.secret.strip()]
        assert PLACEHOLDER.sub("", result.text).strip() == (sample.before + sample.after).strip()


def test_every_rule_has_a_sample() -> None:
    assert {sample.rule for sample in SAMPLES} == {rule.name for rule in BUILT_IN}


@pytest.mark.parametrize("text", CLEAN)
def test_what_is_no_secret_stays_as_it_is(text: str) -> None:
    for name, wrapping in WRAPPINGS.items():
        if "URL" not in name:  # code is not written in URL encoding
            wrapped = wrapping(text)
            assert scrub(wrapped, key=KEY).text == wrapped


fragments = st.one_of(
    st.sampled_from([sample.text for sample in SAMPLES]),
    st.sampled_from([sample.secret for sample in SAMPLES]),
    st.sampled_from([keyword for rule in BUILT_IN for keyword in rule.keywords]),
    st.sampled_from(
        [" ", "\n", '"', "\\", "=", ": ", "/", "@", "%20", "[", "]", "[redacted:known:", "\ud800", "İ"]
    ),
    st.sampled_from(["[redacted:known:0123abcd]", "[redacted:secret:zzz]", "\ufffe", "known-value"]),
    st.text(max_size=12),
)
texts = st.lists(fragments, max_size=12).map("".join)
KNOWN = Known(["known-value", "hunter2", "two words/and & more", "ünïcode-väl"])


@given(texts)
def test_scrubbing_a_scrubbed_text_changes_nothing(text: str) -> None:
    once = scrub(text, key=KEY, known=KNOWN).text
    twice = scrub(once, key=KEY, known=KNOWN)
    assert twice.text == once
    assert twice.hits == ()


@given(texts)
def test_hits_tell_where_the_secrets_stood(text: str) -> None:
    result = scrub(text, key=KEY, known=KNOWN)
    expected, end = "", 0
    remaining = result.text
    for hit in result.hits:
        assert hit.start >= end
        expected = text[end : hit.start]
        assert remaining.startswith(expected)
        remaining = remaining[len(expected) :]
        match = PLACEHOLDER.match(remaining)
        assert match is not None
        remaining = remaining[match.end() :]
        end = hit.end
    assert remaining == text[end:]


@given(texts, st.sampled_from(sorted(WRAPPINGS)), texts)
def test_a_known_value_never_survives(before: str, wrapping: str, after: str) -> None:
    for value in ("known-value", "two words/and & more", "ünïcode-väl"):
        wrapped = WRAPPINGS[wrapping]((before + value + after).replace("\ud800", ""))
        assert value not in plain(scrub(wrapped, key=KEY, known=KNOWN).text)


def test_equal_secrets_have_equal_placeholders_under_one_key_only() -> None:
    secret = SAMPLES[0].secret
    one, two = PLACEHOLDER.findall(scrub(f"{secret} and {secret}", key=KEY).text)
    assert one == two
    assert scrub(secret, key=b"other key").text != one
    known = scrub("two words/and & more", key=KEY, known=KNOWN).text
    assert scrub("two%20words%2Fand%20%26%20more", key=KEY, known=KNOWN).text == known


def test_a_known_value_may_look_like_anything_but_is_not_short() -> None:
    assert scrub("the Blue Sky", key=KEY, known=["Blue Sky"]).text.startswith("the [redacted:known:")
    assert scrub("a cat", key=KEY, known=["cat", ""]).text == "a cat"


def test_the_most_telling_rule_names_a_secret() -> None:
    secret = "gh" + "p_" + noise(36)
    for text in (f"token={secret}", f"Authorization: Bearer {secret}", f"https://{secret}@github.com/x"):
        assert [hit.rule for hit in find(text)] == ["github-token"]
    assert [hit.rule for hit in find(f"token={secret}", known=Known([secret]))] == ["known"]


def test_rules_of_the_users_own_are_tried_everywhere() -> None:
    rules = (*BUILT_IN, custom("house-badge", r"badge (?P<secret>[A-Z]{2}\d{4})"))
    assert scrub("my badge AB1234.", key=KEY, rules=rules).text.startswith("my badge [redacted:house-badge:")
    every_letter = (custom("all", "."), custom("empty", "x*?"))
    assert PLACEHOLDER.sub("", scrub("a [redacted:all:01234567]b", key=KEY, rules=every_letter).text) == ""


@pytest.mark.parametrize(("name", "pattern"), [("Bad Name", "x"), ("", "x"), ("ok", "(")])
def test_a_rule_that_cannot_be_used_is_refused(name: str, pattern: str) -> None:
    with pytest.raises(ValueError, match="rule"):
        custom(name, pattern)


def test_values_are_scrubbed_by_content_and_by_the_name_of_their_field() -> None:
    secret = SAMPLES[0].secret
    value = {
        "command": f"curl -H 'x-api-key: {secret}'",
        "password": "hunter2",
        "passwords": ["hunter2!", 3, None, True],
        "nested": [{"api_token": noise(20)}, {"token": secret}],
        secret: "as a name",
        "note": "password rules",
        "count": 12,
    }
    result = scrub_value(value, key=KEY)
    text = json.dumps(result.value)
    assert secret not in text
    assert "hunter2" not in text
    assert noise(20) not in text
    assert result.value["note"] == "password rules"
    assert result.value["count"] == 12
    assert result.value["passwords"][1:] == [3, None, True]
    assert result.value["nested"][1]["token"].startswith("[redacted:anthropic-key:")
    assert sorted(set(result.rules)) == ["anthropic-key", "password", "secret"]
    assert scrub_value(result.value, key=KEY).value == result.value


names = st.sampled_from(["password", "token", "api_key", "note", "id", "signature"]) | texts
documents = st.recursive(
    texts | st.none() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)


@given(documents)
def test_scrubbing_a_scrubbed_value_changes_nothing(value: Any) -> None:
    once = scrub_value(value, key=KEY, known=KNOWN)
    twice = scrub_value(once.value, key=KEY, known=KNOWN)
    assert twice.value == once.value
    assert twice.rules == ()
    if not once.rules:
        assert once.value == value


def test_a_value_partly_scrubbed_is_still_judged_by_its_name() -> None:
    partly = {"password": "hunter2 [redacted:known:0123abcd]"}
    assert PLACEHOLDER.fullmatch(scrub_value(partly, key=KEY).value["password"])


def test_protocol_ids_and_signatures_survive() -> None:
    secret = SAMPLES[0].secret
    value: dict[str, Any] = {
        "signature": secret,
        "encrypted_content": noise(400),
        "id": "toolu_" + noise(24),
        "session_token": "550e8400-e29b-41d4-a716-446655440000",
        "token": "msg_" + noise(24),
    }
    assert scrub_value(value, key=KEY) == scrub_value(value, key=KEY, known=["not there"])
    assert scrub_value(value, key=KEY).value == value
    assert scrub_value(value, key=KEY, known=[secret]).value["signature"].startswith("[redacted:known:")


def test_two_spellings_of_a_secret_as_names_both_stay() -> None:
    fields = {"two words/and & more": 1, "two%20words%2Fand%20%26%20more": 2}
    result = scrub_value(fields, key=KEY, known=KNOWN).value
    assert sorted(result.values()) == [1, 2]
    assert all(PLACEHOLDER.match(name) for name in result)


def test_values_may_be_nested_very_deeply() -> None:
    value: Any = "hunter2-known"
    for _ in range(50_000):
        value = [value]
    result = scrub_value(value, key=KEY, known=["hunter2-known"]).value
    while isinstance(result, list):
        (result,) = result
    assert result.startswith("[redacted:known:")
    while isinstance(value, list):
        (value,) = value  # so that freeing it does not recurse either


SIZE = 100_000
STARTS = sorted({keyword for rule in BUILT_IN for keyword in rule.keywords} | {"eyJ", "AKIA", "-----BEGIN "})


def assert_in_order(text: str) -> None:
    """Searches a text to its end; what is found lies within it, one behind the other."""
    hits = find(text)
    edges = [edge for hit in hits for edge in (hit.start, hit.end)]
    assert edges == sorted(edges)
    assert not edges or (edges[0] >= 0 and edges[-1] <= len(text))
    assert all(hit.start < hit.end for hit in hits)


@pytest.mark.parametrize("start", STARTS)
def test_no_text_makes_a_rule_run_away(start: str) -> None:
    for unit in (start, f'{start}="', f"{start}a-%2"):
        assert_in_order((unit * (SIZE // len(unit) + 1))[:SIZE])


@pytest.mark.parametrize("unit", ["a", "\\", "%2F", "=", "eyJa.", "://a:", "password", '"', "\\\\n", " "])
def test_a_keyword_before_a_long_run_is_quick(unit: str) -> None:
    for start in ("password=", 'token: "', "Bearer ", "://u:", "-----BEGIN PRIVATE KEY-----", "eyJ", "sk-"):
        assert_in_order(start + unit * (SIZE // len(unit)))

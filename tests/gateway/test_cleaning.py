"""Requests lose their secrets part by part, as a recording of them does, and nothing else."""

from __future__ import annotations

import json

from reenact.gateway.cleaning import Cleaner

SECRET = "sk-" + "ant-api03-" + "Zx9" * 30


class Scrub:
    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(self, text: str) -> str:
        self.seen.append(text)
        return text.replace(SECRET, "[gone]")


def body(*texts: str, system: str = "be brief") -> bytes:
    messages = [{"role": "user", "content": text} for text in texts]
    return json.dumps({"system": system, "messages": messages, "max_tokens": 9}).encode()


def test_a_request_without_secrets_stays_as_it_is() -> None:
    asked = body("one", "two")
    assert Cleaner(Scrub()).request(asked).body is asked


def test_secrets_go_from_messages_and_from_all_else() -> None:
    cleaner = Cleaner(Scrub())
    for asked, clean in (
        (body("one", f"use {SECRET}", "three"), body("one", "use [gone]", "three")),
        (body("one", system=f"{SECRET}!"), body("one", system="[gone]!")),
        (body(SECRET, system=SECRET), body("[gone]", system="[gone]")),
    ):
        for _ in range(2):  # what is remembered of the first time must not hide a secret the next
            request = cleaner.request(asked)
            assert request.value == json.loads(clean)
            assert SECRET.encode() not in request.body


def test_what_was_searched_once_is_not_searched_again() -> None:
    scrub = Scrub()
    cleaner = Cleaner(scrub)
    cleaner.request(body("one", "two"))
    searched = len(scrub.seen)
    cleaner.request(body("one", "two", "three"))
    assert len(scrub.seen) == searched + 1
    assert "three" in scrub.seen[-1]


def test_a_body_that_is_no_request_is_cleaned_whole() -> None:
    cleaner = Cleaner(Scrub())
    assert cleaner.request(b"key=" + SECRET.encode()).body == b"key=[gone]"
    assert cleaner.request(b"").body == b""

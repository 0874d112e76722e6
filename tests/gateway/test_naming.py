"""Requests say which of their agent's sessions they belong to: in a header, or in what names the user."""

from __future__ import annotations

import json

import pytest

from reenact.gateway.naming import session_of

NAME = "0b9d2a3e-0000-4000-8000-000000000001"


@pytest.mark.parametrize(
    "header", ["x-claude-code-session-id", "session-id", "session_id", "x-session-id", "x-session-affinity"]
)
def test_a_header_names_the_session(header: str) -> None:
    assert session_of({header: NAME}) == NAME


@pytest.mark.parametrize(
    "user", [f"user_ab_account__session_{NAME}", json.dumps({"device_id": "ab", "session_id": NAME})]
)
def test_older_versions_of_claude_code_name_it_in_the_body(user: str) -> None:
    body = json.dumps({"model": "m", "metadata": {"user_id": user}}).encode()
    assert session_of({"user-agent": "claude-cli/2.0.76 (external, cli)"}, body) == NAME
    assert session_of({"user-agent": "another"}, body) is None


def test_a_request_that_says_nothing_is_nobodys() -> None:
    assert session_of({"user-agent": "claude-cli/2.0.76"}, b"{}") is None

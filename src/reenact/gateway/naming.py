"""Which of an agent's own sessions a request belongs to, as its agent says in headers or body."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_HEADERS = ("x-claude-code-session-id", "session-id", "session_id", "x-session-id", "x-session-affinity")
"""Claude Code; Codex since 0.160 and before; OpenCode."""
_IN_BODY = re.compile(rb'"user_id":\s*"(?:[^"\\]|\\.)*?session(?:_id\\"\s*:\s*\\"|_)([0-9a-f-]{36})')
"""Claude Code before it sent a header: in what names its user."""


def session_of(headers: Mapping[str, str], body: bytes = b"") -> str | None:
    """Gives the id of the session that a request belongs to; None where it says none."""
    for name in _HEADERS:
        if found := headers.get(name):
            return found
    told = _IN_BODY.search(body) if headers.get("user-agent", "").startswith("claude-cli") else None
    return told.group(1).decode() if told is not None else None

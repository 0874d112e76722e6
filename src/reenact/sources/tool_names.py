"""What a tool does, guessed from its name alone: for logs of agents whose tools nobody listed."""

from __future__ import annotations

import re

from reenact.events.blocks import ToolKind

_WORDS: tuple[tuple[ToolKind, frozenset[str]], ...] = (
    ("notebook", frozenset({"notebook", "jupyter", "cell"})),
    ("sub_agent", frozenset({"agent", "subagent", "delegate", "handoff", "spawn"})),
    ("web", frozenset({"web", "fetch", "url", "http", "browser", "browse"})),
    (
        "shell",
        frozenset({"bash", "shell", "exec", "execute", "terminal", "command", "sh", "cmd", "powershell"}),
    ),
    ("file_edit", frozenset({"edit", "patch", "replace", "insert", "multiedit", "editor"})),
    ("search", frozenset({"search", "grep", "glob", "find", "rg", "ls", "list"})),
    ("file_write", frozenset({"write", "create", "save"})),
    ("file_read", frozenset({"read", "view", "cat", "open"})),
)
"""Words of names, the most telling kinds first: `notebook_edit` is about a notebook first."""

_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def kind_of(name: str) -> ToolKind:
    """Gives the kind of a tool by the words of its name (`run_shell`, `applyPatch`, `WebFetch` …)."""
    words = {part.lower() for part in _PART.findall(name)}
    return next((kind for kind, telling in _WORDS if words & telling), "other")

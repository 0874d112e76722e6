"""What an imported run was surrounded by, read from its own prompts: nobody was there to declare it.

Claude Code (2.1) names in the first request of a run where it keeps things for the project, and
lists the latest commits. What is not found stays as it was; a replay then tells the difference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from reenact.wire.anthropic.request import as_blocks
from reenact.wire.declared import slug

if TYPE_CHECKING:
    from reenact.replay import Logged
    from reenact.wire.declared import Declared

_COMMITS = re.compile(r"\bRecent commits:\n((?:[0-9a-f]{7,40} .*\n?)+)")
_COMMIT = re.compile(r"(?m)^[0-9a-f]{7,40}(?= )")
_QUOTES = re.compile("[`\"'\n]")


def told_by_calls(declared: Declared, calls: Sequence[Logged], *, session: str) -> Declared:
    """Gives what a run declared, completed by what the requests of its log say."""
    texts = [text for call in calls for text in _texts(call)] if declared.cwd else []
    project = slug(declared.cwd or "")
    return msgspec.structs.replace(
        declared,
        sessions=(session,),
        home=_before(texts, f"/.claude/projects/{project}") or declared.home,
        temp=_temp(texts, project) or declared.temp,
        git_heads=_commits(texts) or declared.git_heads,
    )


def _texts(call: Logged) -> Iterator[str]:
    request = call.request or {}
    messages = request.get("messages")
    contents = (
        [one.get("content") for one in messages if isinstance(one, dict)]
        if isinstance(messages, list)
        else []
    )
    for content in (request.get("system"), *contents):
        for block in as_blocks(content):
            inner = as_blocks(block.get("content")) if block.get("type") == "tool_result" else [block]
            yield from (text for one in inner if isinstance(text := one.get("text"), str))


def _before(texts: Sequence[str], mark: str) -> str | None:
    """Gives the absolute path that stands before a mark."""
    for text in texts:
        if (found := text.find(mark)) >= 0:
            before = _QUOTES.split(text[:found])[-1]
            return before[before.find("/") :] or None if "/" in before else None
    return None


def _temp(texts: Sequence[str], project: str) -> str | None:
    """Gives the folder below which the output of background work is kept."""
    mark = re.compile(rf"/claude-\d+/{re.escape(project)}/")
    found = next((match for text in texts if (match := mark.search(text))), None)
    return _before([found.string[: found.end()]], found.group()) if found else None


def _commits(texts: Sequence[str]) -> tuple[str, ...]:
    for text in texts:
        if found := _COMMITS.search(text):
            return tuple(_COMMIT.findall(found.group(1)))
    return ()

"""Finds Qwen Code's chats: below `~/.qwen`, `$QWEN_HOME`, `$QWEN_RUNTIME_DIR` or a mirror; or one file.

Layouts: `projects/<directory>/chats/<session>.jsonl`, sub-agents in
`projects/<directory>/subagents/<session>/agent-<id>.jsonl` with a `.meta.json` beside (0.24), and
`tmp/<hash>/chats/session-*.json` in Gemini CLI's form (the first releases).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from reenact.sources.files import Candidate, candidates, unreadable
from reenact.sources.gemini import discover as gemini
from reenact.sources.protocol import Environment, Sidecar, Transcript

_AGENT = "qwen"
_HEAD = 16 * 1024
_SESSION = re.compile(rb'"sessionId"\s*:\s*"([^"\\\x00-\x1f]{1,200})"')
_ID = re.compile(rb'"agentId"\s*:\s*"([^"\\\x00-\x1f]{1,200})"')
_SIDE = re.compile(rb'"isSidechain"\s*:\s*true')
_PLACE = re.compile(r"/projects/[^/]+/(chats|subagents/[^/]+)/[^/]+$")
_NOT_CHATS = frozenset({"memory", "memories", "debug", "node_modules", ".git", "extensions", "tmp"})


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """Whose chat a file is."""

    session: str
    agent: str | None = None


def roots(environment: Environment) -> tuple[str, ...]:
    """Gives the folders of Qwen Code, existing or not."""
    variables = environment.variables
    own = variables.get("QWEN_HOME") or str(Path(environment.home, ".qwen"))
    found = (own, variables.get("QWEN_RUNTIME_DIR") or own)
    expanded = [environment.expanded(path) for path in dict.fromkeys(found)]
    return (*expanded, *environment.extra_roots.get(_AGENT, ()))


def transcripts(root: str) -> Iterator[Transcript]:
    """Yields the chat files below a root."""
    start = _start(root)
    for candidate in candidates(start, is_named=_is_named, but=_NOT_CHATS):
        head = _head(candidate)
        if head is not None:
            yield _transcript(candidate, head)
    early = Path(start, "tmp")
    if Path(start).name == ".qwen" and os.path.isdir(early):
        for found in gemini.transcripts(str(early), agent=_AGENT):
            yield found.__replace__(hints={**found.hints, "form": "gemini"})


def problems(root: str) -> Iterator[tuple[str, str]]:
    """Yields what looks like a chat file and cannot be read as one."""
    for candidate in candidates(_start(root), is_named=_is_named, but=_NOT_CHATS):
        if candidate.problem is not None:
            yield candidate.path, candidate.problem
        elif _head(candidate) is None:
            is_sure = candidate.path == root or _PLACE.search(candidate.path)
            reason = unreadable(candidate.path) or ("it holds no chat of Qwen Code" if is_sure else None)
            if reason is not None:
                yield candidate.path, reason


def _transcript(candidate: Candidate, head: Head) -> Transcript:
    hints = {"session": head.session}
    sidecars: tuple[Sidecar, ...] = ()
    if head.agent is not None:
        hints["main"] = head.session
        hints["session"] = f"{head.session}#{head.agent}"
        meta = candidate.path.removesuffix(".jsonl") + ".meta.json"
        sidecars = (Sidecar(name="meta", path=meta),)
    key = f"{hints['session']}:{candidate.name}"
    return candidate.transcript(agent=_AGENT, key=key, hints=hints, sidecars=sidecars)


def _is_named(name: str) -> bool:
    return name.endswith(".jsonl") and not name.startswith(".") and name != "usage_record.jsonl"


def _start(root: str) -> str:
    own = Path(root, ".qwen")
    return str(own) if os.path.isdir(own) else root


def _head(candidate: Candidate) -> Head | None:
    """Gives whose chat a file is; Claude Code's rows have the same envelope, but no parts."""
    if candidate.problem is not None or candidate.size == 0:
        return None
    try:
        with Path(candidate.path).open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return None
    first = head.lstrip(b"\x00\xef\xbb\xbf \t\r\n")
    if not first.startswith(b"{") or b'"uuid"' not in first or b'"parentUuid"' not in first:
        return None
    session = _SESSION.search(first)
    if session is None or not (b'"parts"' in first or b'"systemPayload"' in first):
        return None
    line = first.partition(b"\n")[0]
    agent = _ID.search(line) if _SIDE.search(line) else None
    return Head(
        session=session[1].decode("utf-8", "replace"),
        agent=agent[1].decode("utf-8", "replace") if agent is not None else None,
    )

"""Finds chat files: below `~/.gemini`, `$GEMINI_CLI_HOME/.gemini` or a folder that mirrors it; or one file.

Layouts: `tmp/<project>/chats/session-*.json[l]`, where the project is a SHA-256 (up to 0.28) or a
name (0.29 on); sub-agents beside them (up to 0.36) or in `chats/<root session>/` (0.37 on). A
session may lie in several files (`.json` and `.jsonl`, segments, stubs): each is a transcript of
its own, and the archive joins what they tell of one session.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from reenact.sources.files import Candidate, candidates
from reenact.sources.gemini.peek import Head, head_of
from reenact.sources.gemini.place import Places
from reenact.sources.protocol import Environment, Transcript

_AGENT = "gemini"
_QWEN = "/.qwen/"
_SIBLINGS = frozenset({"logs.json", "projects.json", "settings.json", "state.json"})
_NOT_CHATS = frozenset({"checkpoints", "tool-outputs", "logs", "node_modules", ".git", "plans", "tasks"})


def roots(environment: Environment) -> tuple[str, ...]:
    """Gives the folders of Gemini CLI; its variable names the home in place of the user's."""
    home = environment.variables.get("GEMINI_CLI_HOME") or environment.home
    return (str(Path(home, ".gemini")), *environment.extra_roots.get(_AGENT, ()))


def transcripts(root: str, *, agent: str = _AGENT) -> Iterator[Transcript]:
    """Yields the chat files below a root; Qwen Code began with files of the same form."""
    places = Places()
    for candidate in _candidates(root):
        head = _head(candidate)
        if head is None or (agent == _AGENT and _QWEN in candidate.path):
            continue
        place = places.of(candidate.path, head)
        hints = {"session": head.session}
        hints.update(
            {name: told for name, told in (("cwd", place.cwd), ("root", place.root)) if told is not None}
        )
        is_document = candidate.name.endswith(".json")
        if is_document:
            hints["layout"] = "document"
        yield candidate.transcript(
            agent=agent,
            key=f"{head.session}:{candidate.name}",
            layout="document" if is_document else "lines",
            hints=hints,
            sidecars=place.sidecars,
        )


def problems(root: str) -> Iterator[tuple[str, str]]:
    """Yields what looks like a chat file and cannot be read as one."""
    for candidate in _candidates(root):
        if candidate.problem is not None:
            yield candidate.path, candidate.problem
        elif candidate.name.startswith("session-") or candidate.path == root:
            reason = _reason(candidate)
            if reason is not None:
                yield candidate.path, reason


def _head(candidate: Candidate) -> Head | None:
    if candidate.problem is not None or candidate.size == 0:
        return None
    try:
        return head_of(candidate.path)
    except OSError:
        return None


def _reason(candidate: Candidate) -> str | None:
    if candidate.size == 0:
        return "it is empty"
    try:
        return None if head_of(candidate.path) is not None else "it holds no chat of Gemini CLI"
    except OSError as error:
        return error.strerror or "it cannot be read"


def _candidates(root: str) -> Iterator[Candidate]:
    return candidates(_start(root), is_named=_may_be_chat, but=_NOT_CHATS)


def _start(root: str) -> str:
    """Gives where to look below a root: in a folder of Gemini CLI, a home of a user, or the folder itself."""
    for folder in (Path(root, ".gemini", "tmp"), Path(root, "tmp") if Path(root).name == ".gemini" else None):
        if folder is not None and os.path.isdir(folder):
            return str(folder)
    return root


def _may_be_chat(name: str) -> bool:
    if name in _SIBLINGS or name.startswith((".", "checkpoint")):
        return False
    return name.endswith((".json", ".jsonl"))

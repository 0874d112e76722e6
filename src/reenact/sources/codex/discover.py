"""Finds rollouts: below `~/.codex` or `$CODEX_HOME`, in any folder that mirrors one, or one file.

A thread may lie in several places (active and archived, plain and compressed); the plain file wins
over the compressed one and the active over the archived one, so that each thread comes once.
Layouts: `sessions/YYYY/MM/DD/rollout-*.jsonl[.zst]`, `archived_sessions/*`, and the older
`sessions/rollout-*.json[l]`. Files of other names count where their first row is one of Codex.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from reenact.sources.codex.peek import ThreadNames, key_inside
from reenact.sources.files import Candidate, candidates
from reenact.sources.protocol import Environment, Transcript

_AGENT = "codex"
_NAME = re.compile(
    r"rollout-(?P<date>\d{4}-\d\d-\d\d)(?:T(?P<time>\d\d-\d\d-\d\d))?-(?P<thread>[0-9a-fA-F-]{36})"
    r"\.(?:jsonl|json|jsonl\.zst)"
)
_OWN_FILES = frozenset({"history.jsonl", "session_index.jsonl"})


def roots(environment: Environment) -> tuple[str, ...]:
    """Gives the homes of Codex: `$CODEX_HOME`, else `~/.codex`, and what the settings add."""
    own = environment.variables.get("CODEX_HOME") or str(Path(environment.home, ".codex"))
    return (own, *environment.extra_roots.get(_AGENT, ()))


def transcripts(root: str) -> Iterator[Transcript]:
    """Yields each thread below a root once, from its best place."""
    best: dict[str, tuple[tuple[bool, bool, int, str], Transcript]] = {}
    names = ThreadNames()
    for candidate in _candidates(root):
        found = _transcript(candidate)
        if found is None:
            continue
        title = names.of(found.path, found.key)
        if title is not None:
            found = found.__replace__(hints={**found.hints, "title": title})
        rank = (found.encoding == "zstd", "archived" in found.hints, -found.size, found.path)
        if found.key not in best or rank < best[found.key][0]:
            best[found.key] = (rank, found)
    for _, found in best.values():
        yield found


def problems(root: str) -> Iterator[tuple[str, str]]:
    """Yields what looks like a rollout and cannot be read as one."""
    for candidate in _candidates(root):
        if candidate.problem is not None:
            yield candidate.path, candidate.problem
        elif _transcript(candidate) is None and (candidate.path == root or _NAME.fullmatch(candidate.name)):
            yield candidate.path, _reason(candidate)


def _transcript(candidate: Candidate) -> Transcript | None:
    if candidate.problem is not None or candidate.size == 0 or not os.access(candidate.path, os.R_OK):
        return None
    named = _NAME.fullmatch(candidate.name)
    key = named["thread"].lower() if named is not None else key_inside(candidate.path)
    if key is None:
        return None
    hints = {}
    if named is not None:
        hints["started"] = f"{named['date']}T{(named['time'] or '00-00-00').replace('-', ':')}"
    if "archived_sessions" in Path(candidate.path).parts[-5:-1]:
        hints["archived"] = "yes"
    return candidate.transcript(
        agent=_AGENT,
        key=key,
        encoding="zstd" if candidate.name.endswith(".zst") else "plain",
        layout="document" if candidate.name.endswith(".json") else "lines",
        hints=hints,
    )


def _reason(candidate: Candidate) -> str:
    if candidate.size == 0:
        return "it is empty"
    try:
        Path(candidate.path).open("rb").close()
    except OSError as error:
        return error.strerror or "it cannot be read"
    return "it holds no rollout of Codex"


def _candidates(root: str) -> Iterator[Candidate]:
    """Yields the files below a root that may be rollouts; a file that is named may be called anything."""
    if not os.path.isdir(root):
        yield from candidates(root, is_named=lambda _name: True)
        return
    for folder in _folders(root):
        yield from candidates(folder, is_named=_may_be_rollout)


def _folders(root: str) -> list[str]:
    """Gives where to look below a root: in a home of Codex, a home of a user, or the folder itself."""
    for home in (Path(root, ".codex"), Path(root)):
        named = (home / "sessions", home / "archived_sessions")
        there = [str(folder) for folder in named if os.path.isdir(folder)]
        if there:
            return there
    return [root]


def _may_be_rollout(name: str) -> bool:
    if name in _OWN_FILES or name.startswith("."):
        return False
    if name.endswith(".json"):
        return name.startswith("rollout-")
    return name.endswith((".jsonl", ".jsonl.zst"))

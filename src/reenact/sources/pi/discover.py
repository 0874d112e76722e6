"""Finds Pi's sessions: below its session folders, in any folder that mirrors one, or one file.

Layout: `sessions/--<directory>--/<time>_<uuid>.jsonl`. Identity is the id in the first line.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from reenact.sources.files import Candidate, candidates, unreadable
from reenact.sources.members import object_in, text
from reenact.sources.protocol import Environment, Transcript

_AGENT = "pi"
_HEAD = 64 * 1024
_NAME = re.compile(r"\d{4}-\d\d-\d\dT[\w-]+_[\w.-]+\.jsonl")
_LARGEST = 4 * 1024 * 1024


def roots(environment: Environment) -> tuple[str, ...]:
    """Gives the folders of Pi's sessions: what its variables and its settings name, and its own."""
    variables = environment.variables
    agent = variables.get("PI_CODING_AGENT_DIR")
    base = Path(environment.expanded(agent)) if agent else Path(environment.home, ".pi", "agent")
    named = (variables.get("PI_CODING_AGENT_SESSION_DIR"), _setting(base / "settings.json"))
    found = [
        str(base / "sessions"),
        *(str(base / environment.expanded(each)) for each in named if each),
    ]
    return (*dict.fromkeys(found), *environment.extra_roots.get(_AGENT, ()))


def transcripts(root: str) -> Iterator[Transcript]:
    """Yields the sessions below a root."""
    for candidate in candidates(_start(root), is_named=_is_named):
        if (session := _session(candidate)) is not None:
            yield candidate.transcript(
                agent=_AGENT, key=f"{session}:{candidate.name}", hints={"session": session}
            )


def problems(root: str) -> Iterator[tuple[str, str]]:
    """Yields what looks like a session and cannot be read as one."""
    for candidate in candidates(_start(root), is_named=_is_named):
        if candidate.problem is not None:
            yield candidate.path, candidate.problem
        elif _session(candidate) is None:
            is_sure = candidate.path == root or _NAME.fullmatch(candidate.name)
            reason = unreadable(candidate.path) or ("it holds no session of Pi" if is_sure else None)
            if reason is not None:
                yield candidate.path, reason


def _is_named(name: str) -> bool:
    return name.endswith(".jsonl") and not name.startswith(".")


def _start(root: str) -> str:
    for folder in (Path(root, ".pi", "agent", "sessions"), Path(root, "agent", "sessions")):
        if os.path.isdir(folder):
            return str(folder)
    own = Path(root, "sessions")
    return str(own) if Path(root).name == "agent" and os.path.isdir(own) else root


def _session(candidate: Candidate) -> str | None:
    """Gives the id that the first line states, if it is Pi's."""
    if candidate.problem is not None:
        return None
    try:
        with Path(candidate.path).open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return None
    first = head.lstrip(b"\x00\xef\xbb\xbf \t\r\n").partition(b"\n")[0]
    if b'"session"' not in first[:200]:
        return None
    value = object_in(first)
    if value is None or value.get("type") != "session" or "timestamp" not in value:
        return None
    return text(value, "id")


def _setting(settings: Path) -> str | None:
    try:
        if settings.stat().st_size > _LARGEST:
            return None
        return text(object_in(settings.read_bytes()) or {}, "sessionDir")
    except OSError:
        return None

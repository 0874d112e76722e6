"""Finds trajectories below a path that is named, by the ends of their names; they lie nowhere special."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from reenact import ids
from reenact.sources.files import NO_HOMES, Candidate, candidates
from reenact.sources.members import mappings, object_in, text
from reenact.sources.protocol import Transcript

AGENT = "swe_agent"


def transcripts(root: str) -> Iterator[Transcript]:
    """Yields the trajectories below a root."""
    for candidate in candidates(root, is_named=_is_named, but=NO_HOMES):
        if (native := _native(candidate)) is not None:
            yield candidate.transcript(agent=AGENT, key=native, layout="document", hints={"native": native})


def problems(root: str) -> Iterator[tuple[str, str]]:
    """Yields what is called a trajectory and cannot be read as one."""
    for candidate in candidates(root, is_named=_is_named, but=NO_HOMES):
        if candidate.problem is not None:
            yield candidate.path, candidate.problem
        elif _native(candidate) is None:
            yield candidate.path, "it holds no trajectory of SWE-agent"


def _is_named(name: str) -> bool:
    return name.endswith((".traj", ".traj.json")) and not name.startswith(".")


def _native(candidate: Candidate) -> str | None:
    """Gives a name made of how the run began: a run has no id, and its file may be called anything."""
    if candidate.problem is not None:
        return None
    try:
        value = object_in(Path(candidate.path).read_bytes())
    except OSError:
        return None
    if value is None or not ("trajectory" in value or "messages" in value):
        return None
    beginning = [
        text(each, "content") or repr(each.get("content"))
        for each in (mappings(value, "history") or mappings(value, "messages"))[:4]
    ]
    first = [text(step, "response") or "" for step in mappings(value, "trajectory")[:1]]
    name = text(value, "environment") or text(value, "instance_id") or "run"
    return f"{name}-{ids.derive(name, *beginning, *first)[:12]}"

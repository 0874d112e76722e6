"""Finds trajectories below a path that is named: they lie nowhere in particular.

A file is one if it says so (`"schema_version": "ATIF-v1.…"`). Its name tells nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from reenact import ids
from reenact.sources.files import NO_HOMES, Candidate, candidates
from reenact.sources.protocol import Transcript

AGENT = "atif"
_HEAD = 64 * 1024
_VERSION = re.compile(rb'"schema_version"\s*:\s*"ATIF-v[0-9.]{1,8}"')


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """What tells a trajectory from others."""

    trajectory_id: object = None
    session_id: object = None
    steps: list[msgspec.Raw] = []


_identities = msgspec.json.Decoder(Identity)


def transcripts(root: str) -> Iterator[Transcript]:
    """Yields the trajectories below a root."""
    for candidate in candidates(root, is_named=_is_named, but=NO_HOMES):
        if candidate.problem is None and _says_so(candidate) and (native := _native(candidate)) is not None:
            yield candidate.transcript(agent=AGENT, key=native, layout="document", hints={"native": native})


def problems(root: str) -> Iterator[tuple[str, str]]:
    """Yields what says that it is a trajectory and cannot be read as one."""
    for candidate in candidates(root, is_named=_is_named, but=NO_HOMES):
        if candidate.problem is not None:
            if candidate.path == root:
                yield candidate.path, candidate.problem
        elif _says_so(candidate) and _native(candidate) is None:
            yield candidate.path, "it says that it is an ATIF trajectory, and is no JSON object"


def _is_named(name: str) -> bool:
    return name.endswith(".json") and not name.startswith(".")


def _says_so(candidate: Candidate) -> bool:
    try:
        with Path(candidate.path).open("rb") as file:
            return _VERSION.search(file.read(_HEAD)) is not None
    except OSError:
        return False


def _native(candidate: Candidate) -> str | None:
    """Gives the trajectory's own id; where it has none, its run's, with its first own step's digest.

    Trajectories of one run may share the run's id (a continuation does), never a first step of their own.
    """
    try:
        told = _identities.decode(Path(candidate.path).read_bytes())
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if isinstance(told.trajectory_id, str) and told.trajectory_id:
        return told.trajectory_id
    run = told.session_id if isinstance(told.session_id, str) else ""
    own = next((step for step in told.steps if b'"is_copied_context"' not in bytes(step)), None)
    is_first = bool(told.steps) and own is told.steps[0]
    if run and is_first:
        return run
    return f"{run or 'atif'}+{ids.derive(bytes(own or b'').decode('utf-8', 'replace'))[:8]}"

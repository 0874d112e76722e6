"""Finds chat files: below `~/.gemini`, `$GEMINI_CLI_HOME/.gemini` or a folder that mirrors it; or one file.

Layouts: `tmp/<project>/chats/session-*.json[l]`, where the project is a SHA-256 (up to 0.28) or a
name (0.29 on); sub-agents beside them (up to 0.36) or in `chats/<root session>/` (0.37 on). A
session may lie in several files (`.json` and `.jsonl`, segments, stubs): each is a transcript of
its own, and the archive joins what they tell of one session.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec

from reenact.sources.gemini.peek import Head, head_of
from reenact.sources.gemini.place import Places
from reenact.sources.protocol import Environment, Transcript

_AGENT = "gemini"
_DEEPEST = 12
_SIBLINGS = frozenset({"logs.json", "projects.json", "settings.json", "state.json"})
_NOT_CHATS = frozenset({"checkpoints", "tool-outputs", "logs", "node_modules", ".git", "plans", "tasks"})


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A file that may be a chat, as its folder lists it."""

    path: str
    size: int = 0
    mtime_ns: int = 0
    inode: int = 0
    problem: str | None = None

    @property
    def name(self) -> str:
        return os.path.basename(self.path)


def roots(environment: Environment) -> tuple[str, ...]:
    """Gives the folders of Gemini CLI; its variable names the home in place of the user's."""
    home = environment.variables.get("GEMINI_CLI_HOME") or environment.home
    return (str(Path(home, ".gemini")), *environment.extra_roots.get(_AGENT, ()))


def transcripts(root: str) -> Iterator[Transcript]:
    """Yields the chat files below a root."""
    places = Places()
    for candidate in _candidates(root):
        head = _head(candidate)
        if head is None:
            continue
        place = places.of(candidate.path, head)
        hints = {"file": candidate.name, "session": head.session}
        hints.update(
            {name: told for name, told in (("cwd", place.cwd), ("root", place.root)) if told is not None}
        )
        is_document = candidate.name.endswith(".json")
        if is_document:
            hints["layout"] = "document"
        yield Transcript(
            agent=_AGENT,
            key=f"{head.session}:{candidate.name}",
            path=candidate.path,
            layout="document" if is_document else "lines",
            hints=hints,
            sidecars=place.sidecars,
            size=candidate.size,
            mtime_ns=candidate.mtime_ns,
            inode=candidate.inode,
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
    """Yields the files below a root that may be chats; no folder is entered twice."""
    try:
        status = Path(root).stat()
    except OSError as error:
        if os.path.lexists(root):
            yield Candidate(path=root, problem=error.strerror or "it cannot be read")
        return
    if not stat.S_ISDIR(status.st_mode):
        if root.endswith((".json", ".jsonl")):
            yield _candidate(root, status)
        return
    yield from _below(_start(root), set(), depth=0)


def _start(root: str) -> str:
    """Gives where to look below a root: in a folder of Gemini CLI, a home of a user, or the folder itself."""
    for folder in (Path(root, ".gemini", "tmp"), Path(root, "tmp") if Path(root).name == ".gemini" else None):
        if folder is not None and folder.is_dir():
            return str(folder)
    return root


def _below(folder: str, seen: set[tuple[int, int]], *, depth: int) -> Iterator[Candidate]:
    try:
        with os.scandir(folder) as entries:
            listed = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        if not isinstance(error, FileNotFoundError):
            yield Candidate(path=folder, problem=error.strerror or "it cannot be read")
        return
    for entry in listed:
        try:
            status = entry.stat()
        except OSError as error:
            if _may_be_chat(entry.name):
                yield Candidate(path=entry.path, problem=error.strerror or "it cannot be read")
            continue
        if stat.S_ISDIR(status.st_mode):
            mark = (status.st_dev, status.st_ino)
            if mark not in seen and depth < _DEEPEST and entry.name not in _NOT_CHATS:
                seen.add(mark)
                yield from _below(entry.path, seen, depth=depth + 1)
        elif _may_be_chat(entry.name):
            yield _candidate(entry.path, status)


def _may_be_chat(name: str) -> bool:
    if name in _SIBLINGS or name.startswith((".", "checkpoint")):
        return False
    return name.endswith((".json", ".jsonl"))


def _candidate(path: str, status: os.stat_result) -> Candidate:
    return Candidate(
        path=path,
        size=status.st_size,
        mtime_ns=status.st_mtime_ns,
        inode=status.st_ino,
        problem=None if stat.S_ISREG(status.st_mode) else "it is not a regular file",
    )

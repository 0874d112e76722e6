"""Files below a folder that may be transcripts: every folder entered once, nothing found there raises."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Literal

import msgspec

from reenact.sources.protocol import Sidecar, Transcript

NO_HOMES = frozenset({"node_modules", ".git", ".venv", "__pycache__"})
"""Names of folders to leave out where transcripts may lie anywhere: no agent writes there."""
_DEEPEST = 12


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A file that may be a transcript, as its folder lists it."""

    path: str
    size: int = 0
    mtime_ns: int = 0
    inode: int = 0
    problem: str | None = None

    @property
    def name(self) -> str:
        return os.path.basename(self.path)

    def transcript(
        self,
        *,
        agent: str,
        key: str,
        encoding: Literal["plain", "zstd"] = "plain",
        layout: Literal["lines", "document"] = "lines",
        hints: Mapping[str, str],
        sidecars: tuple[Sidecar, ...] = (),
    ) -> Transcript:
        """Gives the transcript that this file is; its name is one of the hints."""
        return Transcript(
            agent=agent,
            key=key,
            path=self.path,
            encoding=encoding,
            layout=layout,
            hints={"file": self.name, **hints},
            sidecars=sidecars,
            size=self.size,
            mtime_ns=self.mtime_ns,
            inode=self.inode,
        )


def unreadable(path: str) -> str | None:
    """Gives why a file cannot be opened; None where it can."""
    try:
        with Path(path).open("rb"):
            return None
    except OSError as error:
        return error.strerror or "it cannot be read"


def candidates(
    root: str, *, is_named: Callable[[str], bool], but: frozenset[str] = frozenset()
) -> Iterator[Candidate]:
    """Yields the files below a root whose names fit, folders of the names in `but` left out."""
    try:
        status = Path(root).stat()
    except OSError as error:
        if os.path.lexists(root) or not isinstance(error, FileNotFoundError | NotADirectoryError):
            yield Candidate(path=root, problem=error.strerror or "it cannot be read")
        return
    if stat.S_ISDIR(status.st_mode):
        yield from _below(root, is_named, but, {(status.st_dev, status.st_ino)}, depth=0)
    elif is_named(os.path.basename(root)):
        yield _candidate(root, status)


def _below(
    folder: str,
    is_named: Callable[[str], bool],
    but: frozenset[str],
    seen: set[tuple[int, int]],
    *,
    depth: int,
) -> Iterator[Candidate]:
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
            if is_named(entry.name):
                yield Candidate(path=entry.path, problem=error.strerror or "it cannot be read")
            continue
        if stat.S_ISDIR(status.st_mode):
            mark = (status.st_dev, status.st_ino)
            if mark not in seen and depth < _DEEPEST and entry.name not in but:
                seen.add(mark)
                yield from _below(entry.path, is_named, but, seen, depth=depth + 1)
        elif is_named(entry.name):
            yield _candidate(entry.path, status)


def _candidate(path: str, status: os.stat_result) -> Candidate:
    return Candidate(
        path=path,
        size=status.st_size,
        mtime_ns=status.st_mtime_ns,
        inode=status.st_ino,
        problem=None if stat.S_ISREG(status.st_mode) else "it is not a regular file",
    )

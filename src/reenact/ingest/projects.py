"""Which project a working directory belongs to: its git root; worktrees count to their repository."""

from __future__ import annotations

import os
from pathlib import Path


def root_of(cwd: str) -> str | None:
    """Gives the git root of a directory, or None where it (or git's mark in it) does not exist.

    A worktree's `.git` file names `<repository>/.git/worktrees/<name>`; the repository counts.
    """
    try:
        start = Path(cwd)
        if not start.is_absolute():
            return None
        for folder in (start, *start.parents):
            mark = folder / ".git"
            if os.path.isdir(mark):
                return str(folder)
            if os.path.isfile(mark):
                return _repository(folder, mark)
    except (OSError, ValueError):
        return None
    return None


def _repository(folder: Path, mark: Path) -> str:
    with mark.open(encoding="utf-8", errors="replace") as handle:
        text = handle.read(4096)
    if text.startswith("gitdir:"):
        target = (folder / text.removeprefix("gitdir:").strip()).resolve()
        if target.parent.name == "worktrees" and target.parent.parent.name == ".git":
            return str(target.parent.parent.parent)
    return str(folder)

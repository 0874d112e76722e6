"""Reads the git repository around a directory: from its files, and only what they cannot tell from git.

Whatever is not there, not readable or too slow is unknown; nothing here raises.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from reenact.events.blocks import Repository

_SECONDS = 2
"""What a recording waits at most to learn whether there are changes."""
_REMOTE = re.compile(r'\[remote "origin"\][^\[]*?^\s*url\s*=\s*(\S+)', re.MULTILINE)
_HEAD = re.compile(r"[0-9a-f]{40,64}")


def repository_of(cwd: str) -> Repository | None:
    """Gives head, branch, remote and whether there are changes; None where there is no repository."""
    try:
        folder = _git_folder(Path(cwd))
        if folder is None:
            return None
        shared = _shared(folder)
        head = _text(folder / "HEAD")
        branch = head.removeprefix("ref: refs/heads/") if head.startswith("ref: refs/heads/") else None
        commit = _commit(folder, shared, head)
        remote = _REMOTE.search(_text(shared / "config"))
    except (OSError, ValueError):
        return None
    return Repository(
        head=commit,
        branch=branch,
        remote=_without_credentials(remote[1]) if remote else None,
        dirty=_is_dirty(cwd),
    )


def _git_folder(place: Path) -> Path | None:
    """Gives the folder that holds HEAD, of a repository or of one of its work trees."""
    for folder in (place, *place.parents):
        git = folder / ".git"
        if git.is_dir():
            return git
        if git.is_file():
            told = _text(git).removeprefix("gitdir: ")
            return (folder / told).resolve()
    return None


def _shared(folder: Path) -> Path:
    """Gives the folder that all work trees of a repository share."""
    told = folder / "commondir"
    return (folder / _text(told)).resolve() if told.exists() else folder


def _commit(folder: Path, shared: Path, head: str) -> str | None:
    if not head.startswith("ref: "):
        return head if _HEAD.fullmatch(head) else None
    name = head.removeprefix("ref: ")
    for place in (folder / name, shared / name):
        if place.is_file():
            return _text(place)
    packed = shared / "packed-refs"
    if packed.is_file():
        for line in packed.read_text("utf-8", "replace").splitlines():
            if line.endswith(f" {name}"):
                return line.partition(" ")[0]
    return None


def _text(path: Path) -> str:
    return path.read_text("utf-8", "replace").strip()


def _is_dirty(cwd: str) -> bool | None:
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(
            ("git", "-C", cwd, "status", "--porcelain", "--untracked-files=no"),
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            env=environment,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return bool(done.stdout.strip()) if done.returncode == 0 else None


def _without_credentials(remote: str) -> str:
    if "://" not in remote:
        return remote
    scheme, _, rest = remote.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"

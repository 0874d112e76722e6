"""Where Claude Code's transcripts lie: names first, the beginning of a file only where names do not tell.

Layouts: `projects/<munged cwd>/<session>.jsonl`; sub-agents beside it (`agent-<id>.jsonl`, 2.0.x) or in
`<session>/subagents/**/agent-<id>.jsonl` (2.1 on) with `agent-<id>.meta.json`; spilled outputs in
`<session>/tool-results/`. The folder's name is never decoded into a path: that is lossy.
"""

# Tens of thousands of files are listed here; plain strings are several times faster than Path.

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from reenact.sources.claude_code import head
from reenact.sources.claude_code.state import AGENT
from reenact.sources.protocol import Environment, Sidecar, Transcript

Problem = tuple[str, str]
"""A path, and why it is no transcript."""

_HEX = "[0-9a-fA-F]"
_UUID = re.compile(rf"\A{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}\Z")
_AGENT_FILE = re.compile(r"\Aagent-(.+)\.jsonl\Z", re.DOTALL)
_PLACES = ("projects", ".claude/projects", ".config/claude/projects")
_NOT_OURS = frozenset({"journal.jsonl", "history.jsonl"})
_CLOSED = frozenset({"tool-results", "file-history", "node_modules", ".git"})
_MAX_DEPTH = 24


def roots(environment: Environment) -> tuple[str, ...]:
    """Gives the folders where Claude Code keeps its files: its own variable, else both usual places."""
    own = [part.strip() for part in environment.variables.get("CLAUDE_CONFIG_DIR", "").split(",")]
    found = [part for part in own if part]
    if not found:
        xdg = environment.variables.get("XDG_CONFIG_HOME", "").strip()
        base = xdg or os.path.join(environment.home, ".config")
        found = [os.path.join(environment.home, ".claude"), os.path.join(base, "claude")]
    found.extend(environment.extra_roots.get(AGENT, ()))
    return tuple(dict.fromkeys(_expanded(path, environment.home) for path in found))


def transcripts(root: str) -> Iterator[Transcript]:
    """Yields the transcripts below a root: a configuration folder, a home, any other folder, a file."""
    for found in _walk(root):
        if isinstance(found, Transcript):
            yield found


def problems(root: str) -> Iterator[Problem]:
    """Yields what looks like a transcript and is none; this reads the beginning of every file."""
    for found in _walk(root):
        if not isinstance(found, Transcript):
            yield found
        elif (defect := head.defect(found.path)) is not None:
            yield found.path, defect


def _expanded(path: str, home: str) -> str:
    if path == "~" or path.startswith("~/"):
        return os.path.join(home, path[2:])
    return path


def _walk(root: str) -> Iterator[Transcript | Problem]:
    try:
        kind = os.stat(root).st_mode
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        yield root, _reason(error)
        return
    if not stat.S_ISDIR(kind):
        folder, name = os.path.split(os.path.abspath(root))
        listing = _Listing(folder)
        yield from _file(listing, name, root, is_asked=True)
        return
    places = [os.path.join(root, *place.split("/")) for place in _PLACES]
    known = [place for place in places if os.path.isdir(place)]
    for start in known or [root]:
        yield from _folder(start, seen=set(), depth=0)


class _Listing:
    """One folder's entries, read once."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.entries: dict[str, os.DirEntry[str]] = {}
        self.error: str | None = None
        try:
            with os.scandir(folder) as entries:
                self.entries = {entry.name: entry for entry in entries}
        except OSError as error:
            self.error = _reason(error)


def _folder(folder: str, *, seen: set[tuple[int, int]], depth: int) -> Iterator[Transcript | Problem]:
    """Walks a folder; links are followed, but no folder is entered twice."""
    try:
        status = os.stat(folder)
    except OSError as error:
        yield folder, _reason(error)
        return
    if (status.st_dev, status.st_ino) in seen:
        return
    if depth > _MAX_DEPTH:
        yield folder, "the folders are nested too deep"
        return
    seen.add((status.st_dev, status.st_ino))
    listing = _Listing(folder)
    if listing.error is not None:
        yield folder, listing.error
        return
    for name, entry in sorted(listing.entries.items()):
        if name.endswith(".jsonl"):
            yield from _file(listing, name, entry.path, is_asked=False)
        elif name not in _CLOSED and _is_folder(entry):
            yield from _folder(entry.path, seen=seen, depth=depth + 1)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _file(listing: _Listing, name: str, path: str, *, is_asked: bool) -> Iterator[Transcript | Problem]:
    if name in _NOT_OURS and not is_asked:
        return
    try:
        status = os.stat(path)
    except OSError as error:
        yield path, _reason(error)
        return
    if stat.S_ISDIR(status.st_mode):
        yield from _folder(path, seen=set(), depth=1)
        return
    if not stat.S_ISREG(status.st_mode):
        yield path, "not a regular file"
        return
    if status.st_size == 0:
        if is_asked:
            yield path, "the file is empty"
        return
    named = _named(listing.folder, name)
    if named is not None and _may_be_others(listing.folder) and head.is_foreign(path):
        return
    if named is None:
        found = head.identify(path)
        if found.problem is not None:
            if is_asked or found.is_damaged:
                yield path, found.problem
            return
        named = _Name(_key(found, name), {"owner": "rows"} if found.agent_id else {})
    yield Transcript(
        agent=AGENT,
        key=named.key,
        path=path,
        hints={"file": name, **named.hints},
        sidecars=_sidecars(listing, name, is_sub="/" in named.key),
        size=status.st_size,
        mtime_ns=status.st_mtime_ns,
        inode=status.st_ino,
    )


@lru_cache(maxsize=64)
def _may_be_others(folder: str) -> bool:
    """Tells whether a file called by an id may be another agent's: outside of a mirror of our folders."""
    parts = Path(folder).parts
    return "projects" not in parts or "chats" in parts[-2:]


class _Name(NamedTuple):
    """What the names of a file and its folders tell."""

    key: str
    hints: Mapping[str, str] = MappingProxyType({})


def _named(folder: str, name: str) -> _Name | None:
    """Gives the identity that the names tell, or None where the rows have to be asked."""
    stem = name.removesuffix(".jsonl")
    if _UUID.match(stem):
        return _Name(stem)
    agent = _AGENT_FILE.match(name)
    if agent is None:
        return None
    owner = _owner(folder)
    return None if owner is None else _Name(f"{owner}/{agent.group(1)}")


@lru_cache(maxsize=64)
def _owner(folder: str) -> str | None:
    """Gives the session whose `subagents` folder this is, or lies in."""
    parts = Path(folder).parts
    for place in range(len(parts) - 1, 0, -1):
        if parts[place] == "subagents" and _UUID.match(parts[place - 1]):
            return parts[place - 1]
    return None


def _key(found: head.Identity, name: str) -> str:
    stem = name.removesuffix(".jsonl")
    agent = _AGENT_FILE.match(name)
    agent_id = agent.group(1) if agent and found.agent_id else found.agent_id
    owner = found.session_id or stem
    return f"{owner}/{agent_id}" if agent_id else owner


def _sidecars(listing: _Listing, name: str, *, is_sub: bool) -> tuple[Sidecar, ...]:
    stem = name.removesuffix(".jsonl")
    if is_sub:
        meta = listing.entries.get(f"{stem}.meta.json")
        return (Sidecar(name="meta.json", path=meta.path),) if meta is not None else ()
    if stem not in listing.entries:
        return ()
    spills = _Listing(os.path.join(listing.folder, stem, "tool-results"))
    return tuple(
        Sidecar(name=f"tool-results/{spill}", path=entry.path)
        for spill, entry in sorted(spills.entries.items())
        if _is_file(entry)
    )


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)

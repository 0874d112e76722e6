"""What the place of a chat file tells: the project's root, the session above it, spilled tool outputs."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import msgspec

from reenact.sources.gemini.peek import Head
from reenact.sources.members import mapping, object_in
from reenact.sources.protocol import Sidecar

_LARGEST = 1024 * 1024
_MOST_SIDECARS = 500


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """What the folders around a chat say of it."""

    cwd: str | None = None
    root: str | None = None
    """The session whose sub-agent (of whatever depth) wrote this."""
    sidecars: tuple[Sidecar, ...] = ()


class Places:
    """Looks each folder up once."""

    def __init__(self) -> None:
        self._projects: dict[str, str | None] = {}
        self._registries: dict[str, dict[str, str]] = {}

    def of(self, path: str, head: Head) -> Place:
        """Gives what the place of a chat tells."""
        folder = Path(path).parent
        is_nested = head.is_sub_agent and Path(path).stem == head.session and folder.name != "chats"
        chats = folder.parent if is_nested and folder.parent.name == "chats" else folder
        project = chats.parent
        return Place(
            cwd=self._cwd(project, head) if chats.name == "chats" else None,
            root=folder.name if is_nested else None,
            sidecars=_outputs(project, head.session) if chats.name == "chats" else (),
        )

    def _cwd(self, project: Path, head: Head) -> str | None:
        name = str(project)
        if name not in self._projects:
            self._projects[name] = _root_file(project) or _root_file(
                project.parent.parent / "history" / project.name
            )
        found = self._projects[name]
        if found is not None:
            return found
        home = project.parent.parent
        for root, short in self._registry(home).items():
            if short == project.name or _digest(root) == head.project:
                return root
        return None

    def _registry(self, home: Path) -> dict[str, str]:
        name = str(home)
        if name not in self._registries:
            found: dict[str, str] = {}
            try:
                registry = home / "projects.json"
                if registry.stat().st_size <= _LARGEST:
                    projects = mapping(object_in(registry.read_bytes()) or {}, "projects")
                    found = {root: short for root, short in projects.items() if isinstance(short, str)}
            except OSError:
                pass
            self._registries[name] = found
        return self._registries[name]


def _root_file(folder: Path) -> str | None:
    try:
        with (folder / ".project_root").open("rb") as file:
            said = file.read(8192).decode("utf-8", "replace").strip()
    except OSError:
        return None
    return said if os.path.isabs(said) and "\n" not in said and "\0" not in said else None


def _digest(root: str) -> str:
    return hashlib.sha256(root.encode("utf-8", "surrogatepass")).hexdigest()


def _outputs(project: Path, session: str) -> tuple[Sidecar, ...]:
    """Gives the files to which the session's large tool outputs were spilled."""
    if "/" in session or session in {".", ".."}:
        return ()
    try:
        with os.scandir(project / "tool-outputs" / f"session-{session}") as entries:
            found = sorted((entry.name, entry.path) for entry in entries if entry.is_file())
    except OSError:
        return ()
    return tuple(Sidecar(name=name, path=path) for name, path in found[:_MOST_SIDECARS])

"""File changes: as Codex lists them, and as `apply_patch` was asked for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reenact.events.bodies import FileChanged
from reenact.sources.members import mapping, text

_BEGIN, _END = "*** Begin Patch", "*** End Patch"
_ADD, _DELETE, _UPDATE = "*** Add File: ", "*** Delete File: ", "*** Update File: "
_MOVE = "*** Move to: "


def listed(changes: dict[str, Any], call: str | None) -> Iterator[FileChanged]:
    """Yields the changes that a `FileChange` item or a `patch_apply_end` event lists."""
    for path in changes:
        told = mapping(changes, path)
        kind = text(told, "type")
        change = told
        if kind is None:  # the older form: {"add": {…}}
            kind = next((name for name in ("add", "delete", "update") if name in told), "")
            change = mapping(told, kind)
        if kind == "add":
            yield _added(path, text(change, "content") or "", call)
        elif kind == "delete":
            yield _deleted(path, text(change, "content"), call)
        elif kind == "update":
            yield _updated(path, text(change, "unified_diff") or "", text(change, "move_path"), call)


def asked(patch: str, call: str | None) -> Iterator[FileChanged]:
    """Yields the changes that the text of a patch asks for."""
    start = patch.find(_BEGIN)
    if start < 0:
        return
    path, head, moved = None, "", None
    body: list[str] = []
    for line in patch[start:].splitlines():
        if line.startswith((_ADD, _DELETE, _UPDATE, _END)):
            if path is not None:
                yield _asked(head, path, body, moved, call)
            if line.startswith(_END):
                return
            head = next(each for each in (_ADD, _DELETE, _UPDATE) if line.startswith(each))
            path, body, moved = line.removeprefix(head).strip(), [], None
        elif line.startswith(_MOVE):
            moved = line.removeprefix(_MOVE).strip()
        elif path is not None:
            body.append(line)
    if path is not None:
        yield _asked(head, path, body, moved, call)


def in_command(arguments: Any) -> str | None:
    """Gives the patch in a shell command that applies one, else None."""
    if not isinstance(arguments, dict):
        return None
    command = arguments.get("command", arguments.get("cmd"))
    words = [command] if isinstance(command, str) else command
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        return None
    if not any("apply_patch" in word for word in words):
        return None
    return next((word for word in words if _BEGIN in word), None)


def _asked(head: str, path: str, body: list[str], moved: str | None, call: str | None) -> FileChanged:
    if head == _ADD:
        content = "".join(f"{line[1:]}\n" for line in body if line.startswith("+"))
        return _added(path, content, call)
    if head == _DELETE:
        return _deleted(path, None, call)
    return _updated(path, "".join(f"{line}\n" for line in body), moved, call)


def _added(path: str, content: str, call: str | None) -> FileChanged:
    plus = len(content.splitlines())
    return FileChanged(
        path=path,
        op="create",
        before_known=True,
        after=content,
        after_known=True,
        plus=plus,
        minus=0,
        call=call,
    )


def _deleted(path: str, content: str | None, call: str | None) -> FileChanged:
    minus = None if content is None else len(content.splitlines())
    return FileChanged(
        path=path,
        op="delete",
        before=content,
        before_known=content is not None,
        after_known=True,
        minus=minus,
        call=call,
    )


def _updated(path: str, diff: str, moved: str | None, call: str | None) -> FileChanged:
    lines = diff.splitlines()
    return FileChanged(
        path=path,
        op="move" if moved else "modify",
        patch=diff,
        plus=sum(line.startswith("+") for line in lines),
        minus=sum(line.startswith("-") for line in lines),
        moved_to=moved,
        call=call,
    )

"""What a finished tool call changed: files, and the plan."""

from __future__ import annotations

from typing import Any

from reenact.events.blocks import PlanItem
from reenact.events.bodies import FileChanged, PlanUpdated
from reenact.sources.claude_code.records import items, table, text
from reenact.sources.claude_code.tools import Call

_MAX_ITEMS = 10_000


def file_changed(name: str, call: str, given: Any, result: Any, said: str) -> FileChanged | None:
    """Gives the change of a file that a successful call made, or None where it made none.

    The result says most; where there is none (rows of sub-agents) the call's input says what it can.
    """
    given, result = table(given), table(result)
    path = text(result.get("filePath")) or text(given.get("file_path")) or text(given.get("notebook_path"))
    if path is None:
        return None
    match name:
        case "Edit" | "MultiEdit":
            return _edited(path, call, given, result)
        case "Write":
            return _written(path, call, given, result, said)
        case "NotebookEdit":
            return _notebook(path, call, result)
    return None


def _edited(path: str, call: str, given: dict[str, Any], result: dict[str, Any]) -> FileChanged:
    before = result.get("originalFile")
    before = before if isinstance(before, str) else None
    after = None
    if before is not None and result.get("userModified") is not True:
        after = _replaced(before, _edits(given, result))
    patch, plus, minus = _patch(result.get("structuredPatch"))
    created = before == "" and all(not old for old, _, _ in _edits(given, result))
    return FileChanged(
        path=path,
        op="create" if created else "modify",
        before=before,
        after=after,
        before_known=before is not None,
        after_known=after is not None,
        patch=patch,
        plus=plus,
        minus=minus,
        call=call,
    )


def _edits(given: dict[str, Any], result: dict[str, Any]) -> list[tuple[str, str, bool]]:
    """Gives (old, new, everywhere) of each replacement in order."""
    several = items(result.get("edits")) or items(given.get("edits"))
    if not several:
        old = result.get("oldString", given.get("old_string"))
        new = result.get("newString", given.get("new_string"))
        everywhere = result.get("replaceAll", given.get("replace_all"))
        several = [{"old_string": old, "new_string": new, "replace_all": everywhere}]
    found = []
    for edit in several:
        old, new = table(edit).get("old_string"), table(edit).get("new_string")
        if isinstance(old, str) and isinstance(new, str):
            found.append((old, new, table(edit).get("replace_all") is True))
    return found


def _replaced(before: str, edits: list[tuple[str, str, bool]]) -> str | None:
    """Gives the text after the replacements; None where one of them does not fit."""
    if not edits:
        return None
    content = before
    for old, new, everywhere in edits:
        if not old and not content:
            content = new
            continue
        if not old or old not in content:
            return None
        content = content.replace(old, new, -1 if everywhere else 1)
    return content


def _written(
    path: str, call: str, given: dict[str, Any], result: dict[str, Any], said: str
) -> FileChanged | None:
    after = result.get("content", given.get("content"))
    after = after if isinstance(after, str) else None
    before = result.get("originalFile")
    before = before if isinstance(before, str) else None
    kind = result.get("type")
    created = kind == "create" or (kind is None and "created successfully" in said[:400])
    patch, plus, minus = _patch(result.get("structuredPatch"))
    if created and after is not None:
        plus, minus = _count(after), 0
    return FileChanged(
        path=path,
        op="create" if created else "modify",
        before=before,
        after=after,
        before_known=before is not None or created,
        after_known=after is not None,
        patch=patch,
        plus=plus,
        minus=minus,
        call=call,
    )


def _notebook(path: str, call: str, result: dict[str, Any]) -> FileChanged | None:
    if text(result.get("error")):
        return None
    before, after = result.get("original_file"), result.get("updated_file")
    before = before if isinstance(before, str) else None
    after = after if isinstance(after, str) else None
    return FileChanged(
        path=path,
        before=before,
        after=after,
        before_known=before is not None,
        after_known=after is not None,
        call=call,
    )


def _patch(hunks: Any) -> tuple[str | None, int | None, int | None]:
    """Gives unified diff hunks with the numbers of lines added and removed."""
    if not isinstance(hunks, list) or not hunks:
        return None, None, None
    parts: list[str] = []
    plus = minus = 0
    for hunk in map(table, hunks):
        found = [line for line in items(hunk.get("lines")) if isinstance(line, str)]
        plus += sum(1 for line in found if line.startswith("+"))
        minus += sum(1 for line in found if line.startswith("-"))
        old, new = (
            f"{hunk.get('oldStart')},{hunk.get('oldLines')}",
            f"{hunk.get('newStart')},{hunk.get('newLines')}",
        )
        parts.append(f"@@ -{old} +{new} @@")
        parts.extend(found)
    return "\n".join(parts) + "\n", plus, minus


def _count(content: str) -> int:
    return content.count("\n") + (1 if content and not content.endswith("\n") else 0)


class Plan:
    """The list of things to do, as the agent's tools change it."""

    def __init__(self) -> None:
        self._tasks: dict[str, PlanItem] = {}

    def updated(self, call: Call, result: Any) -> PlanUpdated | None:
        """Gives the plan after a successful call, or None where the call does not touch it."""
        given, found = table(call.input), table(result)
        match call.name:
            case "TodoWrite":
                todos = items(found.get("newTodos")) or items(given.get("todos"))
                return PlanUpdated(items=_todos(todos), call=call.identity)
            case "ExitPlanMode":
                plan = text(found.get("plan")) or text(given.get("plan"))
                return PlanUpdated(text=plan, call=call.identity) if plan else None
            case "TaskCreate":
                self._create(given, found)
            case "TaskUpdate":
                self._update(given)
            case _:
                return None
        return PlanUpdated(items=tuple(self._tasks.values()), call=call.identity)

    def _create(self, given: dict[str, Any], found: dict[str, Any]) -> None:
        task = table(found.get("task"))
        name = text(task.get("id")) or str(len(self._tasks) + 1)
        subject = text(task.get("subject")) or text(given.get("subject")) or ""
        if len(self._tasks) < _MAX_ITEMS:
            self._tasks[name] = PlanItem(text=subject, id=name)

    def _update(self, given: dict[str, Any]) -> None:
        name = str(given.get("taskId") or "")
        status = text(given.get("status"))
        if status == "deleted":
            self._tasks.pop(name, None)
            return
        old = self._tasks.get(name, PlanItem(text="", id=name))
        if len(self._tasks) < _MAX_ITEMS or name in self._tasks:
            self._tasks[name] = PlanItem(
                text=text(given.get("subject")) or old.text, status=status or old.status, id=name
            )


def _todos(todos: list[Any]) -> tuple[PlanItem, ...]:
    return tuple(
        PlanItem(
            text=text(table(todo).get("content")) or "",
            status=text(table(todo).get("status")) or "pending",
            id=text(table(todo).get("id")),
        )
        for todo in todos
    )

"""A Pi session's lines to drafts: one pass, in order, never looking ahead.

The file is a tree: an entry hangs on the one it names. What hangs on an earlier entry than the last
is a branch; the other one stays where it was, and the branch written last is the live one.
"""

from __future__ import annotations

from reenact import ids
from reenact.events.bodies import (
    CompactionFinished,
    ContextInjected,
    Custom,
    ModelSwitched,
    SessionForked,
    SessionStarted,
    SessionTitled,
    Unknown,
)
from reenact.sources import lines
from reenact.sources.members import count, mapping, text
from reenact.sources.pi import messages, prompting, records
from reenact.sources.pi.records import Entry
from reenact.sources.pi.tree import AGENT, Tree
from reenact.sources.protocol import Disposition, Line, Parsed, Setting

VERSION = 2


class PiParser:
    """Reads one session file from its first line on."""

    def __init__(self, setting: Setting) -> None:
        self._tree = Tree(setting.hints.get("session") or setting.key)

    def feed(self, line: Line) -> Parsed:
        decoded = lines.decode(line, is_row=_is_row)
        if decoded.held:
            return Parsed(disposition="held")
        tree = self._tree
        disposition: Disposition = "metadata"
        for value in decoded.values:
            disposition = self._entry(records.read(value))
        if decoded.warning is not None:
            tree.begin()
            tree.drafts.ts = None
            head = f"{decoded.warning.category}\x1f{decoded.warning.raw}"
            tree.drafts.emit(f"warn:{ids.derive(head)}", decoded.warning)
            disposition = "warning"
        return tree.drafts.taken(disposition)

    def _entry(self, entry: Entry) -> Disposition:
        tree = self._tree
        tree.drafts.ts = entry.ts
        if entry.type == "session":
            return self._header(entry)
        tree.begin()
        if entry.id is not None and entry.id in tree.anchors:
            return "repeat"
        tree.enter(entry)
        found = self._told(entry)
        tree.leave(entry)
        return found

    def _header(self, entry: Entry) -> Disposition:
        tree, value = self._tree, entry.raw
        if tree.is_begun:
            return "repeat"
        if entry.id is not None:
            tree.drafts.identify(entry.id)
        parent = records.parent_session(value)
        if parent is not None:
            tree.drafts.kind = "fork"
            tree.drafts.parent = ids.session_id(AGENT, parent)
        model = text(value, "modelId")
        body = SessionStarted(
            agent=AGENT,
            cwd=text(value, "cwd"),
            model=model,
            config={"version": value["version"]} if isinstance(value.get("version"), int) else None,
            forked=tree.drafts.parent,
        )
        tree.model = model
        tree.begin(body)
        if parent is not None and tree.drafts.parent is not None:
            forked = SessionForked(parent=tree.drafts.parent, mode="copy", parent_native=parent)
            tree.drafts.emit("forked", forked)
            tree.forked_at = entry.ts
        return "events"

    def _told(self, entry: Entry) -> Disposition:
        tree, drafts, value = self._tree, self._tree.drafts, entry.raw
        name = entry.name
        match entry.type:
            case "message":
                return messages.take(tree, entry)
            case "model_change":
                model = text(value, "modelId")
                if model is not None and model != tree.model:
                    tree.anchor = drafts.emit(name, ModelSwitched(model=model, previous=tree.model))
                    tree.model = model
                return "metadata"
            case "compaction":
                return self._compacted(entry)
            case "branch_summary":
                summary = text(value, "summary") or ""
                body = ContextInjected(blocks=records.blocks(summary), origin="branch_summary")
                tree.tell(name, body, parent=tree.hang())
                _asked_beside(tree, entry)
            case "custom_message":
                body = ContextInjected(
                    blocks=records.blocks(value.get("content")), origin=text(value, "customType")
                )
                tree.tell(name, body, parent=tree.hang())
            case "context_edit":
                return prompting.edited(tree, entry)
            case "usage":
                kind = text(value, "kind") or "(no kind)"
                drafts.emit(f"{name}:kind", Custom(name="pi.usage", data={"purpose": kind}))
                _asked_beside(tree, entry)
            case "session_info":
                title = text(value, "name")
                if title is not None:
                    drafts.emit(name, SessionTitled(title=title, by="user"))
            case "custom":
                data = {"type": text(value, "customType"), "data": value.get("data")}
                drafts.emit(name, Custom(name="pi.custom", data=data))
            case "label" | "thinking_level_change" as kind:
                data = {key: value.get(key) for key in ("targetId", "label", "thinkingLevel") if key in value}
                drafts.emit(name, Custom(name=f"pi.{kind}", data=data))
            case kind:
                drafts.unknown.append(kind or "(no type)")
                drafts.emit(name, Unknown(name=kind or "(no type)", raw=value))
        return "metadata"

    def _compacted(self, entry: Entry) -> Disposition:
        """Takes a compaction: a summary stands for all before the first entry that is kept."""
        tree, value = self._tree, entry.raw
        body = CompactionFinished(
            strategy="summary",
            trigger="extension" if value.get("fromHook") is True else None,
            before=count(value, "tokensBefore") or None,
            summary=text(value, "summary"),
            kept=tree.since(text(value, "firstKeptEntryId")),
        )
        tree.tell(entry.name, body)
        checkpoint = mapping(value, "systemMessage")
        if checkpoint:
            tree.system = []
            prompting.system(tree, f"{entry.name}:system", checkpoint)
        _asked_beside(tree, entry)
        return "events"


def _asked_beside(tree: Tree, entry: Entry) -> None:
    """Books a call beside the talk: a summary, or what warmed a cache."""
    value = entry.raw
    moment = None if entry.ts is None else entry.ts // 1000
    message = {
        "usage": value.get("usage"), "timestamp": moment,
        "model": value.get("model"), "provider": value.get("provider"),
    }  # fmt: skip
    messages.spent(tree, message, entry.name, model=tree.model)


def _is_row(value: dict[str, object]) -> bool:
    return isinstance(value.get("type"), str) and "timestamp" in value

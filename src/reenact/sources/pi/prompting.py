"""What Pi's model is given beside the talk: the system prompt and tools (0.87), and edits of the past."""

from __future__ import annotations

from typing import Any

from reenact.events.blocks import Text, ToolResult
from reenact.events.bodies import CompactionFinished, ContextTrimmed, Custom, SystemMessage
from reenact.sources.members import mapping, mappings, text
from reenact.sources.pi import records
from reenact.sources.pi.records import Entry
from reenact.sources.pi.tree import Tree
from reenact.sources.protocol import Disposition
from reenact.sources.session import Spot


def system(tree: Tree, name: str, message: dict[str, Any]) -> Disposition:
    """Takes a system message: the whole prompt, or sections and tools of it that are other now.

    The tools are told by their names; the whole declarations stay in the original.
    """
    sections = mapping(message, "sections")
    said = [
        Text(text=part, extra={"section": key}) for key, part in sections.items() if isinstance(part, str)
    ]
    if message.get("replace") is True and tree.system:
        trim(tree, f"{name}:replaced", tree.system, reason="system_replaced")
        tree.system = []
    blocks = (*said, *records.blocks(message.get("content")))
    if blocks:
        tree.system.append(tree.tell(name, SystemMessage(blocks=blocks, origin="system"), spot=Spot()))
    told = {
        "sections_removed": [key for key, part in sections.items() if part is None],
        "tools_added": _names(message, "toolsAdded"),
        "tools_removed": _names(message, "toolsRemoved"),
    }
    if any(told.values()):
        tree.drafts.emit(f"{name}:tools", Custom(name="pi.loadout", data=told), spot=Spot())
    return "metadata"


def _names(message: dict[str, Any], member: str) -> list[str]:
    return [tool for each in mappings(message, member) if (tool := text(each, "name")) is not None]


def trim(tree: Tree, name: str, removed: list[str], *, reason: str) -> None:
    """Takes events out of the context."""
    ids = tuple(map(tree.drafts.event, removed))
    tree.drafts.emit(name, ContextTrimmed(removed=ids, reason=reason))


def edited(tree: Tree, entry: Entry) -> Disposition:
    """Takes an edit of what an earlier entry puts into the context: it is left out, or told anew.

    Pi leaves out the answers that failed before it tries again.
    """
    target, replacement = text(entry.raw, "targetId") or "", entry.raw.get("replacement")
    told = list(tree.records.get(target, ()))
    if replacement is None:
        if told:
            trim(tree, entry.name, told, reason="context_edit")
        return "metadata"
    if target in tree.answered:
        block = ToolResult(call=tree.answered[target], output=records.plain(replacement))
        tree.drafts.emit(entry.name, CompactionFinished(strategy="shorten", replacement=(block,)))
        return "events"
    data = {"targetId": target, "replacement": replacement}
    tree.drafts.emit(entry.name, Custom(name="pi.context_edit", data=data))
    return "events"

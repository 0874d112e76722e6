"""`reenact tree`: loops, turns and sub-agents of a session."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from reenact import tree as trees
from reenact.cli import documents
from reenact.cli.options import as_json, caught_up, no_import
from reenact.cli.table import console
from reenact.cli.text import count_text, duration_text, line, money_text

if TYPE_CHECKING:
    from rich.tree import Tree as Branches

    from reenact.archive import Archive
    from reenact.cli.app import Context
    from reenact.store import SessionRow
    from reenact.tree import Loop, Tree

_GLYPHS = {True: "✓", False: "✗", None: "·"}


@click.command("tree")
@click.argument("session")
@click.option("--all", "everything", is_flag=True, help="Every step, not only prompts, tools and sub-agents.")
@as_json
@no_import
@click.pass_obj
def tree_(context: Context, session: str, *, everything: bool, as_json: bool, no_import: bool) -> int:
    """Show a session's loops, turns and sub-agents as a tree."""
    archive = caught_up(context, skip=no_import)
    row = archive.session(session)
    if as_json:
        documents.write(_document(archive, row))
        return 0
    from rich.tree import Tree as Branches

    root = Branches(_session_label(row), guide_style="dim")
    _grow(root, archive, row, everything=everything)
    console().print(root)
    return 0


def _document(archive: Archive, row: SessionRow) -> dict[str, Any]:
    """Gives the outline of a session with those of its sub-agents inside."""
    shown = trees.outline(archive.tree(row.id))
    shown["session"]["native_id"] = row.native_id
    shown["session"]["kind"] = row.kind
    shown["session"]["children"] = list(row.children)
    shown["subagents"] = [_document(archive, child) for child in _subagents(archive, row)]
    return shown


def _subagents(archive: Archive, row: SessionRow) -> Iterator[SessionRow]:
    for identity in row.children:
        child = archive.session(identity)
        if child.kind == "subagent":
            yield child


def _session_label(row: SessionRow) -> str:
    title = line(row.title or row.native_id, width=60)
    cost = money_text(row.own.cost, known=row.own.cost_known)
    return f"{row.native_id[:8]} {title} · {row.turns} turns · {count_text(row.own.tokens.total)} · {cost}"


def _grow(branch: Branches, archive: Archive, row: SessionRow, *, everything: bool) -> None:
    tree = archive.tree(row.id)
    children = {child.id: child for child in _subagents(archive, row)}
    for loop in tree.loops:
        prompt = line(loop.prompt or "(no prompt)", width=100)
        mark = "" if loop.live else " (left behind)"
        status = "" if loop.status in {"completed", "open"} else f" [{loop.status}]"
        node = branch.add(f"▌ {prompt}{status}{mark}")
        _add_turns(node, archive, loop, children, everything=everything)
    for child in list(children.values()):  # nobody told which call started them
        _grow(branch.add(f"↳ {_session_label(child)}"), archive, child, everything=everything)
    _add_fork(branch, tree)


def _add_turns(
    node: Branches, archive: Archive, loop: Loop, children: dict[str, SessionRow], *, everything: bool
) -> None:
    for turn in loop.turns:
        words = "" if turn.usage is None else f" {count_text(turn.usage.total)}"
        spot = node.add(
            f"{turn.index + 1}. {turn.model or 'model unknown'}{words}{'' if turn.live else ' (left behind)'}"
        )
        for step in turn.steps:
            if step.kind == "tool":
                took = f" {duration_text(step.duration)}" if step.duration else ""
                name = line(step.name or "tool", width=30)
                label = f"{_GLYPHS[step.ok]} {name} {line(step.text, width=70)}{took}"
            elif everything:
                label = f"{step.kind} {line(step.text, width=80)}"
            else:
                label = ""
            leaf = spot.add(label) if label else spot
            child = children.pop(step.child, None) if step.child else None
            if child is not None:
                _grow(leaf.add(f"↳ {_session_label(child)}"), archive, child, everything=everything)


def _add_fork(branch: Branches, tree: Tree) -> None:
    if tree.forked is not None:
        branch.add(f"⑂ forked from {tree.forked.parent[:8]}")


COMMANDS = {"tree": tree_}

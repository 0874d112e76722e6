"""`reenact tree`: loops, turns and sub-agents of a session."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click
import msgspec
from rich.text import Text

from reenact import tree as trees
from reenact.cli import documents
from reenact.cli.options import as_json, caught_up, no_import
from reenact.cli.table import console, short_names
from reenact.cli.text import count_text, duration_text, line, money_text

if TYPE_CHECKING:
    from rich.tree import Tree as Branches

    from reenact.archive import Archive
    from reenact.cli.app import Context
    from reenact.store import Past, SessionRow
    from reenact.tree import Step, Tree, Turn

_DEEPEST = 20
"""Forks of forks whose shared past is shown."""
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

    grower = _Grower(archive, everything=everything)
    root = Branches(_row(grower.title(row)), guide_style="dim")
    grower.grow(root, row)
    console().print(root)
    return 0


def _document(archive: Archive, row: SessionRow) -> dict[str, Any]:
    """Gives the outline of a session with those of its sub-agents inside."""
    shown = trees.outline(archive.tree(row.id))
    shown["session"]["native_id"] = row.native_id
    shown["session"]["kind"] = row.kind
    shown["session"]["children"] = list(row.children)
    past = archive.past(row.id)
    shown["past"] = None if past is None else msgspec.to_builtins(past)
    shown["subagents"] = [_document(archive, child) for child in _subagents(archive, row)]
    return shown


def _subagents(archive: Archive, row: SessionRow) -> Iterator[SessionRow]:
    for identity in row.children:
        child = archive.session(identity)
        if child.kind == "subagent":
            yield child


def _row(words: str) -> Text:
    """Gives one line whatever its length: branches that wrap cannot be read."""
    return Text(words, no_wrap=True, overflow="ellipsis")


class _Grower:
    """Adds what a session did to a branch, its sub-agents below the calls that started them."""

    def __init__(self, archive: Archive, *, everything: bool) -> None:
        self._archive = archive
        self._everything = everything
        self._names = short_names(archive)
        self._shared: list[str] = []

    def title(self, row: SessionRow) -> str:
        """Gives a session in one line, what may be cut off last."""
        title = line(row.title or row.native_id, width=100)
        cost = money_text(row.own.cost, known=row.own.cost_known)
        turns = f"{row.turns} turn" if row.turns == 1 else f"{row.turns} turns"
        return f"{self._names[row.id]} · {turns} · {count_text(row.own.tokens.total)} · {cost} · {title}"

    def grow(self, branch: Branches, row: SessionRow) -> None:
        """Adds loops, turns, tools and sub-agents of a session."""
        tree = self._archive.tree(row.id)
        children = {child.id: child for child in _subagents(self._archive, row)}
        past = self._archive.past(row.id)
        if past is not None:
            self._share(branch, past)
        self._add_loops(branch, tree, children)
        for child in list(children.values()):  # nobody told which call started them
            self._add_child(branch, child)
        if tree.forked is not None and past is None:
            parent = tree.forked.parent
            branch.add(f"⑂ forked from {self._names.get(parent, parent[:8])}")

    def _share(self, branch: Branches, past: Past) -> None:
        """Adds what a fork shares with another session, as it was when it left: it is that one's own."""
        name = self._names.get(past.session, past.session[:8])
        shared = branch.add(_row(f"⑂ forked from {name}: 1 to {past.seq} are shared"), style="dim")
        if len(self._shared) < _DEEPEST and past.session not in self._shared:
            self._shared.append(past.session)
            further = self._archive.past(past.session)
            if further is not None:
                self._share(shared, further)
            self._add_loops(shared, self._archive.tree(past.session, at=past.seq), {})

    def _add_loops(self, branch: Branches, tree: Tree, children: dict[str, SessionRow]) -> None:
        # One that failed or was cut off is often told of by itself alone, not where it was started.
        started = {child.parent_call: child.id for child in children.values() if child.parent_call}
        for loop in tree.loops:
            prompt = line(loop.prompt or "(no prompt)", width=100)
            mark = "" if loop.live else " (left behind)"
            status = "" if loop.status in {"completed", "open"} else f" [{loop.status}]"
            node = branch.add(_row(f"▌ {prompt}{status}{mark}"))
            for turn in loop.turns:
                self._add_turn(node, turn, children, started)

    def _add_turn(
        self, node: Branches, turn: Turn, children: dict[str, SessionRow], started: dict[str, str]
    ) -> None:
        words = "" if turn.usage is None else f" {count_text(turn.usage.total)}"
        model = line(turn.model or "model unknown", width=40)
        spot = node.add(_row(f"{turn.index + 1}. {model}{words}{'' if turn.live else ' (left behind)'}"))
        for step in turn.steps:
            label = self._label(step)
            leaf = spot.add(_row(label)) if label else spot
            child = children.pop(step.child or started.get(step.call or "", ""), None)
            if child is not None:
                self._add_child(leaf, child)

    def _add_child(self, branch: Branches, child: SessionRow) -> None:
        self.grow(branch.add(_row(f"↳ {self.title(child)}")), child)

    def _label(self, step: Step) -> str:
        if step.kind == "tool":
            took = f" {duration_text(step.duration)}" if step.duration else ""
            name = line(step.name or "tool", width=30)
            return f"{_GLYPHS[step.ok]} {name}{took} {line(step.text, width=100)}"
        return f"{step.kind} {line(step.text, width=100)}" if self._everything else ""


COMMANDS = {"tree": tree_}

"""Which part of a conversation is live: what rewinds, edits and reverts left behind.

A node is a person's message or a whole turn: parallel tool calls with all their results are one
node, so that following parents never loses a result that nothing hangs on. Nodes lie on one chain
in the order they came; only a message or a model's answer that hangs on an earlier node cuts the
chain. A parent that is missing, or that comes later than its child, is a gap and cuts nothing.
"""

from __future__ import annotations

from typing import Literal


class Node:
    """One prompt or one turn; grows with the session."""

    __slots__ = ("base", "begin", "is_live", "is_prompt", "is_talk", "loop", "position", "previous")

    def __init__(
        self, begin: int, loop: str | None, *, is_prompt: bool = False, is_talk: bool = False
    ) -> None:
        self.begin = begin
        self.loop = loop
        self.is_prompt = is_prompt
        """True for what a person said."""
        self.is_talk = is_talk
        """True where leaving this behind loses something said, by a person or a model."""
        self.is_live = True
        self.position = -1
        self.previous: Node | None = None
        self.base = 0
        """Which version of the context was in force when this node last added to it."""


class Cut:
    """What a change of the chain did: the nodes that were left, and why."""

    __slots__ = ("left", "reason")

    def __init__(self, left: list[Node], reason: Literal["edited", "reverted", "resumed"]) -> None:
        self.left = left
        self.reason = reason


class Lineage:
    """The chain of live nodes."""

    def __init__(self) -> None:
        self._chain = [Node(0, None)]
        """Begins with the root: what was there before anything was said."""
        self._chain[0].position = 0

    @property
    def head(self) -> Node:
        """The newest live node."""
        return self._chain[-1]

    def enter(self, node: Node, parent: Node | None) -> Cut | None:
        """Puts a new node behind its parent; gives what that left behind, if it left anything."""
        cut = None
        if parent is not None and parent is not self.head:
            if not parent.is_live:
                cut = self._return_to(parent)
            elif self._is_on_chain(parent) and _leaves(node, self._chain, parent.position):
                cut = Cut(self._truncate(parent.position + 1), "edited")
        self._push(node)
        return cut

    def back_to(self, node: Node) -> Cut:
        """Leaves everything behind a node."""
        if not node.is_live:
            return self._return_to(node)
        left = self._truncate(node.position + 1) if self._is_on_chain(node) else []
        return Cut(left, "reverted")

    def back_by(self, turns: int) -> Cut:
        """Leaves the last so many messages of people and all that followed them."""
        position = len(self._chain)
        for index in range(len(self._chain) - 1, 0, -1):
            if turns <= 0:
                break
            if self._chain[index].is_prompt:
                position = index
                turns -= 1
        return Cut(self._truncate(position), "reverted")

    def leave(self, nodes: list[Node]) -> Cut:
        """Leaves exactly these nodes."""
        gone = [node for node in nodes if node.position > 0 and node.is_live and self._is_on_chain(node)]
        for node in gone:
            node.is_live = False
        if gone:
            self._chain = [node for node in self._chain if node.is_live]
            for position, node in enumerate(self._chain):
                node.position = position
        return Cut(gone, "reverted")

    def _is_on_chain(self, node: Node) -> bool:
        return 0 <= node.position < len(self._chain) and self._chain[node.position] is node

    def _push(self, node: Node) -> None:
        node.previous = self.head
        node.position = len(self._chain)
        node.is_live = True
        self._chain.append(node)

    def _truncate(self, position: int) -> list[Node]:
        left = self._chain[position:]
        del self._chain[position:]
        for node in left:
            node.is_live = False
        return left

    def _return_to(self, node: Node) -> Cut:
        """Makes a branch that was left live again, as far as this node."""
        path: list[Node] = []
        current: Node | None = node
        while current is not None and not current.is_live:
            path.append(current)
            current = current.previous
        on_chain = current is not None and self._is_on_chain(current)
        left = self._truncate(current.position + 1 if current is not None and on_chain else 1)
        for revived in reversed(path):
            self._push(revived)
        return Cut(left, "resumed")


def _leaves(node: Node, chain: list[Node], position: int) -> bool:
    """Tells whether a node that hangs on the one at `position` means that all behind that was left.

    A person may leave anything. A model's second answer to the same thing leaves the first one, but
    never a person's words, nor another loop's turns: those were going on beside it.
    """
    if not node.is_talk:
        return False
    is_said = False
    for index in range(len(chain) - 1, position, -1):
        other = chain[index]
        if node.is_prompt and other.is_talk:
            return True
        if not node.is_prompt and (other.is_prompt or other.loop != node.loop):
            return False
        is_said = is_said or other.is_talk
    return is_said

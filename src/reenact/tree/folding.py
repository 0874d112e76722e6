"""A session while it is folded, and where in it each event goes."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from reenact.events import Event, Header, bodies
from reenact.tree.growing import GrowingCall, GrowingLoop, GrowingTurn
from reenact.tree.kinds import STEP_KINDS, name, words
from reenact.tree.lineage import Cut, Lineage, Node
from reenact.tree.model import Branch, Child, Fork, Parallel, Step, StepKind
from reenact.tree.placing import Placing
from reenact.tree.state import State
from reenact.tree.view import Setting

OF_SESSION = frozenset({"session", "note"})
"""Kinds of steps that are about the session, wherever they came up."""
TAGS: dict[type[bodies.Body], str] = {cls: str(cls.__struct_config__.tag) for cls in STEP_KINDS}


class Folding:
    """A session while it is folded: every event joins exactly one step."""

    def __init__(self, header: Header | None, owned: Collection[str] | None) -> None:
        self.header = header
        self.owned = owned
        self.state = State()
        self.context = self.state.context
        self.lineage = Lineage()
        self.placing = Placing(self.enter, is_subagent=header is not None and header.kind == "subagent")
        self.nodes: dict[str, Node] = {}
        """Event id → its node."""
        self.awaited: set[str] = set()
        """Parents that were named before they came."""
        self.calls: dict[str, GrowingCall] = {}
        self.in_context: set[str] = set()
        """What the context holds already: calls, their results, and responses told twice."""
        self.ledger: dict[str, GrowingTurn | None] = {}
        self.steps: list[Step | GrowingCall] = []
        self.children: list[Child] = []
        self.branches: list[Branch] = []
        self.parallels: dict[str, Parallel] = {}
        self.forked: Fork | None = None
        self.setting = Setting()
        self.has_reverted = False
        self.named: set[str] = set()
        self.named_loops: set[str] = set()
        """Turns that events name."""
        self.count = 0
        self.first = 0
        self.last = 0
        self.began: int | None = None
        self.ended: int | None = None
        self.session = header.id if header is not None else None

    def begin(self, event: Event) -> None:
        """Counts an event that is about to be placed."""
        if not self.count:
            self.first = event.seq
            self.session = self.session or event.session
        self.count += 1
        self.last = event.seq
        if event.turn is not None:
            self.named.add(event.turn)
        if event.loop is not None:
            self.named_loops.add(event.loop)
        if event.ts is not None:
            self.began = event.ts if self.began is None else min(self.began, event.ts)
            self.ended = event.ts if self.ended is None else max(self.ended, event.ts)

    def enter(self, event: Event, node: Node) -> None:
        """Puts a new prompt or turn into the conversation, which may leave a part of it behind."""
        parent = None
        if event.parent is not None and event.id not in self.awaited:
            parent = self.nodes.get(event.parent)
            if parent is None:
                self.awaited.add(event.parent)
        cut = self.lineage.enter(node, parent)
        if cut is not None:
            self.branch(event, cut, to=event.parent)
            self.context.restore(event.seq, node.previous or self.lineage.head)
        self.context.visit(node)

    def branch(self, event: Event, cut: Cut, *, to: str | None) -> None:
        left = tuple(sorted(node.begin for node in cut.left))
        self.branches.append(Branch(seq=event.seq, to=to, abandoned=left, reason=cut.reason))

    def node_for(self, event: Event, turn: GrowingTurn | None) -> Node:
        if turn is not None:
            return turn.node
        parent = self.nodes.get(event.parent) if event.parent is not None else None
        return parent or self.lineage.head

    def join(
        self, event: Event, loop: GrowingLoop | None, turn: GrowingTurn | None, node: Node | None = None
    ) -> Node:
        """Takes note of where an event belongs; every event passes here exactly once."""
        if turn is not None:
            turn.end = event.seq
            turn.stamp(event.ts)
            loop = turn.loop
        if loop is not None:
            loop.end = event.seq
            loop.stamp(event.ts)
        node = node or self.node_for(event, turn)
        self.nodes[event.id] = node
        is_known = turn is not None and (turn.is_named or turn.has_spoken)  # else its name may yet come
        turn_id = turn.id if turn is not None and is_known else None
        self.state.places.put(event.seq, (event.ts, loop.id if loop is not None else None, turn_id))
        return node

    def put(
        self, event: Event, kind: StepKind, loop: GrowingLoop | None, turn: GrowingTurn | None, **more: Any
    ) -> None:
        """Makes a step of one event."""
        body = event.body
        step = Step(
            kind=kind,
            event=TAGS[type(body)],
            seq=event.seq,
            id=event.id,
            events=(event.seq,),
            ts=event.ts,
            text=words(body),
            **more,
        )
        owner = turn if turn is not None else loop
        (owner.steps if owner is not None else self.steps).append(step)

    def around(
        self, event: Event, kind: StepKind, call: str | None = None
    ) -> tuple[GrowingLoop | None, GrowingTurn | None]:
        """Gives the place of something that happens beside the talk: by its call, else where we are."""
        tool = self.calls.get(call) if call is not None else None
        if tool is not None:
            return tool.loop, tool.turn
        loop = self.placing.loop_of(event, opens=event.turn is not None)
        if loop is None or kind in OF_SESSION:
            return loop, None
        return loop, self.placing.turn_named(event, loop) or loop.current

    def other(self, event: Event, body: bodies.Body) -> None:
        """Places an event of any kind that needs no more than that."""
        kind = STEP_KINDS[type(body)]
        call = getattr(body, "call", None)
        loop, turn = self.around(event, kind, call)
        self.join(event, loop, turn)
        self.put(event, kind, loop, turn, name=name(body), call=call, error=error_of(body))


def error_of(body: bodies.Body) -> str | None:
    """Gives what went wrong, where an event says that something did."""
    match body:
        case bodies.ErrorBody():
            return body.message
        case bodies.ModelFailed():
            status = f"status {body.status}" if body.status is not None else None
            return body.error or body.category or status or "the model call failed"
        case bodies.SessionEnded() | bodies.LimitResumeFailed():
            return body.error
        case _:
            return None

"""Folds the course of a session: loops, turns, forks, and what changed the model's context."""

from __future__ import annotations

from reenact.events import Event, blocks, bodies
from reenact.events.blocks import Role
from reenact.tree.folding import Folding
from reenact.tree.model import Fork, LoopStatus, Parallel
from reenact.tree.view import Message

SHORTEN = "shorten"
"""The strategy of a compaction that leaves everything but what its replacement tells shorter."""
_ROLES: dict[str, Role] = {"user": "user", "assistant": "assistant", "system": "system", "tool": "tool"}
_ENDS: dict[str, LoopStatus] = {"failed": "failed", "aborted": "aborted", "interrupted": "interrupted"}


def loop_started(f: Folding, event: Event, body: bodies.LoopStarted) -> None:
    loop = f.placing.start_loop(event)
    loop.is_explicit = True
    loop.started = event.seq if loop.started is None else loop.started
    loop.agent, loop.tag = body.agent, body.tag
    loop.parent, loop.continuation = body.parent_loop, body.continuation
    f.join(event, loop, None)
    f.put(event, "mark", loop, None, name=body.agent)


def loop_ended(f: Folding, event: Event, body: bodies.LoopEnded) -> None:
    loop = f.placing.loop_of(event, opens=False)
    if loop is not None:
        loop.status, loop.ended = body.status, event.seq
        f.placing.end_loop(loop)
    f.join(event, loop, None)
    f.put(event, "mark", loop, None)


def turn_started(f: Folding, event: Event, body: bodies.TurnStarted) -> None:
    loop = f.placing.loop_to_talk(event)
    turn = f.placing.turn_named(event, loop, trigger=body.trigger)
    if turn is None:
        turn = f.placing.open_turn(event, loop, event.id, trigger=body.trigger)
    turn.is_explicit = True
    loop.current = turn
    f.join(event, loop, turn)
    f.put(event, "mark", loop, turn)


def turn_ended(f: Folding, event: Event, body: bodies.TurnEnded) -> None:
    loop = f.placing.loop_of(event, opens=False)
    turn = None
    if loop is not None:
        turn = f.placing.turn_named(event, loop) or loop.current
    if turn is not None:
        turn.stop_reason = body.stop_reason or turn.stop_reason
        turn.is_closed, turn.is_explicit = True, False
        if turn.loop.current is turn:
            turn.loop.current = None
    f.join(event, loop, turn)
    f.put(event, "mark", loop, turn)


def parallel_started(f: Folding, event: Event, body: bodies.ParallelStarted) -> None:
    f.parallels[body.group] = Parallel(
        group=body.group, loops=body.loops, selected=None, begin=event.seq, end=None
    )
    f.other(event, body)


def parallel_ended(f: Folding, event: Event, body: bodies.ParallelEnded) -> None:
    known = f.parallels.get(body.group)
    selected = (body.selected,) if body.selected else ()
    f.parallels[body.group] = Parallel(
        group=body.group,
        loops=body.loops or (known.loops if known is not None else selected),
        selected=body.selected,
        begin=known.begin if known is not None else event.seq,
        end=event.seq,
    )
    f.other(event, body)


def session_ended(f: Folding, event: Event, body: bodies.SessionEnded) -> None:
    loop = f.placing.current
    if loop is not None and loop.status is None and body.status != "completed":
        loop.status = _ENDS[body.status]
    f.other(event, body)


def session_forked(f: Folding, event: Event, body: bodies.SessionForked) -> None:
    if f.forked is None:
        f.forked = Fork(parent=body.parent, at=body.at, mode=body.mode, seq=event.seq)
    f.other(event, body)


def compacted(f: Folding, event: Event, body: bodies.CompactionFinished) -> None:
    loop = f.placing.loop_of(event, opens=event.turn is not None)
    turn = f.placing.turn_named(event, loop) if loop is not None else None
    if turn is None and loop is not None and loop.current is not None and not loop.current.is_explicit:
        loop.current = None
    node = f.join(event, loop, turn)
    if body.strategy == SHORTEN:
        calls = [block.call for block in body.replacement if isinstance(block, blocks.ToolResult)]
        f.context.shorten(event.seq, event.id, calls, node)
    else:
        has_text = bool(body.summary or body.replacement)
        part = Message(seq=event.seq, id=event.id, role="user", is_summary=True) if has_text else None
        f.context.compact(event.seq, frozenset(body.kept), part, node)
    f.context.mark(event.id)
    f.put(event, "compaction", loop, turn, name=body.strategy or body.trigger)


def injected(f: Folding, event: Event, body: bodies.ContextInjected) -> None:
    loop, turn = f.around(event, "context")
    node = f.join(event, loop, turn)
    role = _ROLES.get(body.role, "user")
    if body.blocks:
        answered = (block.call for block in body.blocks if isinstance(block, blocks.ToolResult))
        call = next(answered, None) if role == "tool" else None
        f.context.add(Message(seq=event.seq, id=event.id, role=role, call=call), node)
    f.put(event, "context", loop, turn, name=body.origin, role=role)


def trimmed(f: Folding, event: Event, body: bodies.ContextTrimmed) -> None:
    node = f.lineage.head
    f.context.trim(event.seq, keep_last=body.keep_last, removed=frozenset(body.removed), node=node)
    f.context.mark(event.id)
    f.other(event, body)


def emptied(f: Folding, event: Event, body: bodies.ContextReset | bodies.SessionCleared) -> None:
    f.context.reset(event.seq, f.lineage.head)
    f.context.mark(event.id)
    f.other(event, body)


def reverted(f: Folding, event: Event, body: bodies.ContextReverted) -> None:
    f.other(event, body)
    if len(body.abandoned) == 1 and f.context.has_replaced(body.abandoned[0]):
        f.context.undo(event.seq, body.abandoned[0], f.lineage.head)
        f.context.mark(event.id)
        return
    target = f.nodes.get(body.to) if body.to is not None else None
    if target is not None:
        cut = f.lineage.back_to(target)
    elif body.turns is not None:
        cut = f.lineage.back_by(body.turns)
    else:
        cut = f.lineage.leave([f.nodes[item] for item in body.abandoned if item in f.nodes])
    f.has_reverted = f.has_reverted or bool(cut.left)
    f.nodes[event.id] = f.lineage.head  # who goes back to this revert wants what it led to
    if cut.left or target is not None:
        f.branch(event, cut, to=body.to)
        up_to = body.to if target is not None else None
        f.context.restore(event.seq, f.lineage.head, up_to=up_to)
        f.context.mark(event.id)
        for loop in f.placing.loops.values():
            if loop.current is not None and not loop.current.node.is_live:
                loop.current = None

"""Folds the events of a session once into loops, turns and steps.

Where a source tells loops and turns, they hold; where it does not, a person's message opens a
loop and a model's answer a turn. Calls meet their results by id, wherever those lie.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from reenact.events import Event, Header, bodies
from reenact.tree import course, talk, work
from reenact.tree.folding import Folding
from reenact.tree.growing import freeze_steps
from reenact.tree.model import Loop, Tree


def fold(
    events: Iterable[Event],
    *,
    header: Header | None = None,
    owned: Collection[str] | None = None,
    is_over: bool | None = None,
) -> Tree:
    """Gives the tree of a session's events.

    Args:
        events: in order of their positions.
        header: who the session is.
        owned: the ledger keys that count for this session; all others are shown as inherited. None
            where that is not known: then only what the events themselves call inherited is.
        is_over: whether nobody writes to the session any more; a loop that was begun and never ended
            is then aborted, else it is running. None where that is not known: it is open.
    """
    folding = Folding(header, owned)
    for event in events:
        folding.begin(event)
        handler = HANDLERS.get(type(event.body), Folding.other)
        handler(folding, event, event.body)
    return _tree(folding, is_over=is_over)


def _tree(f: Folding, *, is_over: bool | None) -> Tree:
    growing = list(f.placing.loops.values())
    children: dict[str, list[str]] = {}
    for loop in growing:
        if loop.parent is not None:
            children.setdefault(loop.parent, []).append(loop.id)
    loops = tuple(
        loop.freeze(tuple(children.get(loop.id, ())), is_last=loop is growing[-1], is_over=is_over)
        for loop in growing
    )
    loops += _pending(f)
    copies = [turn for loop in growing for turn in loop.turns if turn.is_copied]
    header = f.header
    return Tree(
        session=f.session or "",
        agent=header.agent if header is not None else None,
        parent=header.parent if header is not None else None,
        parent_call=header.parent_call if header is not None else None,
        loops=loops,
        steps=freeze_steps(f.steps, ""),
        roots=_roots(loops),
        children=tuple(f.children),
        branches=tuple(f.branches),
        forked=f.forked,
        parallels=tuple(f.parallels.values()),
        events=f.count,
        loops_told=len(f.named_loops),
        turns_told=len(f.named),
        turns_copied=sum(turn.id in f.named for turn in copies),
        turns_before=sum(turn.id not in f.named for turn in copies),
        first=f.first,
        last=f.last,
        began=f.began,
        ended=f.ended,
        state=f.state,
    )


def _pending(f: Folding) -> tuple[Loop, ...]:
    """Gives the loops that a parallel group announced and that never began."""
    announced: dict[str, int] = {}
    for group in f.parallels.values():
        for name in group.loops:
            announced.setdefault(name, group.begin)
    return tuple(
        Loop(
            id=name,
            begin=begin,
            end=begin,
            started=None,
            ended=None,
            agent=None,
            tag=None,
            parent_loop=None,
            continuation="branch",
            status="pending",
            prompt=None,
            prompt_seq=None,
            turns=(),
            steps=(),
            children=(),
            live=True,
        )
        for name, begin in announced.items()
        if name not in f.placing.loops
    )


def _roots(loops: tuple[Loop, ...]) -> tuple[str, ...]:
    known = {loop.id for loop in loops}
    return tuple(loop.id for loop in loops if loop.parent_loop not in known)


HANDLERS: dict[type[bodies.Body], Callable[..., None]] = {
    bodies.UserMessage: talk.user,
    bodies.AssistantMessage: talk.assistant,
    bodies.SystemMessage: talk.system,
    bodies.ReasoningBody: talk.reasoning,
    bodies.ModelRequested: talk.requested,
    bodies.ModelResponded: talk.responded,
    bodies.ModelFailed: talk.failed,
    bodies.UsageRecorded: talk.usage,
    bodies.ToolCalled: work.called,
    bodies.ToolFinished: work.finished,
    bodies.ToolProgress: work.beside_call,
    bodies.PermissionAsked: work.beside_call,
    bodies.PermissionAnswered: work.beside_call,
    bodies.HookRan: work.beside_call,
    bodies.FileChanged: work.file,
    bodies.PlanUpdated: work.plan,
    bodies.SessionStarted: work.settle,
    bodies.WorkspaceChanged: work.settle,
    bodies.ModelSwitched: work.settle,
    bodies.ModeChanged: work.settle,
    bodies.AgentSpawned: work.spawned,
    bodies.AgentStatus: work.agent,
    bodies.AgentFinished: work.agent,
    bodies.LoopStarted: course.loop_started,
    bodies.LoopEnded: course.loop_ended,
    bodies.TurnStarted: course.turn_started,
    bodies.TurnEnded: course.turn_ended,
    bodies.ParallelStarted: course.parallel_started,
    bodies.ParallelEnded: course.parallel_ended,
    bodies.SessionEnded: course.session_ended,
    bodies.SessionForked: course.session_forked,
    bodies.CompactionFinished: course.compacted,
    bodies.ContextInjected: course.injected,
    bodies.ContextTrimmed: course.trimmed,
    bodies.ContextReset: course.emptied,
    bodies.SessionCleared: course.emptied,
    bodies.ContextReverted: course.reverted,
}

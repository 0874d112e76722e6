"""Folds what was said: messages of people and models, requests, responses and what they cost."""

from __future__ import annotations

import msgspec

from reenact import usage as ledger
from reenact.events import Event, blocks, bodies
from reenact.tree.folding import Folding, error_of
from reenact.tree.growing import GrowingCall, GrowingLoop, GrowingTurn
from reenact.tree.kinds import words
from reenact.tree.lineage import Node
from reenact.tree.model import StepKind
from reenact.tree.view import Message
from reenact.tree.work import answer_in_message, begin_call


def user(f: Folding, event: Event, body: bodies.UserMessage) -> None:
    results = [block for block in body.blocks if isinstance(block, blocks.ToolResult)]
    if results and len(results) == len(body.blocks):
        results_only(f, event, body, results)
        return
    placing = f.placing
    loop = placing.loop_of_prompt(event) if body.human else placing.loop_to_talk(event)
    turn, node = place_user(f, event, body, loop)
    if body.origin == "interrupt":
        loop.was_interrupted = True
    ask(event, body, loop)
    node = f.join(event, loop, turn, node)
    for result in results:
        answer_in_message(f, event, result)
    part = Message(seq=event.seq, id=event.id, role="user", message=body.message)
    if body.origin == "compact_summary":
        f.context.summarise(msgspec.structs.replace(part, is_summary=True), node)
    else:
        f.context.add(part, node)
    f.put(event, "message", loop, turn, role="user", human=body.human, name=body.origin)


def place_user(
    f: Folding, event: Event, body: bodies.UserMessage, loop: GrowingLoop
) -> tuple[GrowingTurn | None, Node | None]:
    turn = f.placing.turn_named(event, loop, trigger="user" if body.human else None)
    if turn is None and loop.current is not None and loop.current.is_explicit:
        turn = loop.current
    if turn is not None:
        turn.node.is_prompt = turn.node.is_prompt or body.human
        return turn, None
    node = Node(event.seq, loop.id, is_prompt=body.human, is_talk=body.human)
    if body.human and loop.prompt_seq is None:
        link(f, event, loop)
    loop.nodes.append(node)
    branches = len(f.branches)
    f.enter(event, node)
    if body.human:
        if len(f.branches) > branches or f.has_reverted:
            loop.continuation = "branch"
        f.has_reverted = False
        loop.trigger = "user"
    loop.current = None
    return None, node


def link(f: Folding, event: Event, loop: GrowingLoop) -> None:
    """Gives a loop whose source tells no parent the one that it goes on from."""
    if loop.parent is not None or loop.continuation in {"initial", "rerun"}:
        return
    if any(loop.id in parallel.loops for parallel in f.parallels.values()):
        return
    above = f.nodes.get(event.parent) if event.parent is not None else None
    parent = (above or f.lineage.head).loop
    loop.parent = parent if parent != loop.id else None


def ask(event: Event, body: bodies.UserMessage, loop: GrowingLoop) -> None:
    if body.human and loop.prompt_seq is None:
        loop.prompt, loop.prompt_seq = words(body), event.seq
    elif loop.first_words is None and body.origin in {None, "prompt", "task"}:
        loop.first_words = (event.seq, words(body))


def results_only(
    f: Folding, event: Event, body: bodies.UserMessage, results: list[blocks.ToolResult]
) -> None:
    """A message that only carries results joins the first call that it answers."""
    for result in results:
        answer_in_message(f, event, result)
    tool = f.calls[results[0].call]
    tool.events.append(event.seq)
    node = f.join(event, tool.loop, tool.turn)
    fresh = [result.call for result in results if f"result {result.call}" not in f.in_context]
    if fresh:
        f.in_context.update(f"result {call}" for call in fresh)
        f.context.add(
            Message(seq=event.seq, id=event.id, role="tool", message=body.message, call=fresh[0]), node
        )


def assistant(f: Folding, event: Event, body: bodies.AssistantMessage) -> None:
    turn = f.placing.turn_of_output(event, body.message, body.exchange)
    turn.speak(body.message, model=None if body.error else body.model, stop=body.stop_reason)
    if body.error is not None:
        turn.error = body.error
        f.join(event, None, turn)
        f.put(event, "error", None, turn, role="assistant", error=body.error)
        return
    node = f.join(event, None, turn)
    if body.message is None or f"response {body.message}" not in f.in_context:
        say(f, event, body.blocks, body.message, node)
    content(f, event, body.blocks, turn, body.message)


def say(
    f: Folding, event: Event, content: tuple[blocks.AnyBlock, ...], message: str | None, node: Node
) -> None:
    calls = [block.call for block in content if isinstance(block, blocks.ToolCall)]
    f.in_context.update(f"call {call}" for call in calls)
    call = calls[0] if len(calls) == len(content) == 1 else None
    f.context.add(Message(seq=event.seq, id=event.id, role="assistant", message=message, call=call), node)


def content(
    f: Folding, event: Event, content: tuple[blocks.AnyBlock, ...], turn: GrowingTurn, message: str | None
) -> None:
    """Makes the steps of what a model said; a message of nothing but calls joins its calls."""
    calls: list[GrowingCall] = []
    others: set[type] = set()
    for block in content:
        match block:
            case blocks.ToolCall():
                tool = begin_call(f, event, block.call, turn)
                tool.ask(event, block.name, block.input, server=block.server, response=message)
                f.state.calls.begin(event.seq, block.call, block.name)
                calls.append(tool)
            case blocks.ToolResult():
                answer_in_message(f, event, block, turn)
            case _:
                others.add(type(block))
    if calls and not others and calls[0].turn is turn:
        calls[0].events.append(event.seq)
        return
    kind: StepKind = "reasoning" if others == {blocks.Reasoning} else "message"
    f.put(event, kind, None, turn, role="assistant")


def system(f: Folding, event: Event, body: bodies.SystemMessage) -> None:
    loop, turn = f.around(event, "message")
    node = f.join(event, loop, turn)
    f.context.add(Message(seq=event.seq, id=event.id, role="system"), node)
    f.put(event, "message", loop, turn, role="system", name=body.origin)


def reasoning(f: Folding, event: Event, body: bodies.ReasoningBody) -> None:
    turn = f.placing.turn_of_output(event, body.message)
    turn.speak(body.message, model=None, stop=None)
    f.join(event, None, turn)
    f.put(event, "reasoning", None, turn, role="assistant")


def requested(f: Folding, event: Event, body: bodies.ModelRequested) -> None:
    turn = f.placing.turn_of_output(event, body.exchange, asks=True)
    turn.model = turn.model or body.model
    f.join(event, None, turn)
    f.put(event, "model", None, turn, name=body.purpose)


def responded(f: Folding, event: Event, body: bodies.ModelResponded) -> None:
    turn = f.placing.turn_of_output(event, body.message, body.exchange)
    is_told = body.message is not None and body.message in turn.messages
    turn.speak(body.message, model=body.model, stop=body.stop_reason)
    node = f.join(event, None, turn)
    if not body.blocks or is_told:
        f.put(event, "model", None, turn, duration=body.duration)
        return
    if body.message is not None:
        f.in_context.add(f"response {body.message}")
    say(f, event, body.blocks, body.message, node)
    content(f, event, body.blocks, turn, body.message)


def failed(f: Folding, event: Event, body: bodies.ModelFailed) -> None:
    turn = f.placing.turn_of_output(event, body.exchange, asks=True)
    error = error_of(body)
    turn.error = error
    f.join(event, None, turn)
    f.put(event, "error", None, turn, error=error)


def usage(f: Folding, event: Event, body: bodies.UsageRecorded) -> None:
    if f.owned is not None and body.key not in f.owned:
        body = msgspec.structs.replace(body, inherited=True)
    loop = f.placing.loop_of(event, opens=event.turn is not None)
    turn = f.ledger.get(body.key) or f.placing.turn_of_response(body.key)
    if turn is None and loop is not None:
        turn = f.placing.turn_named(event, loop) or loop.current or (loop.turns[-1] if loop.turns else None)
    if turn is not None:
        f.ledger[body.key] = turn
        old = turn.ledger.get(body.key)
        turn.ledger[body.key] = body if old is None else ledger.better(old, body)
        turn.model = turn.model or body.model
    f.state.spent.record(event.seq, body)
    f.join(event, loop, turn)
    f.put(event, "usage", loop, turn)

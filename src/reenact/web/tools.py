"""A tool call as one card: its input, its result, what it changed, and who allowed it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from reenact.events import Event, blocks, bodies
from reenact.store import SessionRow
from reenact.tree import argument
from reenact.web import contents, kinds
from reenact.web.reel import known
from reenact.web.sessions import usage_of
from reenact.web.views import AgentView, Diff, ImageRef, LiveStatus, Todo, ToolView

if TYPE_CHECKING:
    from reenact.events.blocks import PlanItem
    from reenact.web.reel import Reel
    from reenact.web.texts import Cutter


class Around(msgspec.Struct, frozen=True, kw_only=True):
    """What rows need to know of other sessions."""

    children: Mapping[str, SessionRow]
    started: Mapping[str, str]
    """Children by the call that started them, as they tell it themselves."""
    forks: Mapping[str, SessionRow]
    lanes: Mapping[str, int]
    status: Callable[[SessionRow], LiveStatus]


_STATES = {"pending", "in_progress", "completed"}


def tool_view(reel: Reel, index: int, events: Sequence[Event], cutter: Cutter) -> ToolView:
    """Gives the card of a tool call from the events that it is made of."""
    call, name, kind, given, asked_at = _called(events)
    finished = _last(events, bodies.ToolFinished)
    body = finished.body if finished is not None else None
    ok = reel.ok[index]
    view_input = None
    if given is not None and asked_at is not None:
        text = given if isinstance(given, str) else contents.pretty(given)
        view_input = cutter.cut(text, asked_at, "input")
    output = stderr = None
    images: list[ImageRef] = []
    if finished is not None and isinstance(body, bodies.ToolFinished):
        output = cutter.cut(contents.output_text(body), finished.seq, "output")
        errors = contents.stderr_of(body)
        stderr = cutter.cut(errors, finished.seq, "stderr") if errors else None
        images = image_refs(finished, f"{name} {argument(given)}", cutter)
    return ToolView(
        call=call,
        name=cutter.line(name, 120),
        tool_kind=kind,
        effect=kinds.effect_of_tool(kind, name),
        server=_server(events),
        argument=cutter.line(argument(given)),
        input=view_input,
        output=output,
        output_is_json=isinstance(body, bodies.ToolFinished) and contents.is_json(body.output),
        stderr=stderr,
        error=cutter.line(body.error, 2_000) or None if isinstance(body, bodies.ToolFinished) else None,
        ok={kinds.WELL: True, kinds.FAILED: False, kinds.DENIED: False}.get(ok),
        denied=ok == kinds.DENIED,
        open=ok == kinds.OPEN,
        exit_code=body.exit_code if isinstance(body, bodies.ToolFinished) else None,
        duration_ms=known(reel.took[index]) or None,
        result_seq=known(reel.result[index]),
        diffs=tuple(diff_of(event, cutter) for event in events if isinstance(event.body, bodies.FileChanged)),
        todos=_todos(events, cutter),
        images=tuple(images),
        path=_path(given, cutter),
        permission=_permission(events, cutter),
        truncated=isinstance(body, bodies.ToolFinished) and body.truncated,
    )


def _called(events: Sequence[Event]) -> tuple[str | None, str, str, Any, int | None]:
    """Gives id, name, kind and input of the call, and where it is told."""
    event = _last(events, bodies.ToolCalled)
    if event is not None and isinstance(event.body, bodies.ToolCalled):
        body = event.body
        return body.call, body.name, body.tool_kind, body.input, event.seq
    for told in events:
        for block in getattr(told.body, "blocks", ()) or ():
            if isinstance(block, blocks.ToolCall):
                return block.call, block.name, "other", block.input, None
    finished = _last(events, bodies.ToolFinished)
    call = finished.body.call if finished and isinstance(finished.body, bodies.ToolFinished) else None
    return call, "result", "other", None, None


def _last(events: Sequence[Event], kind: type[bodies.Body]) -> Event | None:
    return next((event for event in reversed(events) if isinstance(event.body, kind)), None)


def _server(events: Sequence[Event]) -> str | None:
    for event in events:
        if isinstance(event.body, bodies.ToolCalled):
            if event.body.mcp_server:
                return event.body.mcp_server
            if event.body.name.startswith("mcp__"):
                return event.body.name.split("__")[1]
    return None


def _path(given: Any, cutter: Cutter) -> str | None:
    if isinstance(given, dict):
        for name in ("file_path", "path", "notebook_path", "absolute_path"):
            if isinstance(given.get(name), str):
                return cutter.line(given[name], 1_000)
    return None


def diff_of(event: Event, cutter: Cutter) -> Diff:
    """Gives a change of a file."""
    body = event.body
    assert isinstance(body, bodies.FileChanged)
    patch = body.patch
    return Diff(
        path=cutter.line(body.path, 1_000),
        op=body.op,
        patch=None if patch is None else cutter.cut(patch, event.seq, "patch"),
        plus=body.plus,
        minus=body.minus,
        seq=event.seq,
    )


def _todos(events: Sequence[Event], cutter: Cutter) -> tuple[Todo, ...]:
    event = _last(events, bodies.PlanUpdated)
    if event is None or not isinstance(event.body, bodies.PlanUpdated):
        return ()
    return todos_of(event.body.items, event.seq, cutter)


def todos_of(items: Sequence[PlanItem], seq: int | None, cutter: Cutter) -> tuple[Todo, ...]:
    """Gives a list of to-dos."""
    return tuple(
        Todo(text=cutter.line(item.text, 500), status=_state(item.status), seq=seq) for item in items
    )


def _state(status: str) -> Any:
    return status if status in _STATES else "other"


def _permission(events: Sequence[Event], cutter: Cutter) -> str | None:
    answered = _last(events, bodies.PermissionAnswered)
    if answered is not None and isinstance(answered.body, bodies.PermissionAnswered):
        word = "allowed" if answered.body.granted else "denied"
        why = cutter.line(answered.body.reason or answered.body.source, 300)
        return f"{word}: {why}" if why else word
    return "asked" if _last(events, bodies.PermissionAsked) is not None else None


def image_refs(event: Event, alt: str, cutter: Cutter) -> list[ImageRef]:
    """Gives where the images of an event are served."""
    return [
        ImageRef(
            url=f"/api/image/{event.session}/{event.seq}/{number}",
            media_type="image/*",
            bytes=picture.size,
            alt=cutter.line(alt, 200),
        )
        for number, picture in enumerate(contents.pictures(event))
    ]


def agent_view(
    reel: Reel, index: int, events: Sequence[Event], around: Around, cutter: Cutter
) -> AgentView | None:
    """Gives the sub-agent that a tool call started; None where it started none that is known."""
    call, name, _, given, asked_at = _called(events)
    spawned, finished = _last(events, bodies.AgentSpawned), _last(events, bodies.AgentFinished)
    told = _last(events, bodies.ToolFinished)
    session = None
    for event in (spawned, finished, told):
        session = session or (getattr(event.body, "child", None) if event is not None else None)
    session = session or around.started.get(call or "")
    row = around.children.get(session or "")
    if session is None and reel.effect[index] != kinds.EFFECTS.index("spawn"):
        return None
    prompt = contents.prompt_of(given)
    agent_name = getattr(spawned.body, "name", None) if spawned is not None else None
    task = getattr(spawned.body, "task", None) if spawned is not None else None
    if task is None and isinstance(given, dict):
        task = given.get("description")
    result = None
    if told is not None and isinstance(told.body, bodies.ToolFinished):
        result = cutter.cut(contents.output_text(told.body), told.seq, "output")
    elif finished is not None and isinstance(finished.body, bodies.AgentFinished) and finished.body.result:
        result = cutter.cut(finished.body.result, finished.seq, "result")
    return AgentView(
        session=session,
        lane=around.lanes.get(session or ""),
        seq=reel.seq[index],
        name=cutter.line(agent_name or name, 120) or None,
        task=cutter.line(task if isinstance(task, str) else None, 500) or None,
        prompt=cutter.cut(prompt, asked_at, "prompt") if prompt and asked_at is not None else None,
        result=result,
        status=around.status(row) if row is not None else "unknown",
        turns=row.turns if row is not None else None,
        usage=usage_of(row.total.tokens, row.total.quality) if row is not None else None,
        cost_usd=None if row is None or row.total.cost is None else row.total.cost / 10**12,
        duration_ms=_lived(row),
    )


def _lived(row: SessionRow | None) -> float | None:
    if row is None or row.started_at is None or row.ended_at is None:
        return None
    return (row.ended_at - row.started_at) / 1000

"""The rows of the stream: each step of a reel with the texts of its events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from reenact.events import Event, bodies
from reenact.web import contents, kinds, tools
from reenact.web.reel import known
from reenact.web.tools import Around
from reenact.web.views import CompactionView, ErrorView, ForkView, StreamRow, Text, ToolView

if TYPE_CHECKING:
    from reenact.web.reel import Reel
    from reenact.web.texts import Cutter

RowKind = Literal[
    "human", "assistant", "thinking", "system", "tool", "agents", "compaction", "fork", "error",
    "todos", "note", "limit", "permission", "setting", "warning", "other",
]  # fmt: skip
_KINDS: dict[str, RowKind] = {
    "context": "system",
    "session": "system",
    "hook": "system",
    "skill": "system",
    "test": "system",
    "output": "system",
    "agent": "system",
    "limit": "limit",
    "permission": "permission",
    "setting": "setting",
    "warning": "warning",
    "note": "note",
}


def row_of(
    reel: Reel, index: int, events: Mapping[int, Event], around: Around, cutter: Cutter
) -> StreamRow | None:
    """Gives the row of a step; None where its events are gone."""
    own = [events[seq] for seq in reel.events_of(index) if seq in events]
    if not own:
        return None
    first = own[0]
    values: dict[str, Any] = {
        "seq": reel.seq[index],
        "end": max(reel.end[index], own[-1].seq),
        "ts": known(reel.ts[index]),
        "event": first.body.kind,
        "title": reel.label(index),
        "loop": reel.loop[index],
        "turn": reel.turn[index],
        "live": bool(reel.live[index]),
        "duration_ms": known(reel.took[index]) or None,
    }
    values |= _told(reel, index, own, around, cutter)
    return StreamRow(**values)


def _told(reel: Reel, index: int, own: Sequence[Event], around: Around, cutter: Cutter) -> dict[str, Any]:
    first = own[0]
    match kind := kinds.KINDS[reel.kind[index]]:
        case "tool":
            tool = tools.tool_view(reel, index, own, cutter)
            agent = tools.agent_view(reel, index, own, around, cutter)
            if agent is not None:
                return {"kind": "agents", "tool": tool, "agents": (agent,)}
            return {"kind": "todos" if tool.todos else "tool", "tool": tool, "todos": tool.todos}
        case "message" | "reasoning":
            return _message(kind, first, cutter)
        case "error":
            return {"kind": "error", "error": _error(first, cutter), "text": _rest(first, cutter)}
        case "compaction":
            return {"kind": "compaction", "compaction": _compaction(reel, index, first, cutter)}
        case "file":
            diff = tools.diff_of(first, cutter) if isinstance(first.body, bodies.FileChanged) else None
            return {"kind": "other", "tool": _change(first, diff, cutter)} if diff else _other(first, cutter)
        case "plan":
            return _plan(first, cutter)
        case "session" if isinstance(first.body, bodies.SessionForked):
            return _fork(first.body, around, cutter)
        case _:
            return {**_other(first, cutter), "kind": _KINDS.get(kind, "other")}


def _message(kind: str, event: Event, cutter: Cutter) -> dict[str, Any]:
    body = event.body
    content = getattr(body, "blocks", ())
    images = tuple(tools.image_refs(event, "image", cutter))
    if kind == "reasoning":
        text = contents.text_of(event, "thinking") or ""
        return {
            "kind": "thinking",
            "text": cutter.cut(text, event.seq, "thinking"),
            "sealed": not text and contents.is_sealed(content),
        }
    said = cutter.cut(contents.message_text(content), event.seq, "text")
    if isinstance(body, bodies.UserMessage):
        title = "You" if body.human else body.origin or "injected"
        return {"kind": "human" if body.human else "system", "title": title, "text": said, "images": images}
    if isinstance(body, bodies.SystemMessage):
        return {"kind": "system", "title": body.origin or "system", "text": said, "images": images}
    return {"kind": "assistant", "text": said, "images": images}


def _error(event: Event, cutter: Cutter) -> ErrorView:
    body: Any = event.body
    message = getattr(body, "message", None) if isinstance(body, bodies.ErrorBody) else None
    message = message or getattr(body, "error", None) or contents.message_text(getattr(body, "blocks", ()))
    retry = getattr(body, "retry_after", None)
    return ErrorView(
        message=cutter.line(message, 4_000) or event.body.kind,
        category=getattr(body, "category", None),
        status=getattr(body, "status", None),
        attempt=getattr(body, "attempt", None),
        max_attempts=getattr(body, "max_attempts", None),
        retry_after=retry if isinstance(retry, int | float) else None,
    )


def _compaction(reel: Reel, index: int, event: Event, cutter: Cutter) -> CompactionView | None:
    body = event.body
    if not isinstance(body, bodies.CompactionFinished):
        return None
    before = [mark.seq for mark in reel.marks if mark.kind == "compaction" and mark.seq < event.seq]
    summary = contents.text_of(event, "summary")
    return CompactionView(
        strategy=body.strategy,
        trigger=body.trigger,
        before=body.before,
        after=body.after,
        summary=cutter.cut(summary, event.seq, "summary") if summary else None,
        from_seq=before[-1] if before else reel.seq[0],
        to_seq=reel.seq[index - 1] if index else event.seq,
    )


def _change(event: Event, diff: Any, cutter: Cutter) -> Any:
    body = event.body
    assert isinstance(body, bodies.FileChanged)
    return ToolView(
        call=body.call, name=body.op, tool_kind="file_edit", effect="change", server=None,
        argument=cutter.line(body.path), input=None, output=None, output_is_json=False, stderr=None,
        error=None, ok=True, denied=False, open=False, exit_code=None, duration_ms=None, result_seq=None,
        diffs=(diff,), todos=(), images=(), path=cutter.line(body.path), permission=None, truncated=False,
    )  # fmt: skip


def _plan(event: Event, cutter: Cutter) -> dict[str, Any]:
    body = event.body
    items = body.items if isinstance(body, bodies.PlanUpdated) else ()
    return {**_other(event, cutter), "kind": "todos", "todos": tools.todos_of(items, event.seq, cutter)}


def _fork(body: bodies.SessionForked, around: Around, cutter: Cutter) -> dict[str, Any]:
    row = around.forks.get(body.parent)
    view = ForkView(
        session=body.parent,
        title=cutter.line(row.title, 200) if row is not None else None,
        turns=row.turns if row is not None else None,
        cost_usd=None if row is None or row.total.cost is None else row.total.cost / 10**12,
    )
    return {"kind": "fork", "fork": view}


def _other(event: Event, cutter: Cutter) -> dict[str, Any]:
    return {"kind": "other", "text": _rest(event, cutter)}


def _rest(event: Event, cutter: Cutter) -> Text | None:
    content = getattr(event.body, "blocks", None)
    name = "text" if content else "rest"
    text = contents.text_of(event, name)
    return cutter.cut(text, event.seq, name) if text else None

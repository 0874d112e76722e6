"""What was said and done: messages and their parts."""

from __future__ import annotations

from typing import Any

import msgspec

from reenact import ids
from reenact.events import AnyBlock, AnyBody
from reenact.events.blocks import File, Image, Text
from reenact.events.bodies import (
    AssistantMessage,
    CompactionFinished,
    CompactionStarted,
    Custom,
    FileChanged,
    ModeChanged,
    ModelFailed,
    ModelSwitched,
    ReasoningBody,
    Unknown,
    UsageRecorded,
    UserMessage,
)
from reenact.sources.members import flag, integer, mapping, milliseconds, number, text
from reenact.sources.opencode import course, work
from reenact.sources.opencode.state import AGENT, Message, State, holds_reasoning, tokens
from reenact.sources.protocol import Disposition

_QUIET = frozenset({"step-start", "step-finish", "snapshot"})
"""Marks of a step; its tokens are those of its message."""
_GOES_ON = frozenset({"tool-calls", "tool_calls", "unknown"})


def message(state: State, info: dict[str, Any]) -> Disposition:
    """A message as it is now; it is told of again whenever it changes."""
    identity, role = text(info, "id"), text(info, "role")
    if identity is None or role is None:
        state.page.unknown.append("message")
        state.strand.emit(f"unknown:{identity}", Unknown(name="message", raw=info))
        return "events"
    known = state.message(identity)
    is_new, known.role, known.info = not known.role, role, info
    time = mapping(info, "time")
    if is_new and state.latest is not None:
        close(state, state.latest)
    state.page.ts = milliseconds(time, "created")
    if is_new:
        _begin(state, known)
    if role == "assistant":
        _answered(state, known, is_new=is_new)
    return "joined"


def _begin(state: State, known: Message) -> None:
    """Opens a loop with a prompt, a turn with an answer."""
    strand, info = state.strand, known.info
    state.latest = known
    course.leave_past(state, info)
    if strand.last_record is not None:
        state.before[known.id] = strand.last_record
    if known.role == "user":
        strand.start_loop(known.id, agent=AGENT)
        return
    loop = text(info, "parentID") or strand.loop or known.id
    strand.start_loop(loop, agent=AGENT)
    mode = text(info, "agent") or text(info, "mode")
    if mode is not None and mode != state.mode:
        if state.mode is not None:
            what = "plan" if mode == "plan" else "autonomy"
            body = ModeChanged(mode=mode, what=what, previous=state.mode)  # type: ignore[arg-type]  # one of its words
            strand.emit(f"mode:{known.id}", body)
        state.mode = mode
    model = text(info, "modelID")
    if model is not None and model != strand.model:
        if strand.model is not None:
            strand.emit(f"model:{known.id}", ModelSwitched(model=model, previous=strand.model))
        strand.model = model
    strand.start_turn(known.id)


def _answered(state: State, known: Message, *, is_new: bool) -> None:
    """Books an answer's tokens when they are known; closes it when it is complete."""
    info = known.info
    if not is_new:  # what is first told of as a whole (tables, copies) has its parts behind it
        _usage(state, known)
    error, time = mapping(info, "error"), mapping(info, "time")
    completed = milliseconds(time, "completed")
    if completed is None and not error:
        return
    known.is_done = state.has_finished_messages = True
    known.ended = completed
    if not is_new:
        close(state, known)


def close(state: State, known: Message) -> None:
    """Ends a message: its parts are all told."""
    strand, info = state.strand, known.info
    _flush(state, known)
    if known.role == "assistant" and not known.is_closed:
        state.page.ts = known.ended if known.ended is not None else state.page.ts
        _usage(state, known)
    if known.is_closed or not known.is_done:
        return
    known.is_closed = True
    if flag(info, "summary") is True:
        summary = "\n".join(known.said) or None
        strand.emit(f"compacted:{known.id}", CompactionFinished(strategy="summary", summary=summary))
    error, finish = mapping(info, "error"), text(info, "finish")
    if strand.turn != known.id:
        return
    if error:
        course.failed(state, known, error)
        return
    strand.end_turn(finish)
    if finish is not None and finish not in _GOES_ON:
        strand.end_loop()


def _usage(state: State, known: Message) -> None:
    """Books the tokens of a message under a key that a fork's copy of it has, too.

    A copy has another id; what stays are the times of answer and prompt, the model and the counts.
    """
    info = known.info
    counts = mapping(info, "tokens")
    counted = tokens(counts)
    if counted is None or state.is_rolled_up or known.booked == counted:
        return
    if known.usage_key is None:
        prompt = state.messages.get(text(info, "parentID") or "")
        asked = integer(mapping(prompt.info, "time"), "created") if prompt is not None else None
        made = integer(mapping(info, "time"), "created")
        owner = state.strand.native if state.strand.header.kind == "subagent" or made is None else ""
        parts = (
            owner,
            made,
            asked,
            text(info, "modelID"),
            msgspec.json.encode(counted, order="sorted").decode(),
        )
        known.usage_key = f"opencode:{ids.derive(*map(str, parts))}"
    known.booked = counted
    state.spent += counted.total
    cost = number(info, "cost")
    is_guess = bool(counted.reasoning) and not integer(counts, "total") and holds_reasoning(counts)
    body = UsageRecorded(
        key=known.usage_key,
        tokens=counted,
        model=text(info, "modelID"),
        quality="partial" if is_guess else "measured",
        final=milliseconds(mapping(info, "time"), "completed") is not None,
        cost=f"{cost:.9f}".rstrip("0").rstrip(".") if cost else None,
        inherited=state.forked_from is not None and state.is_past(info),
        provider=text(info, "providerID"),
    )
    state.strand.emit(f"use:{known.id}", body)


# -- parts ----------------------------------------------------------------------------------------


def part(state: State, info: dict[str, Any], raw: Any) -> Disposition:
    """A part of a message as it is now."""
    kind, identity = text(info, "type") or "untyped", text(info, "id") or ""
    known = state.message(text(info, "messageID") or "")
    made = milliseconds(mapping(known.info, "time"), "created")
    state.page.ts = made if made is not None else state.page.ts
    match kind:
        case "text" | "reasoning":
            known.waiting[identity] = info
            if _is_whole(known, info):
                _flush(state, known, only=identity)
        case "tool":
            work.tool(state, known, info)
        case "patch":
            _patch(state, known, identity, info)
        case "step-finish" if isinstance(raw, dict) and "t" not in raw and known is state.latest:
            if known.is_done:  # a copy in the log of changes: told as a whole, and its parts behind it
                close(state, known)
        case quiet if quiet in _QUIET:
            pass
        case _:
            name = f"{kind}:{identity}"
            if not state.strand.has(name):
                state.strand.emit(name, _told(state, known, kind, info, raw))
    return "joined"


def _told(state: State, known: Message, kind: str, info: dict[str, Any], raw: Any) -> AnyBody:
    """Gives what a part that never changes tells."""
    match kind:
        case "file":
            return UserMessage(blocks=(_file(info),), human=_is_human(state), origin="file", message=known.id)
        case "retry":
            error = mapping(info, "error")
            data = mapping(error, "data")
            state.page.ts = milliseconds(mapping(info, "time"), "created") or state.page.ts
            return ModelFailed(
                attempt=integer(info, "attempt"),
                error=text(data, "message") or text(error, "message", "name"),
                status=integer(data, "statusCode"),
            )
        case "compaction":
            trigger = "auto" if flag(info, "auto") else "manual"
            return CompactionStarted(strategy="summary", trigger=trigger)
        case "subtask" | "agent":
            return Custom(name=f"opencode.{kind}", data=info)
        case _:
            state.page.unknown.append(f"part/{kind}")
            return Unknown(name=f"part/{kind}", raw=raw or info)


def _is_human(state: State) -> bool:
    return state.strand.header.kind != "subagent"


def _is_whole(known: Message, info: dict[str, Any]) -> bool:
    """Tells whether a text will not grow any more."""
    if known.role != "assistant":
        return bool(text(info, "text"))
    return known.is_done or integer(mapping(info, "time"), "end") is not None


def _flush(state: State, known: Message, *, only: str | None = None) -> None:
    """Tells the texts of a message that waited for their end: one, or all of them."""
    for identity in [only] if only is not None else list(known.waiting):
        info = known.waiting.pop(identity)
        said = text(info, "text")
        if said is not None and not state.strand.has(f"part:{identity}"):
            _say(state, known, identity, info, said)


def _say(state: State, known: Message, identity: str, info: dict[str, Any], said: str) -> None:
    strand, name = state.strand, f"part:{identity}"
    end = integer(mapping(info, "time"), "end")
    ts = end * 1000 if end else None
    if info.get("type") == "reasoning":
        strand.emit(name, ReasoningBody(text=said, message=known.id), ts=ts)
    elif known.role == "user":
        synthetic = flag(info, "synthetic") is True
        body = UserMessage(
            blocks=(Text(text=said),),
            human=_is_human(state) and not synthetic,
            origin="synthetic" if synthetic else "prompt",
            message=known.id,
        )
        strand.emit(name, body)
    else:
        known.said.append(said)
        model = text(known.info, "modelID")
        strand.emit(name, AssistantMessage(blocks=(Text(text=said),), message=known.id, model=model), ts=ts)


def _file(info: dict[str, Any]) -> AnyBlock:
    media, url = text(info, "mime"), text(info, "url") or ""
    data = url.partition(";base64,")[2] if url.startswith("data:") else None
    if media is not None and media.startswith("image/"):
        return Image(media_type=media, data=data, url=None if data else url or None)
    return File(name=text(info, "filename"), media_type=media, data=data, url=None if data else url or None)


def _patch(state: State, known: Message, identity: str, info: dict[str, Any]) -> None:
    """Files that a step changed without a tool that tells of it (a command, for instance)."""
    listed = info.get("files")
    for path in listed if isinstance(listed, list) else ():
        name = f"patch:{identity}:{path}"
        if isinstance(path, str) and path not in known.files and not state.strand.has(name):
            state.strand.emit(name, FileChanged(path=path))

"""Tool calls to drafts: asked, ended, what they changed, which sub-agent did the work; compactions."""

from __future__ import annotations

from typing import Any

from reenact import ids
from reenact.events.blocks import ToolCall, ToolResult
from reenact.events.bodies import (
    AgentFinished,
    AgentSpawned,
    CompactionFinished,
    Custom,
    PermissionAnswered,
    PlanUpdated,
    SessionEnded,
    ToolCalled,
    ToolFinished,
    UserMessage,
)
from reenact.sources.gemini import content, tools
from reenact.sources.gemini.chat import Chat, Known
from reenact.sources.gemini.records import Call, Message, responses
from reenact.sources.members import text
from reenact.sources.protocol import Disposition


def called(chat: Chat, message: Message, known: Known) -> None:
    """Takes the calls that a message lists, as far as they are new."""
    for call in message.calls:
        identity = call.id or f"{message.id}:{call.name}"
        if chat.calls.get(identity, message.id) != message.id:
            identity = f"{message.id}:{identity}"  # the same name for another call
        chat.drafts.ts = message.ts
        if identity not in known.calls:
            known.calls.add(identity)
            chat.calls[identity] = message.id
            _begun(chat, message, known, call, identity)
        if identity not in chat.finished and tools.is_over(call):
            chat.finished.add(identity)
            _ended(chat, known, call, identity)


def asked(chat: Chat, message: Message, known: Known) -> None:
    """Takes the calls that stand in a message's content only (a history that the CLI rebuilt)."""
    for block in content.blocks(message.content):
        if isinstance(block, ToolCall) and block.call not in chat.calls:
            call = Call(id=block.call, name=block.name, args=block.input)
            known.calls.add(block.call)
            chat.calls[block.call] = message.id
            _begun(chat, message, known, call, block.call)


def answered(chat: Chat, message: Message) -> Disposition:
    """Takes the results that are given to the model in the user's name; the calls have told them mostly."""
    chat.drafts.ts = message.ts
    for response in responses(message.content):
        identity = text(response, "id") or text(response, "name") or ""
        owner = chat.calls.get(identity)
        if identity in chat.finished or owner is None:
            continue
        chat.finished.add(identity)
        known = chat.known[owner]
        call = Call(
            id=identity,
            name=text(response, "name") or "",
            result=[{"functionResponse": response}],
            ts=message.ts,
        )
        _ended(chat, known, call, identity)
    return "joined"


def _begun(chat: Chat, message: Message, known: Known, call: Call, identity: str) -> None:
    drafts = chat.drafts
    if chat.is_past:
        block = ToolCall(call=identity, name=call.name, input=call.args)
        _copy(chat, known, f"call:{identity}", (block,))
        return
    kind = tools.kind_of(call)
    body = ToolCalled(
        call=identity,
        name=call.name,
        tool_kind=kind,
        input=call.args,
        mcp_server=tools.mcp_server(call.name),
        message=message.id,
    )
    known.records.append(drafts.emit(f"call:{identity}", body, spot=known.spot))
    if kind == "sub_agent":
        args = call.args if isinstance(call.args, dict) else {}
        spawned = AgentSpawned(
            child=_child(chat, call),
            call=identity,
            name=text(args, "agent_name") or text(args, "agentName") or call.name,
            task=text(args, "prompt") or text(args, "objective") or text(args, "query"),
            native=call.agent,
        )
        drafts.emit(f"spawn:{identity}", spawned, spot=known.spot)


def _copy(chat: Chat, known: Known, record: str, blocks: tuple[Any, ...]) -> None:
    body = UserMessage(blocks=blocks, human=False, origin="tool_result")
    known.records.append(chat.drafts.emit(record, body, spot=known.spot))


def _child(chat: Chat, call: Call) -> str | None:
    return ids.session_id(chat.drafts.agent, call.agent) if call.agent else None


def _ended(chat: Chat, known: Known, call: Call, identity: str) -> None:
    drafts = chat.drafts
    ended = tools.outcome(call.result, call.status)
    if call.ts is not None:
        drafts.ts = call.ts
    if chat.is_past:
        block = ToolResult(call=identity, output=ended.output, is_error=ended.ok is False)
        _copy(chat, known, f"end:{identity}", (block,))
        return
    if ended.category == "denied":
        refusal = PermissionAnswered(granted=False, call=identity, tool=call.name, reason=ended.error)
        drafts.emit(f"denied:{identity}", refusal, spot=known.spot)
    whole = _spilled(chat, ended.spill)
    body = ToolFinished(
        call=identity,
        ok=ended.ok,
        output=ended.output,
        error=ended.error,
        category=ended.category,
        exit_code=ended.exit_code,
        child=_child(chat, call),
        truncated=ended.spill is not None and whole is None,
        full_output=whole,
        data=tools.slim(call.display),
    )
    known.records.append(drafts.emit(f"end:{identity}", body, spot=known.spot))
    _consequences(chat, known, call.__replace__(id=identity), ended)


def _consequences(chat: Chat, known: Known, call: Call, ended: tools.Outcome) -> None:
    """Tells what else the end of a call tells: a file's change, a plan, the end of a sub-agent."""
    drafts = chat.drafts
    change = tools.changed(call, ended)
    if change is not None:
        drafts.emit(f"file:{call.id}", change, spot=known.spot)
    plan = tools.plan(call)
    if plan is not None and ended.ok:
        drafts.emit(f"plan:{call.id}", PlanUpdated(items=plan, call=call.id), spot=known.spot)
    if tools.kind_of(call) == "sub_agent":
        result = ended.output if isinstance(ended.output, str) else ended.error
        status = "completed" if ended.ok else "cancelled" if ended.category == "cancelled" else "failed"
        body = AgentFinished(child=_child(chat, call), call=call.id, status=status, result=result)
        drafts.emit(f"agent-end:{call.id}", body, spot=known.spot)


def _spilled(chat: Chat, name: str | None) -> str | None:
    """Gives the whole output of a call where the file that it was written to was found."""
    if name is None:
        return None
    found = chat.sidecars.get(name.rpartition("/")[2])
    return None if found is None else found.decode("utf-8", "replace")


def compacted(chat: Chat, message: Message, known: Known) -> None:
    """Takes the summary that a compression put in place of the talk; its call is in no log."""
    drafts = chat.drafts
    kept = tuple(
        drafts.event(record)
        for each in chat.live
        if each in chat.known
        for record in chat.known[each].records
    )
    body = CompactionFinished(strategy="summary", summary=known.said, kept=kept)
    known.record = drafts.emit(f"m:{message.id}", body)
    known.records.append(known.record)
    unrecorded(chat, "compact", message.id)


def ended(chat: Chat, *, result: str) -> None:
    """Takes what a sub-agent gave back: its work is done."""
    if not chat.is_ended:
        chat.is_ended = True
        chat.drafts.end_loop()
        chat.drafts.emit("ended", SessionEnded(status="completed", result=result))


def unrecorded(chat: Chat, purpose: str, cause: str) -> None:
    """Names a model call that certainly was and whose usage no log has."""
    body = Custom(name="gemini.unrecorded_call", data={"purpose": purpose})
    chat.drafts.emit(f"unrecorded:{purpose}:{cause}", body)

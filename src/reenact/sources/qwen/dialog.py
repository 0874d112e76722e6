"""What was said and done: prompts, answers over one or several records, results of tools."""

from __future__ import annotations

from typing import Any

from reenact import ids
from reenact.events import AnyBlock
from reenact.events.blocks import Text, ToolCall, ToolResult
from reenact.events.bodies import (
    AgentFinished,
    AgentSpawned,
    AssistantMessage,
    ContextInjected,
    PlanUpdated,
    ToolCalled,
    ToolFinished,
    UserMessage,
)
from reenact.sources.gemini import content, tools
from reenact.sources.gemini.records import Call, responses
from reenact.sources.members import count, integer, mapping, text
from reenact.sources.names import name_of
from reenact.sources.protocol import Disposition
from reenact.sources.qwen.records import Record, stated
from reenact.sources.qwen.state import AGENT, INHERITED, Answer, File, key_of

_REMINDER = "<system-reminder>"
_HUMAN = frozenset({None, "mid_turn_user_message"})
_TASK = "task_id: "


def name(record: Record) -> str:
    """Gives a record's name; a fork's copies keep the uuid."""
    return record.uuid or name_of("row", repr(record.raw))


def user(file: File, record: Record) -> Disposition:
    """Takes what was given to the model in the user's name."""
    drafts = file.drafts
    file.settle()
    file.answer = None
    blocks = content.blocks(record.parts)
    reminders = tuple(b for b in blocks if isinstance(b, Text) and b.text.startswith(_REMINDER))
    said = tuple(block for block in blocks if block not in reminders)
    is_human = record.subtype in _HUMAN and record.provenance in {None, "real_user"}
    is_human = is_human and drafts.kind != "subagent" and bool(said)
    if drafts.lane != INHERITED and (is_human or drafts.loop is None):
        drafts.start_loop(name(record), is_branch=file.is_branch)
    if reminders:
        drafts.emit(f"{name(record)}:reminder", ContextInjected(blocks=reminders, origin="reminder"))
    origin = "prompt" if is_human else record.subtype or ("task" if drafts.kind == "subagent" else "meta")
    body = UserMessage(blocks=said, human=is_human, origin=origin, message=record.uuid)
    file.anchor = drafts.emit(name(record), body, parent=file.hang())
    file.is_branch = False
    return "events"


def assistant(file: File, record: Record) -> Disposition:
    """Takes an answer, or what more of one the next record tells."""
    drafts = file.drafts
    answer = _answer(file, record)
    is_copied = drafts.lane == INHERITED
    blocks = content.blocks(record.parts)
    calls = [block for block in blocks if isinstance(block, ToolCall)]
    said: tuple[AnyBlock, ...] = tuple(
        b for b in blocks if (is_copied or not isinstance(b, ToolCall)) and not _is_empty(b)
    )
    parent = file.hang()
    if said:
        body = AssistantMessage(blocks=said, message=answer.key, model=answer.model)
        file.anchor, parent = drafts.emit(name(record), body, parent=parent), None
        file.is_branch = False
    for block in () if is_copied else calls:
        _call(file, record, block, parent)
        parent = None
        file.is_branch = False
    file.count(answer)
    return "metadata"


def _is_empty(block: AnyBlock) -> bool:
    return isinstance(block, Text) and not block.text


def _answer(file: File, record: Record) -> Answer:
    """Gives the answer that a record belongs to: the one being told, or a new one.

    Usage in a stream is cumulative: as long as the prompt is the same and the output does not
    shrink, it is the same answer, and its last word holds.
    """
    told, prompt = stated(record.usage), count(record.usage, "promptTokenCount")
    answer = file.answer
    goes_on = answer is not None and (
        told is None
        or answer.tokens is None
        or (answer.prompt == prompt and told.output >= answer.tokens.output)
    )
    if answer is None or not goes_on:
        if file.notice is not None and (told is None or file.notice.tokens.total != told.total):
            file.settle()
        answer = file.answer = Answer(key=_key(file, record, is_round=told is not None))
        if file.drafts.lane != INHERITED:
            file.drafts.open_turn(name(record))
    if told is not None:
        answer.tokens, answer.prompt = told, prompt
        file.notice = None
    answer.model = record.model or file.meta_model or answer.model
    return answer


def _key(file: File, record: Record, *, is_round: bool) -> str:
    if file.main is None or file.agent_id is None:
        return f"qwen:{name(record)}"
    number = integer(record.raw, "agentRound") if isinstance(record.raw, dict) else None
    round_ = file.rounds if number is None else number - 1
    file.rounds = round_ + 1 if is_round else file.rounds
    return key_of(file.main, file.agent_id, round_)


def _call(file: File, record: Record, block: ToolCall, parent: str | None) -> None:
    drafts = file.drafts
    call = Call(id=block.call, name=block.name, args=block.input)
    kind = tools.kind_of(call)
    body = ToolCalled(
        call=block.call,
        name=block.name,
        tool_kind=kind,
        input=block.input,
        mcp_server=tools.mcp_server(block.name),
        message=record.uuid,
    )
    file.anchor = drafts.emit(f"{name(record)}:call:{block.call}", body, parent=parent)
    file.calls[block.call] = (drafts.spot, block.name, block.input)
    if kind == "sub_agent":
        args = block.input if isinstance(block.input, dict) else {}
        spawned = AgentSpawned(
            call=block.call, name=text(args, "subagent_type") or block.name, task=text(args, "prompt")
        )
        drafts.emit(f"{name(record)}:spawn:{block.call}", spawned)


def tool_result(file: File, record: Record) -> Disposition:
    """Takes the result of a tool."""
    file.answer = None
    found = responses(record.parts)
    identity = text(record.result, "callId") or (text(found[0], "id") if found else None) or ""
    spot, tool, args = file.calls.get(identity, (file.drafts.spot, "", None))
    tool = tool or (text(found[0], "name") if found else None) or ""
    call = Call(
        id=identity,
        name=tool,
        args=args,
        result=record.parts,
        status=text(record.result, "status"),
        display=record.result.get("resultDisplay"),
    )
    ended = tools.outcome(call.result, call.status)
    if file.drafts.lane == INHERITED:
        block = ToolResult(call=identity, output=ended.output, is_error=ended.ok is False)
        body = UserMessage(blocks=(block,), human=False, origin="tool_result")
        file.anchor = file.drafts.emit(name(record), body)
        return "events"
    code = integer(mapping(record.result, "resultDisplay"), "exitCode")
    child = _child(file, call, ended.output)
    duration = integer(record.result, "durationMs")
    if duration is None:
        duration = file.durations.get(identity)
    finished = ToolFinished(
        call=identity,
        ok=ended.ok,
        output=ended.output,
        error=ended.error,
        category=ended.category,
        exit_code=ended.exit_code if code is None else code,
        duration=duration * 1000 if duration is not None else None,
        child=child,
        data=tools.slim(call.display),
    )
    file.anchor = file.drafts.emit(name(record), finished, spot=spot)
    _consequences(file, record, call, ended, child)
    return "events"


def _child(file: File, call: Call, output: Any) -> str | None:
    """Gives the sub-agent that did the work, where the result names it (0.24, in the background)."""
    display = call.display if isinstance(call.display, dict) else {}
    named = text(display, "agentId")
    if named is None and isinstance(output, str) and tools.kind_of(call) == "sub_agent":
        place = output.find(_TASK)
        words = output[place + len(_TASK) :][:200].split() if place >= 0 else []
        named = words[0] if words else None
    return ids.session_id(AGENT, f"{file.main or file.drafts.native}#{named}") if named else None


def _consequences(file: File, record: Record, call: Call, ended: tools.Outcome, child: str | None) -> None:
    drafts = file.drafts
    spot = file.calls[call.id][0] if call.id in file.calls else drafts.spot
    change = tools.changed(call, ended)
    if change is not None:
        drafts.emit(f"{name(record)}:file", change, spot=spot)
    plan = tools.plan(call)
    if plan is not None and ended.ok:
        drafts.emit(f"{name(record)}:plan", PlanUpdated(items=plan, call=call.id), spot=spot)
    display = call.display if isinstance(call.display, dict) else {}
    if tools.kind_of(call) == "sub_agent" and text(display, "status") in {None, "completed", "failed"}:
        if child is not None and text(display, "status") is None:
            return  # started in the background; its end is told elsewhere
        body = AgentFinished(
            child=child,
            call=call.id,
            status=text(display, "status") or ("completed" if ended.ok else "failed"),
            result=text(display, "result") or (ended.output if isinstance(ended.output, str) else None),
        )
        drafts.emit(f"{name(record)}:agent-end", body, spot=spot)

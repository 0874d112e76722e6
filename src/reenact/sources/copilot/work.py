"""What was done: tool calls, permissions, hooks, and the sub-agents that calls start."""

from __future__ import annotations

import re
from typing import Any, Literal

from reenact.events.blocks import PlanItem
from reenact.events.bodies import (
    AgentFinished,
    AgentSpawned,
    HookRan,
    PermissionAnswered,
    PermissionAsked,
    PlanUpdated,
    SessionEnded,
    SessionStarted,
    ToolFinished,
)
from reenact.sources.copilot import dialog, tools
from reenact.sources.copilot.records import Row
from reenact.sources.copilot.state import State
from reenact.sources.members import flag, mapping, mappings, text
from reenact.sources.strand import Strand

_ITEM = re.compile(r"(?m)^\s*[-*] \[([ xX~-])\] (.+)$")
_MARKS = {"x": "completed", "X": "completed", " ": "pending", "~": "in_progress", "-": "in_progress"}
_PLANS = frozenset({"update_todo", "todo_write", "update_plan"})


def tool_start(state: State, strand: Strand, row: Row) -> bool:
    """A tool begins; gives whether its call was not told before."""
    call = text(row.data, "toolCallId")
    if call is None:
        return False
    name = text(row.data, "toolName", "name") or ""
    server = text(row.data, "mcpServerName")
    is_new = dialog.called(state, strand, call, name, row.data.get("arguments"), server=server)
    known = state.calls.get(call)
    if known is not None:
        known.started = row.ts
    return is_new


def tool_complete(state: State, strand: Strand, row: Row) -> bool:
    """A tool ended: with what, how long it took, and what it changed."""
    call = text(row.data, "toolCallId")
    if call is None:
        return False
    known = state.calls.get(call)
    owner = known.strand if known is not None else strand
    ended = tools.outcome(row.data)
    began = known.started if known is not None else None
    kept = {
        name: row.data[name] for name in ("shellExecution", "toolUsage", "fileEdits") if row.data.get(name)
    }
    more = mapping(row.data, "result").get("structuredContent")
    owner.emit(
        f"done:{call}",
        ToolFinished(
            call=call,
            ok=ended.ok,
            output=ended.output,
            error=ended.error,
            category=ended.category,
            exit_code=ended.exit_code,
            duration=row.ts - began if row.ts is not None and began is not None else None,
            child=known.child if known is not None else None,
            data={**kept, **({"structured": more} if more is not None else {})} or None,
        ),
        call=call,
    )
    name, given = (known.name, known.given) if known is not None else ("", None)
    told = list(tools.changes(row.data, given, call))
    change = tools.asked_change(name, row.data, given, call)
    for number, each in enumerate([*told, *([change] if change is not None else [])]):
        owner.emit(f"file:{call}:{number}", each, call=call)
    if name in _PLANS and ended.ok is not False and isinstance(given, dict):
        _plan(owner, call, given)
    return True


def _plan(strand: Strand, call: str, given: dict[str, Any]) -> None:
    """To-dos: a Markdown list of boxes, or objects."""
    said = text(given, "todos", "plan")
    if said is not None:
        items = tuple(PlanItem(text=line, status=_MARKS[mark]) for mark, line in _ITEM.findall(said))
    else:
        listed = mappings(given, "todos") or mappings(given, "plan")
        items = tuple(
            PlanItem(
                text=text(item, "content", "title", "step") or "", status=text(item, "status") or "pending"
            )
            for item in listed
        )
    strand.emit(f"plan:{call}", PlanUpdated(items=items, text=said, call=call), call=call)


# -- permissions and hooks ------------------------------------------------------------------------


def permission_asked(state: State, strand: Strand, row: Row) -> None:
    request = mapping(row.data, "permissionRequest") or row.data
    call, kind = text(request, "toolCallId"), text(request, "kind")
    identity = text(row.data, "requestId") or row.id or ""
    known = state.calls.get(call or "")
    tool = known.name if known is not None else text(request, "toolName") or kind
    state.asked[identity] = (call, tool)
    said = text(request, "intention", "fullCommandText", "fileName", "path", "url", "toolTitle")
    strand.emit(f"ask:{identity}", PermissionAsked(call=call, tool=tool, description=said), call=call)


def permission_answered(state: State, strand: Strand, row: Row) -> None:
    identity = text(row.data, "requestId") or row.id or ""
    call, tool = state.asked.get(identity, (text(row.data, "toolCallId"), None))
    result = mapping(row.data, "result")
    kind = text(result, "kind") or text(row.data, "result", "decision") or ""
    body = PermissionAnswered(
        granted=kind.startswith("approv"),
        call=call,
        tool=tool,
        reason=text(result, "feedback", "message") or kind or None,
        source="user" if "user" in kind or "interactive" in kind else "rule" if kind else None,
    )
    strand.emit(f"answer:{identity}", body, call=call)


def hook_end(strand: Strand, row: Row) -> None:
    error = mapping(row.data, "error")
    success = flag(row.data, "success")
    body = HookRan(
        name=text(row.data, "hookType") or "hook",
        event=text(row.data, "hookType"),
        outcome=None if success is None else "success" if success else "error",
        reason=text(error, "message"),
        output=text(mapping(row.data, "output"), "additionalContext", "message"),
    )
    strand.emit(f"hook:{row.id}", body)


# -- sub-agents -----------------------------------------------------------------------------------


def agent_started(state: State, row: Row) -> None:
    """A call started an agent, which is a session of its own from here on."""
    data = row.data
    call = text(data, "toolCallId")
    agent = row.agent or call or row.id or ""
    known = state.calls.get(call or "")
    parent = known.strand if known is not None else state.main
    child = state.child(agent, call, parent)
    given = known.given if known is not None and isinstance(known.given, dict) else {}
    task = text(given, "prompt", "description") or text(data, "agentDescription")
    if known is not None:
        known.child = child.session
    child.model = text(data, "model") or child.model
    if child.has("start"):
        return
    background = text(data, "executionMode") == "background" or text(given, "mode") == "background"
    spawned = AgentSpawned(
        child=child.session,
        call=call,
        name=text(data, "agentDisplayName", "agentName"),
        task=task,
        native=agent,
        background=background,
    )
    parent.emit(f"spawn:{agent}", spawned, call=call)
    body = SessionStarted(
        task=task,
        agent=text(data, "agentName") or "agent",
        agent_version=state.version,
        model=child.model,
        cwd=state.cwd,
    )
    child.emit("start", body)


def agent_ended(state: State, row: Row) -> None:
    """A sub-agent gave its result; the tokens it is said to have used are those of its own calls."""
    call = text(row.data, "toolCallId")
    child = state.strand(row.agent) if row.agent is not None else state.of_call(call)
    if child is None:
        return
    status: Literal["completed", "failed", "aborted"] = "completed"
    if row.type == "subagent.failed":
        status = "failed"
    if flag(row.data, "cancelled"):
        status = "aborted"
    child.end_loop()
    error = text(row.data, "error") or text(mapping(row.data, "error"), "message")
    child.emit(f"end:{row.id}", SessionEnded(status=status, error=error))
    known = state.calls.get(call or "")
    parent = known.strand if known is not None else state.main
    body = AgentFinished(child=child.session, call=call, status=status, result=error)
    parent.emit(f"finished:{row.id}", body, call=call)

"""Tool calls: the call item, the output item, and what completed items know beside them."""

from __future__ import annotations

from typing import Any

from reenact import ids
from reenact.events import content_hash
from reenact.events.blocks import PlanItem
from reenact.events.bodies import (
    AgentSpawned,
    AssistantMessage,
    CheckpointCreated,
    ContextInjected,
    PlanUpdated,
    ToolCalled,
    ToolFinished,
    ToolProgress,
)
from reenact.sources.codex import content, outputs, patches
from reenact.sources.codex.memory import Execution, Memory
from reenact.sources.codex.parse_texts import agent_status
from reenact.sources.codex.records import Row
from reenact.sources.codex.thread import AGENT, Thread
from reenact.sources.members import mapping, mappings, text
from reenact.sources.names import name_of
from reenact.sources.protocol import Disposition

CALLS = frozenset({"function_call", "custom_tool_call", "local_shell_call", "tool_search_call"})
OUTPUTS = frozenset({"function_call_output", "custom_tool_call_output", "tool_search_output"})
SERVER_CALLS = frozenset({"web_search_call", "image_generation_call"})


def identity(payload: dict[str, Any]) -> str:
    """Gives a call's id; where it has none, one made of its content."""
    found = text(payload, "call_id") or text(payload, "id")
    return found or name_of("call", content_hash(payload))


def called(thread: Thread, memory: Memory, row: Row) -> Disposition:
    """A call that Codex runs."""
    payload = row.payload
    call = identity(payload)
    name, given = request(row)
    thread.output(f"call:{call}")
    _emit_call(thread, call, name, given, namespace=text(payload, "namespace"))
    if name == "apply_patch" and isinstance(given, str):
        memory.patches[call] = given
    elif (patch := patches.in_command(given)) is not None:
        memory.patches[call] = patch
    elif name == "update_plan" and isinstance(given, dict):
        memory.plans[call] = _plan(given)
    elif name == "spawn_agent" and isinstance(given, dict):
        memory.tasks[call] = text(given, "message") or text(given, "task_name") or ""
    return "events"


def request(row: Row) -> tuple[str, Any]:
    """Gives a call's tool and input."""
    payload = row.payload
    match row.kind:
        case "custom_tool_call":
            return text(payload, "name") or "custom", payload.get("input")
        case "local_shell_call":
            return "local_shell", payload.get("action")
        case "tool_search_call":
            return "tool_search", payload.get("arguments")
        case "web_search_call":
            return "web_search", payload.get("action")
        case "image_generation_call":
            return "image_generation", text(payload, "revised_prompt")
        case _:
            return text(payload, "name") or "", outputs.parsed_arguments(payload)


def _emit_call(
    thread: Thread, call: str, name: str, given: Any, *, namespace: str | None = None, server: bool = False
) -> None:
    body = ToolCalled(
        call=call,
        name=name,
        tool_kind=outputs.tool_kind(name),
        input=given,
        mcp_server=outputs.mcp_server(name, namespace),
        server=server,
    )
    thread.call(call)
    thread.emit(f"call:{call}", body)


def server_called(thread: Thread, memory: Memory, row: Row) -> Disposition:
    """A call that the provider ran itself: it is done when it is logged."""
    payload = row.payload
    name, given = request(row)
    query = text(mapping(payload, "action"), "query") or ""
    if row.kind == "web_search_call" and memory.searches[query] > 0:
        memory.searches[query] -= 1
        return "joined"
    call = text(payload, "id") or thread.unique(name_of("call", content_hash([name, given])))
    thread.output(f"call:{call}")
    if thread.has_call(call):
        return "joined"
    _emit_call(thread, call, name, given, server=True)
    status = text(payload, "status")
    thread.emit(f"out:{call}", ToolFinished(call=call, ok=None if status is None else status == "completed"))
    memory.finished.add(call)
    if isinstance(payload.get("result"), str):
        picture = content.image(f"data:image/png;base64,{payload['result']}")
        thread.emit(f"image:{call}", AssistantMessage(blocks=(picture,), model=thread.model))
    return "events"


def searched(thread: Thread, memory: Memory, payload: dict[str, Any]) -> Disposition:
    """A web search as people saw it; it may come before the item or stand alone."""
    call = text(payload, "call_id") or text(payload, "id") or ""
    if call and thread.has_call(call):
        return "joined"
    query = text(payload, "query") or ""
    thread.output(f"call:{call}", is_item=False)
    given = payload.get("action") or {"type": "search", "query": query}
    _emit_call(thread, call or thread.unique(name_of("call", query)), "web_search", given, server=True)
    thread.emit(f"out:{call}", ToolFinished(call=call, ok=True))
    memory.finished.add(call)
    memory.searches[query] += 1
    return "events"


def answered(thread: Thread, memory: Memory, row: Row) -> Disposition:
    """An output item: what the model was shown of a call."""
    payload = row.payload
    call = text(payload, "call_id") or name_of("call", content_hash(payload))
    given = payload.get("tools") if row.kind == "tool_search_output" else payload.get("output")
    told = outputs.shown(given)
    thread.input()
    loop, turn = thread.place(call)
    if call in memory.finished:
        progress = ToolProgress(call=call, data=told.output)
        thread.emit(f"more:{call}", progress, loop=loop, turn=turn)
        return "events"
    execution = memory.executions.pop(call, None)
    body = finished(call, told, execution)
    child = spawned_by_output(thread, memory, call, told.output)
    if child is not None:
        body = body.__replace__(child=ids.session_id(AGENT, child))
    thread.emit(f"out:{call}", body, loop=loop, turn=turn)
    memory.finished.add(call)
    _effects(thread, memory, call, body)
    return "events"


def finished(call: str, told: outputs.Shown, execution: Execution | None) -> ToolFinished:
    """Joins the two views of a call's end."""
    if execution is None:
        execution = Execution(name="")
    full = execution.output
    is_whole = full is None or not isinstance(told.output, str) or full in told.output
    ok = execution.ok if told.ok is None else told.ok
    return ToolFinished(
        call=call,
        ok=ok,
        output=told.output,
        error=execution.error,
        category=told.category or execution.category or ("failed" if ok is False else None),
        duration=told.duration if execution.duration is None else execution.duration,
        executor=execution.executor,
        exit_code=told.exit_code if execution.exit_code is None else execution.exit_code,
        truncated=is_whole and told.truncated,
        full_output=None if is_whole else full,
        data=execution.data,
    )


def _effects(thread: Thread, memory: Memory, call: str, body: ToolFinished) -> None:
    patch = memory.patches.pop(call, None)
    if patch is not None and body.ok and call not in memory.filed:
        changes(thread, memory, call, list(patches.asked(patch, call)))
    items = memory.plans.pop(call, None)
    if items is not None and body.ok is not False:
        thread.emit(f"plan:{call}", PlanUpdated(items=items, call=call))
    status = body.output.get("status") if isinstance(body.output, dict) else None
    if isinstance(status, dict):
        for child, state in status.items():
            if isinstance(state, dict | str) and "-" in child:
                agent_status(thread, child, state)


def changes(thread: Thread, memory: Memory, call: str | None, found: list[Any]) -> None:
    """Emits file changes, once for a call."""
    memory.filed.add(call or "")
    loop, turn = thread.place(call or "")
    for change in found:
        thread.emit(f"file:{call}:{change.path}", change, loop=loop, turn=turn)


def _plan(given: dict[str, Any]) -> tuple[PlanItem, ...]:
    return tuple(
        PlanItem(text=text(item, "step") or "", status=text(item, "status") or "pending")
        for item in mappings(given, "plan")
    )


def completed(thread: Thread, memory: Memory, call: str, execution: Execution) -> Disposition:
    """A completed item of a call: it waits for the output item, or follows it, or stands alone."""
    loop, turn = thread.place(call)
    if call in memory.finished:
        body = ToolProgress(call=call, text=execution.output, data=_facts(execution))
        thread.emit(f"ui:{call}", body, loop=loop, turn=turn)
        return "events"
    is_over = loop is not None and thread.is_ended(loop)
    if thread.has_call(call) and not is_over:
        memory.executions[call] = execution
        return "joined"
    if not thread.has_call(call):
        _emit_call(thread, call, execution.name, execution.input)
    flush_execution(thread, memory, call, execution)
    return "events"


def flush_execution(thread: Thread, memory: Memory, call: str, execution: Execution) -> None:
    """Ends a call by what people saw of its end, since the model was shown nothing."""
    loop, turn = thread.place(call)
    told = outputs.Shown(output=execution.output)
    thread.emit(f"out:{call}", finished(call, told, execution), loop=loop, turn=turn)
    memory.finished.add(call)


def flush_executions(thread: Thread, memory: Memory) -> None:
    """Ends the calls whose output item did not come before the loop's end."""
    for call, execution in list(memory.executions.items()):
        flush_execution(thread, memory, call, execution)
    memory.executions.clear()


def _facts(execution: Execution) -> dict[str, Any]:
    facts = {
        "ok": execution.ok,
        "exit_code": execution.exit_code,
        "duration": execution.duration,
        "data": execution.data,
    }
    return {name: value for name, value in facts.items() if value is not None}


def spawned_by_output(thread: Thread, memory: Memory, call: str, output: Any) -> str | None:
    """Gives the agent that a call's output says it started."""
    task = memory.tasks.pop(call, None)
    child = text(output, "agent_id") if isinstance(output, dict) else None
    if task is None or child is None:
        return None
    spawned(thread, memory, child, call, name=text(output, "nickname"), task=task or None)
    return child


def spawned(
    thread: Thread, memory: Memory, child: str, call: str | None, *, name: str | None, task: str | None
) -> None:
    """Emits the start of a sub-agent, once."""
    if child in memory.spawned:
        return
    memory.spawned.add(child)
    loop, turn = thread.place(call or "")
    body = AgentSpawned(
        child=ids.session_id(AGENT, child),
        call=call,
        name=name,
        task=task or memory.tasks.get(call or "") or None,
        native=child,
        background=True,
    )
    thread.emit(f"spawn:{child}", body, loop=loop, turn=turn)


def snapshot(thread: Thread, row: Row) -> Disposition:
    """A `ghost_snapshot` item: a commit that keeps the state of the files."""
    thread.emit(name_of("ghost", content_hash(row.payload)), CheckpointCreated(data=row.payload))
    return "events"


def more_tools(thread: Thread, row: Row) -> Disposition:
    """An `additional_tools` item: tools that the model is told of within the conversation (0.169)."""
    names = [text(tool, "name") for tool in mappings(row.payload, "tools")]
    body = ContextInjected(role="developer", origin="tools", data={"tools": names})
    thread.emit(name_of("tools", text(row.payload, "id") or content_hash(names)), body)
    return "events"

"""Messages and reasoning: each text becomes one event, whichever of its two views comes first."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from reenact import ids
from reenact.events import AnyBlock
from reenact.events.blocks import Reasoning, Text
from reenact.events.bodies import (
    AgentFinished,
    AssistantMessage,
    SessionTitled,
    SystemMessage,
    UserMessage,
    WorkspaceChanged,
)
from reenact.sources.codex import content
from reenact.sources.codex.memory import Memory
from reenact.sources.codex.records import Row, texts
from reenact.sources.codex.thread import AGENT, Thread
from reenact.sources.members import mapping, mappings, text
from reenact.sources.names import name_of
from reenact.sources.protocol import Disposition

_COMPACTED = "Compact task completed"
"""What 0.58 says to people in the model's name."""
_TITLE = 120
_CWD = re.compile(r"<cwd>([^<]+)</cwd>|^\s*Current working directory: (.+)$", re.MULTILINE)


def message(thread: Thread, memory: Memory, row: Row) -> Disposition:
    """A `message` item: from the user, the developer or the model."""
    blocks = content.blocks(row.payload)
    said = content.plain(blocks)
    identity = text(row.payload, "id")
    match row.payload.get("role"):
        case "assistant":
            return answer(thread, memory, said, blocks, is_item=True)
        case "user":
            origin = content.origin(said, content.kinds_of(row.payload))
            if origin == "prompt":
                return prompt(thread, memory, said, blocks, identity, is_item=True)
            body = UserMessage(blocks=blocks, human=False, origin=origin, message=identity)
            return injected(thread, memory, body, said)
        case role:
            kinds = content.kinds_of(row.payload)
            origin = kinds[0] if kinds else content.origin(said, [])
            named = str(role or "system") if origin == "prompt" else origin
            thread.emit(name_of("sys", said), SystemMessage(blocks=blocks, origin=named), in_turn=False)
            return "events"


def prompt(
    thread: Thread,
    memory: Memory,
    said: str,
    blocks: tuple[AnyBlock, ...],
    identity: str | None = None,
    *,
    is_item: bool,
) -> Disposition:
    """What was asked; in releases that do not tell turns apart it begins a loop."""
    known = memory.prompts.give(said) if is_item else memory.prompts.show(said)
    if known:
        return "joined"
    thread.meter.prompt(said)
    if not thread.has_tasks:
        thread.start_loop(thread.unique(name_of("p", said)))
    if thread.kind == "subagent":
        body = UserMessage(blocks=blocks, human=False, origin="task", message=identity)
        _entitle(thread, said)
    else:
        body = UserMessage(blocks=blocks, origin="prompt", message=identity)
    thread.emit(name_of("um", said), body, in_turn=False)
    thread.input()
    return "events"


def _entitle(thread: Thread, said: str) -> None:
    """Calls a sub-agent by the task that it was given first."""
    line = next((line.strip() for line in said.splitlines() if line.strip()), "")
    if line and not thread.has_output:
        thread.emit(name_of("title", line), SessionTitled(title=line[:_TITLE], by="summary"), in_turn=False)


def injected(thread: Thread, memory: Memory, body: UserMessage, said: str) -> Disposition:
    """What Codex said to the model in the user's name."""
    thread.emit(name_of("um", said), body, in_turn=False)
    thread.input()
    if body.origin == "environment" and thread.cwd is None and (found := _CWD.search(said)):
        thread.cwd = (found[1] or found[2]).strip()
        thread.emit(name_of("cwd", thread.cwd), WorkspaceChanged(cwd=thread.cwd))
    if body.origin == "notification":
        notified(thread, memory, said)
    return "events"


def answer(
    thread: Thread,
    memory: Memory,
    said: str,
    blocks: tuple[AnyBlock, ...],
    *,
    is_item: bool,
) -> Disposition:
    """What the model said."""
    if said == _COMPACTED and not is_item and memory.compactions > 0:
        memory.compactions -= 1
        return "joined"
    name = name_of("am", said)
    thread.output(name, is_item=is_item)
    known = memory.answers.give(said) if is_item else memory.answers.show(said)
    if known:
        return "joined"
    thread.emit(name, AssistantMessage(blocks=blocks, model=thread.model))
    return "events"


def reasoning(thread: Thread, memory: Memory, row: Row) -> Disposition:
    """A `reasoning` item; the model's view makes the event, since only it has the encrypted part."""
    block = content.reasoning(row.payload)
    shown = [item["text"] for item in mappings(row.payload, "summary") if isinstance(item.get("text"), str)]
    for part in shown:
        memory.thoughts.give(part)
    thread.output(name_of("rs", (shown or [block.text])[0]))
    name = name_of("rs", block.text or block.encrypted or "")
    thread.emit(name, AssistantMessage(blocks=(block,), model=thread.model))
    return "events"


def thought(thread: Thread, memory: Memory, shown: list[str]) -> Disposition:
    """Reasoning as people saw it; it waits for the item."""
    for part in shown:
        memory.thoughts.show(part)
    thread.output(name_of("rs", (shown or [""])[0]), is_item=False)
    return "joined"


def flush_thoughts(thread: Thread, memory: Memory) -> None:
    """Makes events of reasoning whose item never came (a response that was cut off)."""
    for part in memory.thoughts.waiting():
        body = AssistantMessage(blocks=(Reasoning(text=part),), model=thread.model)
        thread.emit(name_of("rs", part), body)


def shown_prompt(thread: Thread, memory: Memory, payload: dict[str, Any]) -> Disposition:
    """A `user_message` event."""
    said = text(payload, "message") or ""
    pictures = [content.image(url) for url in texts(payload, "images") + texts(payload, "local_images")]
    return prompt(thread, memory, said, (Text(text=said), *pictures), is_item=False)


def shown_item(thread: Thread, memory: Memory, item: dict[str, Any]) -> Disposition:
    """A completed `UserMessage` or `AgentMessage` item."""
    blocks = content.blocks(item)
    if item.get("type") == "UserMessage":
        return prompt(thread, memory, content.plain(blocks), blocks, is_item=False)
    return answer(thread, memory, content.plain(blocks), blocks, is_item=False)


def between_agents(thread: Thread, memory: Memory, row: Row) -> Disposition:
    """An `agent_message` item: one agent's message to another (0.169)."""
    blocks = content.blocks(row.payload)
    said = content.plain(blocks)
    author, recipient = text(row.payload, "author"), text(row.payload, "recipient")
    is_task = thread.kind == "subagent" and "Message Type: NEW_TASK" in said
    origin = "task" if is_task else "agent"
    if is_task:
        _entitle(thread, said.partition("Payload:\n")[2])
    body = UserMessage(blocks=blocks, human=False, origin=origin, message=text(row.payload, "id"))
    thread.emit(name_of("um", f"{author}\x1f{recipient}\x1f{said}"), body, in_turn=False)
    thread.input()
    child = memory.paths.get(author or "")
    if child is not None and "Message Type: FINAL_ANSWER" in said:
        _, _, result = said.partition("Payload:\n")
        finished = AgentFinished(child=ids.session_id(AGENT, child), result=result or None)
        thread.emit(f"agent-end:{child}", finished)
    return "events"


def notified(thread: Thread, memory: Memory, said: str) -> None:
    """Makes what a `<subagent_notification>` tells into the end of that agent."""
    start, end = said.find("{"), said.rfind("}")
    try:
        value = msgspec.json.decode(said[start : end + 1]) if start >= 0 else None
    except (msgspec.DecodeError, RecursionError):
        return
    if not isinstance(value, dict):
        return
    path = text(value, "agent_path") or text(value, "agent_id")
    if path is not None:
        agent_status(thread, memory.paths.get(path, path), value.get("status"))


def agent_status(thread: Thread, child: str, status: Any) -> None:
    """Makes an agent's status, a word or `{word: text}`, into an event where it is an end."""
    word = status if isinstance(status, str) else None
    result: str | None = None
    if isinstance(status, dict) and status:
        word = next(iter(status))
        result = text(status, word) or text(mapping(status, word), "message")
    if word not in {"completed", "errored", "shutdown", "interrupted", "failed"}:
        return
    body = AgentFinished(child=ids.session_id(AGENT, child), status=word, result=result)
    thread.emit(f"agent-end:{child}", body)

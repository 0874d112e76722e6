"""Claude Agent SDK: its hooks are recorded as they fire, and the transcript that its client writes is linked.

```python
with recording(archive, ClaudeAgentOptions(...)) as options:
    async for message in query(prompt="…", options=options): ...
```

The session holds what only the program sees: permissions, how long tools took, what was decided. What
hooks tell from inside a sub-agent (`agent_id`) stands in a session below it. What was said and what it
cost stands in the transcript, which is imported at the end as a session below it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Protocol

from claude_agent_sdk import (
    ClaudeAgentOptions,
    HookContext,
    HookMatcher,
    PermissionResult,
    PermissionResultAllow,
    ToolPermissionContext,
)

from reenact.events import bodies
from reenact.integrations.tap import telling
from reenact.recorder import DeniedError, Session, ToolScope, current, plain
from reenact.sources.claude_code.tools import mcp_server, tool_kind

__all__ = ["recording"]
_EVENTS = (
    "PreToolUse", "PostToolUse", "PostToolUseFailure", "UserPromptSubmit", "Stop", "SubagentStart",
    "SubagentStop", "PreCompact", "Notification", "PermissionRequest",
)  # fmt: skip
_SUFFIX = ".jsonl"


class Archive(Protocol):
    """What keeps sessions and imports transcripts; an archive does."""

    def record(self, *, agent: str) -> Session: ...
    def find(self, *, paths: Sequence[str]) -> Any: ...
    def catch_up(self, found: Any) -> Any: ...
    def transcripts_of(self, native_ids: Sequence[str]) -> list[str]: ...


@contextmanager
def recording(
    archive: Archive, options: ClaudeAgentOptions | None = None, *, agent: str = "claude-agent"
) -> Iterator[ClaudeAgentOptions]:
    """Gives options whose hooks are recorded: in the session that the code is in, else in one of its own.

    Hooks and the permission callback of the given options work as before. Deciding hooks of the
    session (`before_tool`) decide for the client, too: they deny, replace input, inject text.

    Args:
        archive: where it is recorded and where the transcripts are imported.
        options: the options to go by.
        agent: the agent's name, where a session is begun.
    """
    session, own = current(), None
    if session is None:
        own = session = archive.record(agent=agent).__enter__()
    hooks = _Hooks(session)
    error: BaseException | None = None
    try:
        yield hooks.within(options or ClaudeAgentOptions())
    except BaseException as raised:
        error = raised
        raise
    finally:
        with telling():
            hooks.close()
            _link(archive, session, hooks.transcripts)
        if own is not None:
            own.__exit__(type(error) if error is not None else None, error, None)


def _link(archive: Archive, session: Session, transcripts: dict[str, str]) -> None:
    """Imports the client's own transcripts, and those of its sub-agents, and names them as begun here."""
    folders = [path.removesuffix(_SUFFIX) for path in transcripts.values()]
    paths = [path for path in (*transcripts.values(), *folders) if os.path.exists(path)]
    if paths:
        archive.catch_up(archive.find(paths=paths))
    for native in transcripts:
        for imported in archive.transcripts_of([native]):
            session.link_child(imported, name="claude_code")


class _Hooks:
    """Writes down what hooks are told."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._scopes: dict[str, ToolScope] = {}
        self._begun: dict[str, str | None] = {}
        """Calls that start a sub-agent which was not heard of yet, and its type."""
        self._agents: dict[str, Session] = {}
        """Sub-agents at work, by the client's ids of them."""
        self.transcripts: dict[str, str] = {}
        """Where the client writes, by its own id of the session."""

    def within(self, options: ClaudeAgentOptions) -> ClaudeAgentOptions:
        """Gives options with our hooks behind those that are there."""
        hooks: dict[Any, list[HookMatcher]] = dict(options.hooks or {})
        for event in _EVENTS:
            hooks[event] = [*hooks.get(event, []), HookMatcher(hooks=[self._hear])]
        asked = options.can_use_tool
        return replace(options, hooks=hooks, can_use_tool=self._asking(asked) if asked else None)

    def close(self) -> None:
        """Ends the calls that were never heard of again."""
        for scope in self._scopes.values():
            scope.abort("nothing was heard of it again")
        for agent in self._agents.values():
            agent.end("aborted", error="nothing was heard of it again")

    async def _hear(self, told: Any, _: str | None, __: HookContext) -> Any:
        with telling():
            try:
                return self._heard(told) or {}
            except DeniedError as denied:
                if told["hook_event_name"] == "PreToolUse":
                    return _decided("deny", permissionDecisionReason=str(denied))
        return {}

    def _place(self, told: dict[str, Any]) -> Session:
        """Gives the session of who did it: ours, or that of the sub-agent in which a hook fired."""
        agent = told.get("agent_id")
        return self._session if not agent else self._agents.get(agent) or self._begin(agent, told)

    def _begin(self, agent: str, told: dict[str, Any]) -> Session:
        """Begins the session of a sub-agent, below the call that started it where only one can be that."""
        kind = told.get("agent_type")
        calls = [call for call, wanted in self._begun.items() if wanted in {None, kind}]
        call = calls[0] if len(calls) == 1 else None
        above = self._session
        if call is not None:
            del self._begun[call]
            above = self._scopes[call].session
        own = f"{told.get('session_id', '')}/{agent}"
        child = above.child(agent=_agent(told), call=call, session=own)
        child.start()  # who is denied here is asked again, at each of its calls
        self._agents[agent] = child
        return child

    def _heard(self, told: dict[str, Any]) -> dict[str, Any] | None:
        if told.get("session_id") and told.get("transcript_path"):
            self.transcripts[told["session_id"]] = told["transcript_path"]
        agent = told.get("agent_id") or ""
        match told["hook_event_name"]:
            case "PreToolUse":
                return self._called(self._place(told), told)
            case "PostToolUse" | "PostToolUseFailure":
                self._finished(told)
            case "UserPromptSubmit":
                self._session.message("user", str(told.get("prompt", "")))
            case "PermissionRequest":
                asked = bodies.PermissionAsked(tool=told["tool_name"], description=str(told["tool_input"]))
                self._place(told).emit(asked)
            case "SubagentStart":
                self._place(told)
            case "SubagentStop" if agent in self._agents:
                self._agents.pop(agent).end(result=told.get("last_assistant_message"))
            case "PreCompact":
                self._place(told).emit(bodies.CompactionStarted(trigger=told.get("trigger")))
            case other:
                ran = bodies.HookRan(name=str(other), event=str(other), output=told.get("message"))
                self._session.emit(ran)
        return None

    def _called(self, session: Session, told: dict[str, Any]) -> dict[str, Any] | None:
        name, given, call = told["tool_name"], plain(told["tool_input"]), told["tool_use_id"]
        scope = session.tool(name, given, call=call, kind=tool_kind(name), mcp_server=mcp_server(name))
        scope.start()
        self._scopes[call] = scope
        if tool_kind(name) == "sub_agent":
            self._begun[call] = given.get("subagent_type") if isinstance(given, dict) else None
        more: dict[str, Any] = {}
        if scope.input != given:
            more["updatedInput"] = scope.input
        if scope.injected:
            more["additionalContext"] = scope.injected
        return _decided("allow" if "updatedInput" in more else None, **more) if more else None

    def _finished(self, told: dict[str, Any]) -> None:
        scope = self._scopes.pop(told["tool_use_id"], None)
        self._begun.pop(told["tool_use_id"], None)
        if scope is None:
            return
        data = {"duration_ms": told["duration_ms"]} if "duration_ms" in told else None
        if told["hook_event_name"] == "PostToolUse":
            scope.finish(plain(told.get("tool_response")), data=data)
        else:
            error = str(told.get("error") or "the tool failed")
            category = "interrupted" if told.get("is_interrupt") else None
            scope.finish(None, ok=False, error=error, category=category, data=data)

    def _asking(self, ask: Any) -> Any:
        async def asking(
            name: str, given: dict[str, Any], context: ToolPermissionContext
        ) -> PermissionResult:
            call = getattr(context, "tool_use_id", None)
            session = self._agents.get(getattr(context, "agent_id", None) or "", self._session)
            session.emit(bodies.PermissionAsked(tool=name, call=call))
            answer: PermissionResult = await ask(name, given, context)
            granted = isinstance(answer, PermissionResultAllow)
            reason = None if isinstance(answer, PermissionResultAllow) else answer.message
            told = bodies.PermissionAnswered(
                granted=granted, tool=name, call=call, reason=reason, source="can_use_tool"
            )
            session.emit(told)
            scope = self._scopes.pop(call or "", None) if not granted else None
            if not granted:
                self._begun.pop(call or "", None)
            if scope is not None:
                scope.fail(reason or "denied", category="denied")
            return answer

        return asking


def _decided(decision: str | None, **more: Any) -> dict[str, Any]:
    told = {"hookEventName": "PreToolUse", **more}
    return {"hookSpecificOutput": {**told, "permissionDecision": decision} if decision else told}


def _agent(told: dict[str, Any]) -> str:
    return str(told.get("agent_type") or told.get("agent_id") or "sub-agent")

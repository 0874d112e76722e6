"""The course of a session: its beginnings and ends, what is set or changes on the way, errors and limits."""

from __future__ import annotations

from typing import Any, Literal

from reenact import ids
from reenact.events import AnyBody
from reenact.events.blocks import Repository
from reenact.events.bodies import (
    CompactionFinished,
    CompactionStarted,
    ContextReset,
    ContextTrimmed,
    Custom,
    ErrorBody,
    LimitHit,
    LoopEnded,
    ModeChanged,
    ModelSwitched,
    PlanUpdated,
    SessionEnded,
    SessionStarted,
    SessionTitled,
    SkillActivated,
    WorkspaceChanged,
)
from reenact.sources.copilot.records import Row
from reenact.sources.copilot.state import AGENT, State
from reenact.sources.members import flag, integer, mapping, text
from reenact.sources.strand import Strand
from reenact.usage import limits

_CONFIG = (
    "reasoningEffort", "contextTier", "producer", "detachedFromSpawningParentSessionId", "sessionLimits",
    "remoteSteerable", "alreadyInUse",
)  # fmt: skip
_IMPORTER = "semantic"


def start(state: State, row: Row | None) -> None:
    """Begins the session; where its file does not begin with its own row, by Copilot's notes on it."""
    if state.has_started:
        return
    state.has_started = True
    data = row.data if row is not None and row.type == "session.start" else {}
    notes, main = state.notes, state.main
    context = mapping(data, "context")
    state.version = text(data, "copilotVersion")
    state.page.version = state.version
    state.cwd = text(context, "cwd") or notes.get("cwd") or state.setting.hints.get("cwd")
    main.model = text(data, "selectedModel")
    repo = Repository(
        head=text(context, "headCommit"),
        branch=text(context, "branch") or notes.get("branch"),
        remote=text(context, "repository"),
    )
    config = {name: data[name] for name in _CONFIG if data.get(name) not in (None, False)}
    parent = text(data, "detachedFromSpawningParentSessionId")
    if parent is not None:
        main.header = main.header.__replace__(parent=ids.session_id(AGENT, parent))
    body = SessionStarted(
        agent=AGENT,
        agent_version=state.version,
        model=main.model,
        cwd=state.cwd,
        config=config or None,
        repo=repo if repo != Repository() else None,
        imported=_is_imported(data),
    )
    main.emit("start", body)
    if name := notes.get("name"):
        by: Literal["user", "agent"] = "user" if notes.get("user_named") == "true" else "agent"
        main.emit("title:workspace", SessionTitled(title=name, by=by))


def _is_imported(data: dict[str, Any]) -> bool:
    """Tells whether a session was imported from another agent; its times are those of the import."""
    told = text(data, "producer") or ""
    return "import" in told or _IMPORTER in told or bool(mapping(data, "importedFrom"))


def resume(state: State, row: Row) -> None:
    """Goes on with a session; one that never shut down was interrupted."""
    if not state.is_over:
        _close(state, "interrupted")
        state.main.emit(f"cut:{row.id}", SessionEnded(status="interrupted"))
        state.meter.catch_up()
        state.meter.new_stretch()
    state.is_over = state.was_aborted = False
    context = mapping(row.data, "context")
    state.cwd = text(context, "cwd") or state.cwd
    model = text(row.data, "selectedModel")
    state.main.model = model or state.main.model
    state.version = text(row.data, "copilotVersion") or state.version
    body = SessionStarted(
        agent=AGENT, agent_version=state.version, model=model, cwd=text(context, "cwd"), resumed=True
    )
    state.main.emit(f"resume:{row.id}", body)


def shutdown(state: State, row: Row) -> None:
    """Ends a run of the session; what was aborted before it was interrupted."""
    state.meter.shutdown(row)
    is_error = text(row.data, "shutdownType") == "error"
    was_open = _close(state, text(row.data, "shutdownType") or "shutdown")
    status: Literal["completed", "failed", "interrupted"] = "completed"
    if is_error:
        status = "failed"
    elif state.was_aborted or was_open:
        status = "interrupted"
    state.is_over = True
    state.main.emit(f"end:{row.id}", SessionEnded(status=status, error=text(row.data, "errorReason")))


def _close(state: State, reason: str) -> bool:
    """Closes a loop that was left open; gives whether there was one."""
    is_open = state.main.loop is not None
    state.main.end_loop(LoopEnded(status="aborted", reason=f"interrupted: {reason}"))
    return is_open


def abort(state: State, strand: Strand, row: Row) -> None:
    reason = text(row.data, "reason") or "abort"
    strand.end_loop(LoopEnded(status="aborted", reason=f"interrupted: {reason}"))
    state.was_aborted = state.was_aborted or strand is state.main
    strand.emit(f"abort:{row.id}", Custom(name="copilot.abort", data=row.data))
    state.meter.catch_up()


def error(state: State, strand: Strand, row: Row) -> None:
    """Something failed; a refusal because of a quota or a rate is a limit."""
    kind, message = text(row.data, "errorType") or "error", text(row.data, "message")
    code = text(row.data, "errorCode")
    limit = limits.copilot(kind, code=code, message=message, at=row.ts)
    name = f"error:{row.id}"
    if limit is not None:
        incident = state.streak.hit(ids.event_id(strand.session, f"limit:{row.id}"))
        body = LimitHit(
            scope=limit.scope, resets_at=limit.resets_at, incident=incident, message=message, raw=row.data
        )
        strand.emit(f"limit:{row.id}", body)
    status = integer(row.data, "statusCode")
    strand.emit(name, ErrorBody(message=message or kind, category=kind, status=status, data=row.data))
    strand.end_loop(LoopEnded(status="rejected", reason=kind))
    state.meter.catch_up()


def compaction(state: State, strand: Strand, row: Row) -> None:
    """A compaction began or ended; the tokens of its call are told nowhere else."""
    data = row.data
    trigger = text(data, "trigger")
    if row.type == "session.compaction_start":
        body = CompactionStarted(strategy="summary", trigger=trigger, before=integer(data, "currentTokens"))
        strand.emit(f"compaction:{row.id}", body)
        return
    if flag(data, "success") is False:
        said = text(data, "error") or text(mapping(data, "error"), "message")
        failed = ErrorBody(message=said or "the compaction failed", category="compaction", data=data)
        strand.emit(f"compacted:{row.id}", failed)
    else:
        done = CompactionFinished(
            strategy="summary",
            trigger=trigger,
            before=integer(data, "preCompactionTokens"),
            after=integer(data, "postCompactionTokens"),
            summary=text(data, "summaryContent"),
        )
        strand.emit(f"compacted:{row.id}", done)
    state.meter.compaction(strand, row)


def changed(state: State, strand: Strand, row: Row) -> bool:
    """What is set or changes: model, mode, permissions, place, plan, context; False for other rows."""
    body = _change(row)
    if body is None:
        return False
    if isinstance(body, ModelSwitched):
        strand.model = body.model
    if isinstance(body, WorkspaceChanged) and strand is state.main:
        state.cwd = body.cwd or state.cwd
    strand.emit(f"{row.type}:{row.id}", body)
    return True


def _change(row: Row) -> AnyBody | None:
    data = row.data
    match row.type:
        case "session.model_change":
            model = text(data, "newModel", "model")
            return ModelSwitched(
                model=model or "unknown", previous=text(data, "previousModel"), reason=text(data, "source")
            )
        case "session.mode_changed":
            mode = text(data, "newMode", "mode") or "unknown"
            return ModeChanged(
                mode=mode, what="plan" if mode == "plan" else "autonomy", previous=text(data, "previousMode")
            )
        case "session.permissions_changed":
            words = {True: "allow-all", False: "ask", None: "unknown"}
            now = text(data, "allowAllPermissionMode") or words[flag(data, "allowAllPermissions")]
            before = flag(data, "previousAllowAllPermissions")
            was = text(data, "previousAllowAllPermissionMode") or (None if before is None else words[before])
            return ModeChanged(mode=f"allow-all {now}" if now in {"on", "off"} else now, previous=was)
        case "session.context_changed":
            return WorkspaceChanged(cwd=text(data, "cwd"), branch=text(data, "branch"))
        case "session.title_changed":
            return SessionTitled(title=text(data, "title", "name") or "", by="agent")
        case "session.plan_changed":
            return PlanUpdated(text=text(data, "content") or text(data, "operation"))
        case "session.context_cleared":
            return ContextReset(reason=text(data, "reason") or "cleared")
        case "session.truncation":
            removed = integer(data, "messagesRemovedDuringTruncation")
            return ContextTrimmed(reason=f"truncation: {removed or 0} messages removed")
        case "skill.invoked":
            return SkillActivated(name=text(data, "name", "skillName") or "skill")
    return None

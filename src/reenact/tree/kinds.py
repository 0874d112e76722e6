"""Which kind of step each kind of event makes, and the few words that stand for it."""

from __future__ import annotations

from reenact.events import Body, bodies
from reenact.tree.model import StepKind
from reenact.tree.text import first_words, words_of

STEP_KINDS: dict[type[Body], StepKind] = {
    bodies.SessionStarted: "session",
    bodies.SessionEnded: "session",
    bodies.SessionTitled: "session",
    bodies.SessionCleared: "session",
    bodies.SessionForked: "session",
    bodies.SessionNote: "note",
    bodies.SessionTagged: "session",
    bodies.Heartbeat: "mark",
    bodies.LoopStarted: "mark",
    bodies.LoopEnded: "mark",
    bodies.ParallelStarted: "mark",
    bodies.ParallelEnded: "mark",
    bodies.TurnStarted: "mark",
    bodies.TurnEnded: "mark",
    bodies.UserMessage: "message",
    bodies.AssistantMessage: "message",
    bodies.SystemMessage: "message",
    bodies.ReasoningBody: "reasoning",
    bodies.ModelRequested: "model",
    bodies.ModelResponded: "model",
    bodies.ModelDelta: "model",
    bodies.ModelFailed: "error",
    bodies.ModelSwitched: "setting",
    bodies.ToolCalled: "tool",
    bodies.ToolProgress: "tool",
    bodies.ToolFinished: "tool",
    bodies.PermissionAsked: "permission",
    bodies.PermissionAnswered: "permission",
    bodies.FileProposed: "file",
    bodies.FileChanged: "file",
    bodies.TestFinished: "test",
    bodies.PlanUpdated: "plan",
    bodies.ModeChanged: "setting",
    bodies.WorkspaceChanged: "setting",
    bodies.AgentSpawned: "agent",
    bodies.AgentStatus: "agent",
    bodies.AgentFinished: "agent",
    bodies.SkillActivated: "skill",
    bodies.SkillDeactivated: "skill",
    bodies.SkillLearned: "skill",
    bodies.HookRan: "hook",
    bodies.SensorReported: "hook",
    bodies.CompactionStarted: "compaction",
    bodies.CompactionFinished: "compaction",
    bodies.CheckpointCreated: "context",
    bodies.ContextInjected: "context",
    bodies.ContextTrimmed: "context",
    bodies.ContextReset: "context",
    bodies.ContextReverted: "context",
    bodies.UsageRecorded: "usage",
    bodies.LimitHit: "limit",
    bodies.LimitStatus: "limit",
    bodies.LimitResumed: "limit",
    bodies.LimitResumeFailed: "limit",
    bodies.BudgetWarning: "limit",
    bodies.ReplayRule: "mark",
    bodies.Stderr: "output",
    bodies.ProviderStatus: "output",
    bodies.ErrorBody: "error",
    bodies.ParseWarning: "warning",
    bodies.Unknown: "other",
    bodies.Custom: "other",
}

_WORDS: dict[type[Body], tuple[str, ...]] = {
    bodies.SessionStarted: ("task", "model", "cwd"),
    bodies.SessionEnded: ("error", "result", "status"),
    bodies.SessionTitled: ("title",),
    bodies.SessionCleared: ("old",),
    bodies.SessionForked: ("parent",),
    bodies.SessionNote: ("text",),
    bodies.LoopStarted: ("continuation",),
    bodies.LoopEnded: ("reason", "status"),
    bodies.ParallelStarted: ("group",),
    bodies.ParallelEnded: ("selected", "group"),
    bodies.TurnStarted: ("trigger",),
    bodies.TurnEnded: ("stop_reason",),
    bodies.ReasoningBody: ("text",),
    bodies.ModelRequested: ("purpose", "model"),
    bodies.ModelResponded: ("stop_reason", "model"),
    bodies.ModelDelta: ("text",),
    bodies.ModelFailed: ("error", "category"),
    bodies.ModelSwitched: ("model",),
    bodies.ToolProgress: ("text",),
    bodies.PermissionAsked: ("description", "tool"),
    bodies.PermissionAnswered: ("reason", "tool"),
    bodies.FileProposed: ("op",),
    bodies.FileChanged: ("op",),
    bodies.TestFinished: ("output",),
    bodies.PlanUpdated: ("text",),
    bodies.ModeChanged: ("mode",),
    bodies.WorkspaceChanged: ("cwd", "branch"),
    bodies.AgentSpawned: ("task",),
    bodies.AgentStatus: ("text", "status"),
    bodies.AgentFinished: ("result", "status"),
    bodies.SkillLearned: ("text",),
    bodies.HookRan: ("reason", "outcome"),
    bodies.CompactionStarted: ("trigger", "strategy"),
    bodies.CompactionFinished: ("summary", "trigger", "strategy"),
    bodies.ContextTrimmed: ("reason",),
    bodies.ContextReset: ("reason",),
    bodies.ContextReverted: ("reason",),
    bodies.UsageRecorded: ("model",),
    bodies.LimitHit: ("message", "scope"),
    bodies.LimitStatus: ("scope",),
    bodies.LimitResumed: ("message",),
    bodies.LimitResumeFailed: ("error",),
    bodies.BudgetWarning: ("message",),
    bodies.ReplayRule: ("rule",),
    bodies.Stderr: ("text",),
    bodies.ProviderStatus: ("message",),
    bodies.ErrorBody: ("message",),
    bodies.ParseWarning: ("message",),
}
"""Fields whose text stands for the event, best first."""

_NAMES: dict[type[Body], str] = {
    bodies.UserMessage: "origin",
    bodies.SystemMessage: "origin",
    bodies.FileProposed: "path",
    bodies.FileChanged: "path",
    bodies.TestFinished: "name",
    bodies.AgentSpawned: "name",
    bodies.SkillActivated: "name",
    bodies.SkillDeactivated: "name",
    bodies.SkillLearned: "name",
    bodies.HookRan: "name",
    bodies.SensorReported: "name",
    bodies.CheckpointCreated: "name",
    bodies.ContextInjected: "origin",
    bodies.Unknown: "name",
    bodies.Custom: "name",
    bodies.PermissionAsked: "tool",
    bodies.PermissionAnswered: "tool",
    bodies.ErrorBody: "category",
    bodies.ParseWarning: "category",
}


def words(body: Body) -> str:
    """Gives the first words that stand for an event."""
    content = getattr(body, "blocks", None)
    if content:
        return words_of(content)
    if isinstance(body, bodies.PlanUpdated) and body.items:
        return _plan(body)
    for name in _WORDS.get(type(body), ()):
        text = getattr(body, name)
        if text:
            return first_words(text)
    return ""


def _plan(body: bodies.PlanUpdated) -> str:
    """Gives how far a plan is, and what is being done now."""
    done = sum(1 for item in body.items if item.status == "completed")
    now = next((item.text for item in body.items if item.status == "in_progress"), "")
    return first_words(f"{done} of {len(body.items)} done" + (f", now: {now}" if now else ""))


def name(body: Body) -> str | None:
    """Gives the name of what an event is about: a path, a hook, an origin."""
    field = _NAMES.get(type(body))
    return getattr(body, field) if field else None

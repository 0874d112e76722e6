"""Every kind of thing that can happen, one class each; the tag is the `kind` on disk.

Fields we do not know are kept in `extra` and written back where they stood; kinds we do not know
become `Unknown`. `docs/reference/events.md` gives the whole table.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from reenact.events.blocks import AnyBlock, PlanItem, Quality, Repository, RequestRef, Tape, Tokens, ToolKind

EndStatus = Literal["completed", "failed", "aborted", "interrupted"]
Fidelity = Literal["wire", "journal", "synthesised"]


class Body(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    tag_field="kind",
):
    """What happened. `extra` holds fields of newer formats, untouched."""

    extra: dict[str, Any] | None = None

    @property
    def kind(self) -> str:
        """The dotted kind, as on disk."""
        return str(self.__struct_config__.tag)


# -- sessions ---------------------------------------------------------------------------------


class SessionStarted(Body, frozen=True, kw_only=True, tag="session.started"):
    task: str | None = None
    agent: str | None = None
    agent_version: str | None = None
    model: str | None = None
    cwd: str | None = None
    command: tuple[str, ...] = ()
    config: dict[str, Any] | None = None
    repo: Repository | None = None
    resumed: bool = False
    cleared: bool = False
    forked: str | None = None
    """The id of the session this one was forked from."""
    imported: bool = False


class SessionEnded(Body, frozen=True, kw_only=True, tag="session.ended"):
    status: EndStatus = "completed"
    error: str | None = None
    result: str | None = None


class SessionTitled(Body, frozen=True, kw_only=True, tag="session.titled"):
    title: str
    by: Literal["user", "agent", "summary"] = "agent"


class SessionCleared(Body, frozen=True, kw_only=True, tag="session.cleared"):
    old: str | None = None
    new: str | None = None


class SessionForked(Body, frozen=True, kw_only=True, tag="session.forked"):
    """This session shares the past of `parent` up to and including the event `at`."""

    parent: str
    at: str | None = None
    mode: Literal["copy", "reference", "event"] = "event"
    parent_native: str | None = None
    offset: int | None = None
    """Where in the parent's transcript the shared past ends, in bytes (mode `reference`)."""


class SessionNote(Body, frozen=True, kw_only=True, tag="session.note"):
    text: str
    target: str | None = None


class SessionTagged(Body, frozen=True, kw_only=True, tag="session.tagged"):
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


class Heartbeat(Body, frozen=True, kw_only=True, tag="heartbeat"):
    interval: float | None = None
    iteration: int | None = None


# -- loops and turns --------------------------------------------------------------------------


class LoopStarted(Body, frozen=True, kw_only=True, tag="loop.started"):
    agent: str | None = None
    parent_loop: str | None = None
    continuation: Literal["initial", "default", "rerun", "branch", "compaction"] = "default"
    tag: str | None = None
    config: dict[str, Any] | None = None


class LoopEnded(Body, frozen=True, kw_only=True, tag="loop.ended"):
    status: Literal["completed", "rejected", "aborted"] = "completed"
    reason: str | None = None


class ParallelStarted(Body, frozen=True, kw_only=True, tag="parallel.started"):
    group: str
    loops: tuple[str, ...] = ()


class ParallelEnded(Body, frozen=True, kw_only=True, tag="parallel.ended"):
    group: str
    selected: str | None = None
    loops: tuple[str, ...] = ()


class TurnStarted(Body, frozen=True, kw_only=True, tag="turn.started"):
    index: int | None = None
    trigger: Literal["user", "sub_agent", "continuation", "branch"] = "continuation"


class TurnEnded(Body, frozen=True, kw_only=True, tag="turn.ended"):
    stop_reason: str | None = None


# -- messages ---------------------------------------------------------------------------------


class UserMessage(Body, frozen=True, kw_only=True, tag="message.user"):
    """What was said to the model as the user. `human` is False for text that the agent put there.

    `origin` names what put it there where that is known: prompt, command, compact_summary,
    notification, interrupt, environment, instructions, hook, meta …
    """

    blocks: tuple[AnyBlock, ...]
    human: bool = True
    origin: str | None = None
    message: str | None = None
    """The message's own id at its source."""


class AssistantMessage(Body, frozen=True, kw_only=True, tag="message.assistant"):
    """What the model said.

    A response that its log splits over several records becomes several events with the same
    `message` (the provider's response id), in order.
    """

    blocks: tuple[AnyBlock, ...]
    message: str | None = None
    model: str | None = None
    stop_reason: str | None = None
    exchange: str | None = None
    """The exchange (request) that this answers, where the source tells."""
    error: str | None = None
    """Set where the agent wrote this itself to report an error; such text is not the model's."""


class SystemMessage(Body, frozen=True, kw_only=True, tag="message.system"):
    blocks: tuple[AnyBlock, ...]
    origin: str | None = None


class ReasoningBody(Body, frozen=True, kw_only=True, tag="reasoning"):
    text: str
    message: str | None = None


# -- the model --------------------------------------------------------------------------------


class ModelRequested(Body, frozen=True, kw_only=True, tag="model.requested"):
    exchange: str
    dialect: str | None = None
    model: str | None = None
    params: dict[str, Any] | None = None
    request: RequestRef | None = None
    history_len: int | None = None
    tools_count: int | None = None
    provenance: tuple[str, ...] = ()
    purpose: str | None = None
    """What the agent made the request for, where it tells (main, compact, title, sub-agent …)."""


class ModelResponded(Body, frozen=True, kw_only=True, tag="model.responded"):
    exchange: str
    blocks: tuple[AnyBlock, ...] = ()
    message: str | None = None
    model: str | None = None
    stop_reason: str | None = None
    usage: Tokens | None = None
    ttft: int | None = None
    duration: int | None = None
    """Microseconds, like `ttft`."""
    tape: Tape | None = None
    fidelity: Fidelity = "wire"


class ModelDelta(Body, frozen=True, kw_only=True, tag="model.delta"):
    exchange: str
    text: str = ""
    data: Any = None


class ModelFailed(Body, frozen=True, kw_only=True, tag="model.failed"):
    exchange: str | None = None
    status: int | None = None
    error: str | None = None
    retry_after: float | None = None
    """Seconds until the next try."""
    attempt: int | None = None
    max_attempts: int | None = None
    category: str | None = None


class ModelSwitched(Body, frozen=True, kw_only=True, tag="model.switched"):
    model: str
    previous: str | None = None
    reason: str | None = None


# -- tools ------------------------------------------------------------------------------------


class ToolCalled(Body, frozen=True, kw_only=True, tag="tool.called"):
    call: str
    name: str
    tool_kind: ToolKind = "other"
    input: Any = None
    risk: str | None = None
    mcp_server: str | None = None
    server: bool = False
    message: str | None = None


class ToolProgress(Body, frozen=True, kw_only=True, tag="tool.progress"):
    call: str | None = None
    text: str | None = None
    data: Any = None


class ToolFinished(Body, frozen=True, kw_only=True, tag="tool.finished"):
    """`ok` is None where the source does not tell; `output` is what the model was shown."""

    call: str
    ok: bool | None = None
    output: Any = None
    error: str | None = None
    category: str | None = None
    duration: int | None = None
    executor: str | None = None
    child: str | None = None
    """The id of the sub-agent session that did the work."""
    exit_code: int | None = None
    truncated: bool = False
    """True where the whole output is not in the archive."""
    full_output: str | None = None
    """The whole output, where the agent spilled it to a file that was found."""
    data: Any = None
    """The structured result beside the text, where the source has one."""


class PermissionAsked(Body, frozen=True, kw_only=True, tag="permission.asked"):
    call: str | None = None
    tool: str | None = None
    description: str | None = None


class PermissionAnswered(Body, frozen=True, kw_only=True, tag="permission.answered"):
    granted: bool
    call: str | None = None
    tool: str | None = None
    reason: str | None = None
    source: str | None = None


# -- the world --------------------------------------------------------------------------------


class FileProposed(Body, frozen=True, kw_only=True, tag="file.proposed"):
    path: str
    op: Literal["create", "modify", "delete", "move"] = "modify"
    patch: str | None = None
    call: str | None = None


class FileChanged(Body, frozen=True, kw_only=True, tag="file.changed"):
    """A change of a file (a read is never one).

    `before`/`after` are whole texts where known; `before_known`/`after_known` tell an absent file
    (known, None) from an unknown text.
    """

    path: str
    op: Literal["create", "modify", "delete", "move"] = "modify"
    before: str | None = None
    after: str | None = None
    before_known: bool = False
    after_known: bool = False
    patch: str | None = None
    """Unified diff hunks."""
    plus: int | None = None
    minus: int | None = None
    moved_to: str | None = None
    call: str | None = None


class TestFinished(Body, frozen=True, kw_only=True, tag="test.finished"):
    __test__ = False
    name: str | None = None
    passed: int | None = None
    failed: int | None = None
    skipped: int | None = None
    output: str | None = None


class PlanUpdated(Body, frozen=True, kw_only=True, tag="plan.updated"):
    items: tuple[PlanItem, ...] = ()
    text: str | None = None
    call: str | None = None


class ModeChanged(Body, frozen=True, kw_only=True, tag="mode.changed"):
    mode: str
    what: Literal["permission", "autonomy", "plan"] = "permission"
    previous: str | None = None


class WorkspaceChanged(Body, frozen=True, kw_only=True, tag="workspace.changed"):
    cwd: str | None = None
    branch: str | None = None


# -- sub-agents, skills, hooks ----------------------------------------------------------------


class AgentSpawned(Body, frozen=True, kw_only=True, tag="agent.spawned"):
    """`child` is the id of the sub-agent's session; `call` the tool call that started it."""

    child: str | None = None
    call: str | None = None
    name: str | None = None
    task: str | None = None
    native: str | None = None
    background: bool = False


class AgentStatus(Body, frozen=True, kw_only=True, tag="agent.status"):
    child: str | None = None
    status: str = "running"
    text: str | None = None


class AgentFinished(Body, frozen=True, kw_only=True, tag="agent.finished"):
    child: str | None = None
    call: str | None = None
    status: str = "completed"
    result: str | None = None


class SkillActivated(Body, frozen=True, kw_only=True, tag="skill.activated"):
    name: str


class SkillDeactivated(Body, frozen=True, kw_only=True, tag="skill.deactivated"):
    name: str


class SkillLearned(Body, frozen=True, kw_only=True, tag="skill.learned"):
    name: str
    text: str | None = None


class HookRan(Body, frozen=True, kw_only=True, tag="hook.ran"):
    name: str
    event: str | None = None
    outcome: str | None = None
    reason: str | None = None
    output: str | None = None
    call: str | None = None


class SensorReported(Body, frozen=True, kw_only=True, tag="sensor.reported"):
    name: str
    signals: Any = None


# -- context edits ----------------------------------------------------------------------------


class CompactionStarted(Body, frozen=True, kw_only=True, tag="compaction.started"):
    strategy: str | None = None
    trigger: str | None = None
    before: int | None = None


class CompactionFinished(Body, frozen=True, kw_only=True, tag="compaction.finished"):
    """The context before this point is replaced by `summary` and what `kept` names (event ids).

    With the strategy `shorten` all of it stays, but that `replacement` tells tool results anew.
    """

    strategy: str | None = None
    trigger: str | None = None
    before: int | None = None
    after: int | None = None
    summary: str | None = None
    kept: tuple[str, ...] = ()
    archived: tuple[str, ...] = ()
    replacement: tuple[AnyBlock, ...] = ()


class CheckpointCreated(Body, frozen=True, kw_only=True, tag="checkpoint.created"):
    name: str | None = None
    data: Any = None


class ContextInjected(Body, frozen=True, kw_only=True, tag="context.injected"):
    """Text that the agent put into the model's context beside the conversation."""

    blocks: tuple[AnyBlock, ...] = ()
    role: str = "user"
    origin: str | None = None
    data: Any = None


class ContextTrimmed(Body, frozen=True, kw_only=True, tag="context.trimmed"):
    keep_last: int | None = None
    removed: tuple[str, ...] = ()
    reason: str | None = None


class ContextReset(Body, frozen=True, kw_only=True, tag="context.reset"):
    reason: str | None = None


class ContextReverted(Body, frozen=True, kw_only=True, tag="context.reverted"):
    """The conversation went back: to the event `to`, or by `turns` user turns.

    Where `abandoned` names one edit of the context, that edit is undone, and what came since stays.
    """

    to: str | None = None
    turns: int | None = None
    abandoned: tuple[str, ...] = ()
    reason: str | None = None


# -- usage and limits -------------------------------------------------------------------------


class UsageRecorded(Body, frozen=True, kw_only=True, tag="usage.recorded"):
    """Tokens of one model response.

    The same `key` again replaces when its output is larger or it is final (`usage.better`).
    """

    key: str
    tokens: Tokens
    model: str | None = None
    quality: Quality = "measured"
    final: bool = False
    cost: str | None = None
    """USD as the source states it (decimal text)."""
    inherited: bool = False
    """True where the source proves that another session's response is counted again here."""
    provider: str | None = None
    tier: str | None = None


class LimitHit(Body, frozen=True, kw_only=True, tag="limit.hit"):
    scope: str | None = None
    resets_at: int | None = None
    """UTC microseconds."""
    incident: str | None = None
    message: str | None = None
    raw: Any = None


class LimitStatus(Body, frozen=True, kw_only=True, tag="limit.status"):
    scope: str | None = None
    used_percent: float | None = None
    window_minutes: int | None = None
    resets_at: int | None = None
    raw: Any = None


class LimitResumed(Body, frozen=True, kw_only=True, tag="limit.resumed"):
    incident: str | None = None
    message: str | None = None
    attempt: int | None = None


class LimitResumeFailed(Body, frozen=True, kw_only=True, tag="limit.resume_failed"):
    incident: str | None = None
    error: str | None = None
    attempt: int | None = None


class BudgetWarning(Body, frozen=True, kw_only=True, tag="budget.warning"):
    ratio: float | None = None
    message: str | None = None


# -- the rest ---------------------------------------------------------------------------------


class ReplayRule(Body, frozen=True, kw_only=True, tag="replay.rule"):
    rule: str
    data: Any = None


class Stderr(Body, frozen=True, kw_only=True, tag="stderr"):
    text: str


class ProviderStatus(Body, frozen=True, kw_only=True, tag="provider.status"):
    message: str | None = None
    data: Any = None


class ErrorBody(Body, frozen=True, kw_only=True, tag="error"):
    message: str
    category: str | None = None
    status: int | None = None
    data: Any = None


class ParseWarning(Body, frozen=True, kw_only=True, tag="parse.warning"):
    """A source record that could not be read. `raw` is its beginning, at most 4 KB."""

    message: str
    category: str = "malformed"
    raw: str | None = None
    size: int | None = None


class Unknown(Body, frozen=True, kw_only=True, tag="unknown"):
    """A record or an event of a kind we do not know, whole, under the `name` its source gives it.

    `foreign` is True for an event of a later format: it is written back exactly as `raw` says.
    """

    name: str
    raw: Any = None
    foreign: bool = False


class Custom(Body, frozen=True, kw_only=True, tag="custom"):
    """What is peculiar to one agent or framework, by name; the data are kept as they were."""

    name: str
    data: Any = None


AnyBody = (
    SessionStarted | SessionEnded | SessionTitled | SessionCleared | SessionForked | SessionNote
    | SessionTagged | Heartbeat | LoopStarted | LoopEnded | ParallelStarted | ParallelEnded
    | TurnStarted | TurnEnded | UserMessage | AssistantMessage | SystemMessage | ReasoningBody
    | ModelRequested | ModelResponded | ModelDelta | ModelFailed | ModelSwitched | ToolCalled
    | ToolProgress | ToolFinished | PermissionAsked | PermissionAnswered | FileProposed | FileChanged
    | TestFinished | PlanUpdated | ModeChanged | WorkspaceChanged | AgentSpawned | AgentStatus
    | AgentFinished | SkillActivated | SkillDeactivated | SkillLearned | HookRan | SensorReported
    | CompactionStarted | CompactionFinished | CheckpointCreated | ContextInjected | ContextTrimmed
    | ContextReset | ContextReverted | UsageRecorded | LimitHit | LimitStatus | LimitResumed
    | LimitResumeFailed | BudgetWarning | ReplayRule | Stderr | ProviderStatus | ErrorBody
    | ParseWarning | Unknown | Custom
)  # fmt: skip
"""The body of any event."""

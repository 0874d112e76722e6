from __future__ import annotations

from reenact.events.blocks import Text
from reenact.events.bodies import (
    ContextInjected,
    ContextTrimmed,
    HookRan,
    ModeChanged,
    ModelSwitched,
    PermissionAnswered,
    ProviderStatus,
    UserMessage,
)

from .transcripts import Log


def test_attachments_put_their_rendered_text_into_the_context() -> None:
    log = Log(version="2.1.329")
    log.attach("date", "<system-reminder>Today</system-reminder>", date="2026-03-01")
    log.attach(
        "prompt_snapshot", systemPrompt=["You are", "an agent"], tools=[{"name": "Bash"}], reminderFold=False
    )
    log.attach("todo_reminder", content=[], itemCount=0)
    one, two, three = log.read().of(ContextInjected)
    assert one == ContextInjected(
        blocks=(Text(text="<system-reminder>Today</system-reminder>"),),
        role="system",
        origin="date",
        data={"date": "2026-03-01"},
    )
    assert (two.role, two.blocks) == ("system", ())  # the system prompt is no message
    assert two.data == {"reminderFold": False, "system": ["You are", "an agent"], "tools": ["Bash"]}
    assert three.data == {"type": "todo_reminder", "content": [], "itemCount": 0}


def test_traces_of_hooks_are_runs_of_hooks() -> None:
    log = Log(version="2.1.329")
    log.prompt()
    log.attach(
        "hook_success", hookName="PreToolUse:Bash", hookEvent="PreToolUse", toolUseID="toolu_1", stdout="fine"
    )
    blocking = {"blockingError": "not this", "command": "check"}
    log.attach("hook_blocking_error", hookName="Stop", hookEvent="Stop", blockingError=blocking)
    log.attach(
        "hook_additional_context",
        "<hint>",
        hookName="SessionStart",
        hookEvent="SessionStart",
        content=["hint"],
    )
    log.attach("hook_permission_decision", hookEvent="PermissionRequest", decision="allow")
    infos = [{"command": "a"}, {"command": "b"}]
    log.notice("stop_hook_summary", hookInfos=infos, hookErrors=[], preventedContinuation=False)
    log.row("progress", data={"type": "hook_progress", "hookEvent": "Stop", "hookName": "Stop"})
    found = log.read()
    assert [(body.name, body.event, body.outcome, body.output) for body in found.of(HookRan)] == [
        ("PreToolUse:Bash", "PreToolUse", "success", "fine"),
        ("Stop", "Stop", "blocking_error", None),
        ("SessionStart", "SessionStart", "additional_context", "hint"),
        ("hook_permission_decision", "PermissionRequest", "permission_decision:allow", None),
        ("a", "Stop", "success", None),
        ("b", "Stop", "success", None),
        ("Stop", "Stop", None, None),
    ]
    assert found.of(HookRan)[1].reason == "not this"
    assert found.one(ContextInjected).origin == "hook_additional_context"


def test_plan_mode_and_queued_prompts_come_as_attachments() -> None:
    log = Log(version="2.1.329")
    log.prompt()
    log.attach("plan_mode", "Plan mode is active")
    log.attach("plan_mode_exit")
    log.attach("queued_command", prompt="and this too", commandMode="prompt")
    log.attach(
        "queued_command", prompt="<task-notification>x</task-notification>", commandMode="task-notification"
    )
    found = log.read()
    assert [(body.mode, body.what) for body in found.of(ModeChanged)] == [
        ("plan", "plan"),
        ("default", "plan"),
    ]
    assert [(body.human, body.origin) for body in found.of(UserMessage)] == [
        (True, "prompt"),
        (True, "prompt"),
        (False, "notification"),
    ]
    assert found.one(ContextInjected).origin == "plan_mode"
    assert found.kinds.count("loop.started") == 1


def test_notices_have_their_own_events() -> None:
    log = Log(version="2.1.329")
    log.prompt()
    log.notice("local_command", content="<command-name>/model</command-name>")
    log.notice("away_summary", content="While you were away …")
    log.notice("microcompact_boundary", microcompactMetadata={"tokensSaved": 5})
    log.notice("model_fallback", content="Switched", originalModel="a", fallbackModel="b")
    log.notice("permission_denied", tool_name="Bash", tool_use_id="toolu_1", message="not allowed")
    log.notice("turn_duration", durationMs=1)
    found = log.read()
    assert [(body.origin, body.human) for body in found.of(UserMessage)][1:] == [("command", False)]
    assert found.one(ProviderStatus).message == "While you were away …"
    assert found.one(ContextTrimmed).reason == "microcompact"
    assert found.one(ModelSwitched) == ModelSwitched(model="b", previous="a", reason="Switched")
    assert found.one(PermissionAnswered) == PermissionAnswered(
        granted=False, call="toolu_1", tool="Bash", reason="not allowed"
    )
    assert found.dispositions[-1] == "metadata"

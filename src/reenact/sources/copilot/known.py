"""Types of rows that are known and make no event of their own."""

from __future__ import annotations

METADATA = frozenset({
    "session.usage_checkpoint", "session.remote_steerable_changed", "session.custom_agents_updated",
    "session.tools_updated", "session.skills_loaded", "session.mcp_servers_loaded",
    "session.extensions_loaded", "session.background_tasks_changed", "session.custom_notification",
    "session.binary_asset", "subagent.configured", "session.mcp_server_status_changed",
    "session.import_legacy", "session.commands_changed", "session.session_limits_changed",
    "session.capabilities_changed", "session.auto_mode_resolved", "pending_messages.modified",
    "tool.user_requested", "tool.execution_partial_result", "tool.execution_progress",
    "assistant.intent", "assistant.streaming_delta", "assistant.usage", "assistant.message_start",
    "assistant.message_delta", "assistant.reasoning_delta", "session.idle", "assistant.idle",
    "session.usage_info", "session.snapshot_rewind", "model.call_failure",
    "session.workspace_file_changed", "skill.invoked_ref", "subagent.selected", "subagent.deselected",
    "session.autopilot_objective_changed", "session.todos_changed",
})  # fmt: skip
"""Live rows (deltas, progress) are known too: an `ephemeral` one may yet be found in a file."""

CUSTOM = frozenset({
    "session.handoff", "session.info", "session.warning", "external_tool.requested",
    "external_tool.completed", "elicitation.requested", "elicitation.completed", "user_input.requested",
    "user_input.completed", "session.task_complete", "command.queued", "command.execute",
    "command.completed", "exit_plan_mode.requested", "exit_plan_mode.completed", "session.resume_failed",
    "sampling.requested", "sampling.completed", "mcp.oauth_required", "mcp.oauth_completed",
    "system.notification",
})  # fmt: skip
"""Kept whole under their names: they tell something that no kind of event stands for."""

PREFIXES = ("session.schedule_", "session.fusion_", "session.canvas", "factory.", "workflow.")
"""Families of rows that are kept whole under their names, whatever is added to them."""

"""Names that Claude Code 2.1.329 and its forerunners write, and what each is to us.

A name that is not here is drift: its rows are kept whole and counted by `doctor`.
"""

from __future__ import annotations

METADATA_ROWS = frozenset({
    "file-history-snapshot", "file-history-delta", "last-prompt", "continued-in", "resume-head-vouch",
    "api-request-resumed", "content-replacement", "data-flow-records", "data-flow-incomplete",
    "fork-context-ref", "frame-link", "memory-mode", "artifact-comment-monitor", "agent-color",
    "agent-setting", "isolation-latch", "session-owner", "worktree-state",
    "queue-operation", "tools-used", "atis-latch", "derived-from", "ended-by-model", "bridge-session",
    "history-suppression", "attribution-snapshot", "observer-ref", "repl-mode", "hybrid-organization",
    "dev-mods", "artifact-autoreact-ledger", "pr-link",
})  # fmt: skip
"""Row types that make no event: the agent's own bookkeeping."""

REPEATED_ROWS = frozenset({
    "ai-title", "custom-title", "agent-name", "summary", "tag", "mode", "permission-mode", "relocated",
    "cost-state",
})  # fmt: skip
"""Row types that are written again and again; a change makes an event."""

DIALOG_ROWS = frozenset({"user", "assistant", "system", "attachment", "progress"})
DIALOG_FIELDS = frozenset({
    "agentId", "apiBlockIndex", "apiErrorStatus", "apiErrorType", "attachment", "attributionAgent",
    "attributionMcpServer", "attributionMcpTool", "cause", "commandRun", "compactMetadata",
    "content", "contextUsage", "costUSD", "cwd", "data", "durationMs", "effort", "entrypoint",
    "error", "errorDetails", "failedResponseHadNoToolCall", "fallbackModel", "forkedFrom",
    "gitBranch", "hasOutput", "hookAdditionalContext", "hookCount", "hookErrors", "hookInfos",
    "isAbortedMidStream", "isApiErrorMessage", "isCompactSummary", "isMeta", "isReplay",
    "isSidechain", "isSynthetic", "isVisibleInTranscriptOnly", "level", "logicalParentUuid",
    "madeBy", "maxRetries", "mcpCallNotReadOnly", "mcpMeta", "message", "messageId",
    "microcompactMetadata", "origin", "originalModel", "parentToolUseID", "parentUuid",
    "perTurnEffort", "permissionDecision", "permissionMode", "planContent", "preventedContinuation",
    "promptCacheRequested", "promptId", "promptSource", "queueSkipAttachments", "rendered",
    "renderedBesideToolResult", "renderedRole", "requestId", "requestRef", "requestSessionId",
    "requestedModel", "retryAttempt", "retryInMs", "sandboxed", "sessionId", "slug", "source",
    "sourceToolAssistantUUID", "sourceToolUseID", "stopReason", "subtype",
    "summarizedTurnPromptUuids", "teamName", "thinkingDisplay", "thinkingDurationMs",
    "thinkingMetadata", "timestamp", "todos", "toolDenialBeforeRun", "toolDenialKind",
    "toolInputStreamMs", "toolUseID", "toolUseResult", "turnCompanion", "turnOrigin",
    "turnPosition", "type", "url", "userType", "uuid", "version",
})  # fmt: skip
"""Fields of the rows of the dialog."""
JOURNAL_ROWS = frozenset({"api-request-shape", "api-request-blob", "api-request"})

SHOWN_NOTICES = frozenset({
    "informational", "away_summary", "agents_killed", "scheduled_task_fire", "permission_retry",
    "model_consent_fallback", "memory_saved",
})  # fmt: skip
"""System notices whose text was shown to people."""

QUIET_NOTICES = frozenset({
    "turn_duration", "file_snapshot", "rewind_stand_in", "bridge_status", "thinking", "read_divider",
})  # fmt: skip
"""System notices without a meaning of their own."""

HOOK_ATTACHMENTS = frozenset({
    "hook_success", "hook_blocking_error", "hook_non_blocking_error", "hook_error_during_execution",
    "hook_cancelled", "hook_stopped_continuation", "hook_system_message", "hook_additional_context",
    "hook_permission_decision", "hook_deferred_tool", "async_hook_response", "async_hook_response_batch",
})  # fmt: skip

PLAN_ATTACHMENTS = frozenset({"plan_mode", "plan_mode_reentry", "plan_mode_exit"})

CONTEXT_ATTACHMENTS = frozenset({
    "account_memory_recall", "advisor_stripped", "advisor_tool", "agent_ask_notice",
    "agent_listing_delta", "agent_mention", "already_read_file", "artifact_opening_prefetch",
    "at_mention_reference", "attention_budget", "auto_mode", "auto_mode_exit",
    "bash_output_audience_note", "batching_reminder", "batching_reminder_sent", "budget_usd",
    "claude_app_notice", "command_permissions", "compact_file_reference", "compaction_reminder",
    "context_efficiency", "context_sections", "coordinator_context", "cowork_memory_context",
    "credential_org", "critical_system_reminder", "date", "date_change", "deferred_tools_delta",
    "deferred_tools_record", "delegate_mode", "delegate_mode_exit", "diagnostics", "dir_sync_notice",
    "directory", "dynamic_skill", "edited_image_file", "edited_text_file", "elapsed_time_reminder",
    "environment", "file", "first_week", "fork_briefing", "goal_status", "goals",
    "inlined_image_paths", "instruction_files_not_loaded", "instructions", "invoked_skills",
    "language", "linked_plugin_tools_note", "max_turns_reached", "mcp_dropped_tools_delta",
    "mcp_instructions_delta", "mcp_resource", "memory", "memory_update", "message_pdf_reads", "model",
    "nested_memory", "new_directory", "new_file", "observer", "opened_file_in_ide",
    "output_limit_note", "output_style", "output_style_instructions", "output_token_usage",
    "pdf_reference", "peer_mention", "plan_file_reference", "plugin_note", "poll_events",
    "prefix_delta", "proactivity", "project_doc_reads", "projects_thread_ask", "prompt_as_file",
    "prompt_render_point", "prompt_snapshot", "read_truncation_notice", "relevant_memories",
    "remote_session_change", "repl_mcp_needs_auth", "repl_mcp_servers", "sandbox_instructions",
    "secondary_reminder", "secondary_reminder_sent", "selected_lines_in_diff",
    "selected_lines_in_ide", "session_context", "session_cron_carry", "silent_turn_reminder",
    "skill_discovery", "skill_listing", "skill_mention", "structured_output", "task_progress",
    "task_reminder", "task_status", "team_context", "teammate_mailbox", "teammate_shutdown_batch",
    "thinking_drop", "thinking_stripped", "thread_state", "todo", "todo_reminder", "token_usage",
    "tool_host_result_lines", "tool_hosts_correction", "tool_hosts_notice", "tool_offer_record",
    "tool_results_cut", "tool_search_usage_reminder", "total_tokens_reminder", "ultra_effort_enter",
    "ultra_effort_exit", "ultramemory", "ultrathink_effort", "unified_tasks",
    "unknown_command_fallback", "verify_plan_reminder", "whole_texts_withdrawn",
    "widget_context_hint", "withheld_memory", "workflow_keyword_request",
    "workflow_size_guideline_change",
})  # fmt: skip
"""Attachments that put text into the context, or record what was put there."""

BLOCKS = frozenset({
    "text", "thinking", "redacted_thinking", "tool_use", "tool_result", "image", "document",
    "server_tool_use", "mcp_tool_use", "mcp_tool_result", "web_search_tool_result",
    "web_fetch_tool_result", "code_execution_tool_result", "bash_code_execution_tool_result",
    "text_editor_code_execution_tool_result", "tool_search_tool_result", "tool_reference",
    "container_upload", "search_result", "fallback", "compaction", "connector_text",
})  # fmt: skip
"""Kinds of content blocks that the protocol had by then."""

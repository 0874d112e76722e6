"""A transcript's lines to drafts: one pass, in order, never looking ahead.

The rows of the main agent and of its sub-agents stand mixed in one file; each agent's rows make a
session of its own. Every line gets exactly one disposition.
"""

from __future__ import annotations

import msgspec

from reenact.events.bodies import Custom, ParseWarning, Unknown
from reenact.sources import lines
from reenact.sources.copilot import course, dialog, legacy, work
from reenact.sources.copilot.known import CUSTOM, METADATA, PREFIXES
from reenact.sources.copilot.records import Row, is_row, read
from reenact.sources.copilot.state import State
from reenact.sources.members import object_in
from reenact.sources.names import name_of
from reenact.sources.protocol import Disposition, Line, Parsed, Setting
from reenact.sources.strand import Strand

_LONGEST = 8 * 1024 * 1024
"""Bytes of a torn row that are remembered, in case that the next line is the rest of it."""


class CopilotParser:
    """Reads one `events.jsonl` (or one chat document of old) from its first line on."""

    def __init__(self, setting: Setting) -> None:
        self._state = State(setting)
        self._is_document = setting.hints.get("layout") == "document"
        self._seen: set[str] = set()
        self._torn = b""

    def feed(self, line: Line) -> Parsed:
        page = self._state.page
        page.turn()
        decoded = lines.decode(line, is_row=is_row)
        if decoded.held:
            return page.parsed("held")
        values, warning = decoded.values, decoded.warning
        if warning is not None and not values and (joined := self._joined(line)) is not None:
            values, warning = (joined,), None
        elif warning is None:
            self._torn = b""
        disposition: Disposition = "metadata"
        for value in values:
            is_document = self._is_document
            disposition = legacy.document(self._state, value) if is_document else self._row(read(value))
        if warning is not None:
            self._warn(warning)
            disposition = "warning"
        elif page.drafts:
            disposition = "events"
        return page.parsed(disposition)

    def _joined(self, line: Line) -> dict[str, object] | None:
        """Gives the row that a line completes: line ends inside of its texts had parted it."""
        if line.oversized:
            self._torn = b""
            return None
        whole = self._torn + b"\\n" + line.data if self._torn else line.data
        value = object_in(whole) if self._torn else None
        if value is not None:
            self._torn = b""
            return value
        goes_on = (self._torn or line.data.startswith(b"{")) and len(whole) <= _LONGEST
        self._torn = whole if goes_on else b""
        return None

    def _warn(self, warning: ParseWarning) -> None:
        course.start(self._state, None)
        name = name_of("warn", f"{warning.category}\x1f{warning.size}\x1f{warning.raw}")
        self._state.main.emit(name, warning)

    def _row(self, row: Row) -> Disposition:
        if row.id is not None:
            if row.id in self._seen:
                return "repeat"
            self._seen.add(row.id)
        else:
            content = msgspec.json.encode(row.raw, order="sorted").decode("utf-8", "replace")
            row = msgspec.structs.replace(row, id=name_of("row", content))
        state = self._state
        state.page.ts = row.ts
        course.start(state, row)
        if row.type == "subagent.started":
            work.agent_started(state, row)
            return "events"
        return self._told(row, state.of(row))

    def _told(self, row: Row, strand: Strand) -> Disposition:
        if self._frequent(row, strand):
            return "events"
        match row.type:
            case "session.start" | "assistant.turn_start" | "assistant.turn_end" | "hook.start":
                return "joined"
            case "tool.execution_start":
                return "joined"
            case "session.usage_record":
                return "events" if self._state.meter.record(strand, row) else "metadata"
            case "session.resume":
                course.resume(self._state, row)
            case "session.shutdown":
                course.shutdown(self._state, row)
            case "session.error":
                course.error(self._state, strand, row)
            case "session.compaction_start" | "session.compaction_complete":
                course.compaction(self._state, strand, row)
            case "abort":
                course.abort(self._state, strand, row)
            case "permission.requested":
                work.permission_asked(self._state, strand, row)
            case "permission.completed":
                work.permission_answered(self._state, strand, row)
            case "hook.end":
                work.hook_end(strand, row)
            case "subagent.completed" | "subagent.failed":
                work.agent_ended(self._state, row)
            case _:
                return self._other(row, strand)
        return "events"

    def _frequent(self, row: Row, strand: Strand) -> bool:
        """Takes the rows of the conversation; False for those that make no event, and for others."""
        state = self._state
        match row.type:
            case "user.message":
                dialog.user(state, strand, row)
            case "system.message":
                dialog.system(strand, row)
            case "assistant.turn_start":
                dialog.turn_start(strand, row)
            case "assistant.turn_end":
                dialog.turn_end(state, strand)
            case "assistant.message":
                dialog.assistant(state, strand, row)
            case "assistant.reasoning":
                dialog.reasoning(state, strand, row)
            case "tool.execution_start":
                return work.tool_start(state, strand, row)
            case "tool.execution_complete":
                return work.tool_complete(state, strand, row)
            case _:
                return False
        return True

    def _other(self, row: Row, strand: Strand) -> Disposition:
        if course.changed(self._state, strand, row):
            return "events"
        if row.type in CUSTOM or row.type.startswith(PREFIXES):
            strand.emit(f"{row.type}:{row.id}", Custom(name=f"copilot.{row.type}", data=row.data))
            return "events"
        if row.type in METADATA or row.is_ephemeral:
            return "metadata"
        name = row.type or "untyped"
        self._state.page.unknown.append(name)
        strand.emit(f"unknown:{row.id}", Unknown(name=name, raw=row.raw))
        return "events"

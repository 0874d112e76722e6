"""From lines to drafts, for Claude Code: pure, one line at a time, never raising for what a line holds.

Law: the drafts of a prefix of the lines are a prefix of the drafts of all. So nothing is written at
an end that may not be one, and what needs a later row waits for it (a compaction for its summary).
"""

from __future__ import annotations

import hashlib

from msgspec import structs

from reenact.sources.claude_code import attachments, content, dialog, known, links, metadata, notices
from reenact.sources.claude_code.records import Found, Row, read, table, text
from reenact.sources.claude_code.state import Reading, Session, moment, session_of
from reenact.sources.lines import strange_fields
from reenact.sources.protocol import Disposition, Line, Parsed, Setting

VERSION = 3
"""Raised with every change that makes other drafts of the same bytes."""

_MAX_WARNINGS = 100
_RANK: dict[Disposition, int] = {
    "repeat": 0, "metadata": 1, "joined": 2, "events": 3, "warning": 4, "held": 5,
}  # fmt: skip


class ClaudeCodeParser:
    """Reads one transcript from its first line on."""

    def __init__(self, setting: Setting) -> None:
        self._reading = Reading(setting)

    def feed(self, line: Line) -> Parsed:
        """Gives what one line became."""
        decoded = read(line)
        if decoded.held:
            return Parsed(disposition="held")
        reading = self._reading
        reading.drafts, reading.headers, reading.unknown = [], [], []
        reading.journal.read += line.length
        dispositions = [self._row(found) for found in decoded.found]
        if (
            not reading.unknown
            and len(decoded.found) == 1
            and (kind := text(decoded.found[0].row.type)) in known.DIALOG_ROWS
        ):
            reading.unknown += [f"{kind}.{name}" for name in strange_fields(line, known.DIALOG_FIELDS)]
        if decoded.warning is not None:
            dispositions.append("warning")
            self._warn(line, decoded.warning)
        return Parsed(
            disposition=max(dispositions, key=_RANK.__getitem__, default="metadata"),
            drafts=tuple(reading.drafts),
            headers=tuple(reading.headers),
            unknown=tuple(reading.unknown),
            agent_version=reading.version,
        )

    def _warn(self, line: Line, warning: object) -> None:
        reading = self._reading
        reading.warnings += 1
        if reading.warnings > _MAX_WARNINGS:
            return  # counted by their disposition; a hundred samples are enough to look at
        digest = hashlib.sha256(line.data).hexdigest()[:16]
        reading.add(reading.main, warning, reading.numbered(f"warning:{digest}"), ts=None)  # type: ignore[arg-type]  # a ParseWarning

    def _row(self, found: Found) -> Disposition:
        reading, row = self._reading, found.row
        ts = moment(row)
        if reading.first_ts is None:
            reading.first_ts = ts
            reading.starts_own = row.type == "queue-operation"
        if isinstance(row.version, str):
            reading.version = row.version
        kind = text(row.type)
        if kind in known.DIALOG_ROWS:
            return self._dialog(found, ts)
        if kind in known.REPEATED_ROWS:
            return metadata.repeated(reading, reading.main, row)
        if kind in known.JOURNAL_ROWS:
            reading.prepare(reading.main, row, ts)
            return notices.journal(reading, reading.main, row, ts)
        if kind in known.METADATA_ROWS:
            return "metadata"
        return notices.unknown(reading, reading.main, found, ts)

    def _dialog(self, found: Found, ts: int | None) -> Disposition:
        reading, row = self._reading, found.row
        uuid = text(row.uuid)
        if uuid is None or (text(row.type) in {"user", "assistant"} and not isinstance(row.message, dict)):
            return notices.unknown(reading, reading.main, found, ts)
        if uuid in reading.above:
            return "repeat"
        session = self._session(row, ts)
        reading.above[uuid] = text(row.parent_uuid)
        before = len(reading.drafts)
        is_silent = row.type == "progress" and table(row.data).get("type") != "hook_progress"
        if session.is_started or not is_silent:
            reading.prepare(session, row, ts)
            self._side_notes(session, row, ts)
        disposition = self._dispatch(session, found, ts)
        if (title := reading.summaries.pop(uuid, None)) is not None:
            metadata.titled(reading, session, title, "summary")
        return "events" if len(reading.drafts) > before else disposition

    def _dispatch(self, session: Session, found: Found, ts: int | None) -> Disposition:
        reading, row = self._reading, found.row
        if row.type == "user" and row.is_compact_summary:
            return links.summarised(reading, reading.spot(session, row, ts))
        if row.type != "progress" or table(row.data).get("type") == "hook_progress":
            links.flush_boundary(reading, session)
        spot = reading.spot(session, row, ts)
        match row.type:
            case "user":
                return dialog.user(reading, spot)
            case "assistant":
                return dialog.assistant(reading, spot)
            case "attachment":
                return attachments.attachment(reading, spot, found)
            case "system" if row.subtype == "compact_boundary":
                return links.boundary(spot)
            case "system":
                return notices.system(reading, spot, found)
        return notices.progress(reading, spot)

    def _session(self, row: Row, ts: int | None) -> Session:
        """Gives the session that a row belongs to."""
        reading = self._reading
        if reading.agent_id is not None:
            self._owner(row)
            return reading.main
        if row.is_sidechain is True:
            said = content.plain(table(row.message).get("content"))
            return links.side_session(reading, row, said, ts)
        return reading.main

    def _owner(self, row: Row) -> None:
        """Hides warm-up agents; follows one whose session got another id while it ran (2.0.x, on resume)."""
        main = self._reading.main
        header = main.header
        if not main.has_root and row.type == "user" and table(row.message).get("content") == "Warmup":
            header = structs.replace(header, hidden=True)
        owner = text(row.session_id)
        if owner is not None and self._reading.setting.hints.get("owner") == "rows":
            header = structs.replace(header, parent=session_of(owner))
        if header != main.header:
            self._reading.header(main, header)

    def _side_notes(self, session: Session, row: Row, ts: int | None) -> None:
        """Tells what a row says beside its content: a fork's own beginning, the permission mode."""
        reading = self._reading
        if row.forked_from is not None and row.type != "assistant":
            reading.copied(session, row)
        elif row.type == "user" and session.fork_of is not None:
            is_later = reading.starts_own and ts is not None and ts >= (reading.first_ts or 0)
            if is_later or session.fork_by_row:
                reading.tell_fork(session, ts)
        if row.permission_mode is not None:
            metadata.permission_mode(reading, session, row, ts)

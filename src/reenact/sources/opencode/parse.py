"""A session's lines to drafts: one pass, in order, never looking ahead.

A thing is told when it is whole: a text when it ended, a call when its input is known, a result when
the call is over. So a change log, which tells every state on the way, gives the same events as a table,
which tells the last one only.
"""

from __future__ import annotations

from typing import Any

import msgspec

from reenact.events.blocks import Text
from reenact.events.bodies import (
    CompactionFinished,
    Custom,
    ModeChanged,
    ModelSwitched,
    ParseWarning,
    PermissionAnswered,
    PermissionAsked,
    SystemMessage,
    Unknown,
)
from reenact.sources import lines
from reenact.sources.members import integer, mapping, text
from reenact.sources.names import name_of
from reenact.sources.opencode import course, dialog
from reenact.sources.opencode.records import Row, rows
from reenact.sources.opencode.state import State
from reenact.sources.protocol import Disposition, Line, Parsed, Setting

_QUIET = frozenset(
    {"message.part.removed", "session.diff", "session.idle", "session.status", "session.compacted"}
)


class OpencodeParser:
    """Reads one session from its first line on."""

    def __init__(self, setting: Setting) -> None:
        self._state = State(setting)

    def feed(self, line: Line) -> Parsed:
        page = self._state.page
        page.turn()
        decoded = lines.decode(line)
        if decoded.held:
            return page.parsed("held")
        disposition: Disposition = "metadata"
        for value in decoded.values:
            for row in rows(value):
                page.ts = row.ts
                disposition = self._row(row)
        if decoded.warning is not None:
            self._warn(decoded.warning)
            disposition = "warning"
        elif page.drafts:
            disposition = "warning" if disposition == "warning" else "events"
        return page.parsed(disposition)

    def _warn(self, warning: ParseWarning) -> None:
        course.start(self._state, {})
        name = name_of("warn", f"{warning.category}\x1f{warning.size}\x1f{warning.raw}")
        self._state.strand.emit(name, warning)

    def _row(self, row: Row) -> Disposition:
        state, info = self._state, row.info
        match row.kind:
            case "session" | "change":
                course.start(state, info)
                course.changed(state, info)
                return "metadata"
            case "state":
                course.start(state, {})
                course.changed(state, info)
                return "metadata"
            case "end":
                course.start(state, {})
                if state.latest is not None:
                    dialog.close(state, state.latest)
                course.ended(state, info)
                return "metadata"
        course.start(state, {})
        if "damaged" in info:
            self._warn(
                ParseWarning(
                    message="a file of the session is damaged",
                    raw=str(info["damaged"])[:4096],
                    size=integer(info, "size"),
                )
            )
            return "warning"
        if row.kind == "message":
            return dialog.message(state, info)
        if row.kind == "part":
            return dialog.part(state, info, row.raw)
        return self._other(row)

    def _other(self, row: Row) -> Disposition:
        state, strand, info = self._state, self._state.strand, row.info
        at = integer(mapping(info, "time"), "created")
        state.page.ts = row.ts if at is None else at * 1000
        name = (
            f"{row.kind}:{text(info, 'id', 'messageID', 'requestID') or name_of('row', _canonical(row.raw))}"
        )
        match row.kind:
            case "newer.system":
                strand.emit(
                    name, SystemMessage(blocks=(Text(text=text(info, "text") or ""),), origin="context")
                )
            case "newer.agent-switched":
                strand.emit(name, ModeChanged(mode=text(info, "agent") or "", what="autonomy"))
            case "newer.model-switched":
                model = text(mapping(info, "model"), "id")
                strand.emit(name, ModelSwitched(model=model or "unknown"))
            case "newer.compaction":
                body = CompactionFinished(
                    strategy="summary", trigger=text(info, "reason"), summary=text(info, "summary")
                )
                strand.emit(name, body)
            case "newer.shell" | "message.removed" | "session.deleted":
                strand.emit(name, Custom(name=f"opencode.{row.kind.removeprefix('newer.')}", data=info))
            case "permission.asked" | "permission.updated":
                strand.emit(name, _asked(info))
            case "permission.replied":
                strand.emit(f"{name}:reply", _answered(info))
            case kind if kind in _QUIET:
                return "metadata"
            case kind:
                state.page.unknown.append(kind or "untyped")
                strand.emit(name, Unknown(name=kind or "untyped", raw=row.raw))
        return "events"


def _canonical(raw: Any) -> str:
    return msgspec.json.encode(raw, order="sorted").decode("utf-8", "replace")


def _asked(info: dict[str, Any]) -> PermissionAsked:
    call = text(mapping(info, "tool"), "callID") or text(info, "callID")
    tool = text(info, "permission", "type")
    return PermissionAsked(call=call, tool=tool, description=text(info, "title"))


def _answered(info: dict[str, Any]) -> PermissionAnswered:
    reply = text(info, "reply", "response") or ""
    return PermissionAnswered(granted=reply in {"once", "always"}, reason=reply or None, source="user")

"""A rollout's lines to drafts: one pass, in order, never looking ahead.

Every line gets exactly one disposition. Whatever comes first of two views of a thing makes the
event, so that the drafts of a prefix of the lines are a prefix of the drafts of all lines.
"""

from __future__ import annotations

from collections.abc import Iterable

from reenact.events import AnyBlock, content_hash
from reenact.events.blocks import Other, Text
from reenact.events.bodies import CompactionFinished, Custom, ParseWarning
from reenact.sources import lines
from reenact.sources.codex import content, parse_texts, parse_tools
from reenact.sources.codex.memory import Memory
from reenact.sources.codex.parse_events import event, unknown_kind
from reenact.sources.codex.parse_meta import session_meta, start
from reenact.sources.codex.parse_past import INHERITED, copied
from reenact.sources.codex.parse_turns import turn_context
from reenact.sources.codex.parse_usage import token_record
from reenact.sources.codex.past import Past
from reenact.sources.codex.records import ITEM_FIELDS, Meta, Row, document, read
from reenact.sources.codex.thread import Thread
from reenact.sources.members import mappings, text
from reenact.sources.names import name_of
from reenact.sources.protocol import Disposition, Line, Parsed, Setting

_QUIET = frozenset({"world_state", "inter_agent_communication_metadata", "state"})
_ITEMS_QUIET = frozenset({"compaction", "context_compaction", "compaction_trigger"})
_REPLACEMENT = 64 * 1024
"""Characters of a compaction's replacement history that are kept in its event."""


class RolloutParser:
    """Reads one rollout (or one whole document) from its first line on."""

    def __init__(self, setting: Setting) -> None:
        self._hints = setting.hints
        self._thread = Thread(setting.key)
        self._memory = Memory()
        self._past = Past()

    def feed(self, line: Line) -> Parsed:
        decoded = lines.decode(line)
        if decoded.held:
            return Parsed(disposition="held")
        thread = self._thread
        thread.drafts, thread.headers, thread.unknown = [], [], []
        version = thread.version
        disposition: Disposition = "metadata"
        for value in decoded.values:
            rows: Iterable[Row] | None = document(value) if "items" in value else None
            for row in [read(value)] if rows is None else rows:
                disposition = self._row(row)
        if decoded.warning is not None:
            self._warn(decoded.warning)
            disposition = "warning"
        elif thread.drafts:
            disposition = "events"
        return Parsed(
            disposition=disposition,
            drafts=tuple(thread.drafts),
            headers=tuple(thread.headers),
            unknown=tuple(thread.unknown),
            agent_version=thread.version if thread.version != version else None,
        )

    def _warn(self, warning: ParseWarning) -> None:
        thread = self._thread
        self._identify()
        thread.ts, thread.lane = None, None
        thread.emit(name_of("warn", f"{warning.category}\x1f{warning.size}\x1f{warning.raw}"), warning)

    def _identify(self) -> None:
        """Begins a thread whose file does not begin with its own row."""
        if not self._thread.is_identified:
            start(self._thread, Meta(), self._hints)

    def _row(self, row: Row) -> Disposition:
        thread, memory = self._thread, self._memory
        thread.ts, thread.lane = row.ts, None
        if row.type == "session_meta":
            return session_meta(thread, self._past, row, self._hints)
        self._identify()
        if self._past.holds(row):
            found = copied(thread, memory, row)
            if found is not None:
                return found
        elif not thread.is_past_over:
            thread.leave_past()
        match row.type:
            case "response_item":
                disposition = self._item(row)
                if not thread.unknown and not ITEM_FIELDS.issuperset(row.payload):
                    thread.unknown += [
                        f"{row.kind}.{name}" for name in row.payload if name not in ITEM_FIELDS
                    ]
                return disposition
            case "event_msg":
                return event(thread, memory, row)
            case "token_usage_record":
                return token_record(thread, row.payload)
            case "turn_context":
                return turn_context(thread, memory, row.payload)
            case "compacted":
                return self._compacted(row)
            case "inter_agent_communication":
                name = name_of("inter", content_hash(row.payload))
                thread.emit(name, Custom(name="codex.inter_agent_communication", data=row.payload))
                return "events"
            case kind if kind in _QUIET:
                return "metadata"
            case kind:
                return unknown_kind(thread, row, kind or "untyped")

    def _item(self, row: Row) -> Disposition:
        thread, memory = self._thread, self._memory
        match row.kind:
            case "message":
                return parse_texts.message(thread, memory, row)
            case "reasoning":
                return parse_texts.reasoning(thread, memory, row)
            case "agent_message":
                return parse_texts.between_agents(thread, memory, row)
            case kind if kind in parse_tools.CALLS:
                return parse_tools.called(thread, memory, row)
            case kind if kind in parse_tools.OUTPUTS:
                return parse_tools.answered(thread, memory, row)
            case kind if kind in parse_tools.SERVER_CALLS:
                return parse_tools.server_called(thread, memory, row)
            case "ghost_snapshot":
                return parse_tools.snapshot(thread, row)
            case "additional_tools":
                return parse_tools.more_tools(thread, row)
            case kind if kind in _ITEMS_QUIET:
                return "metadata"
            case kind:
                return unknown_kind(thread, row, f"response_item/{kind}")

    def _compacted(self, row: Row) -> Disposition:
        """What the model is given from here on in place of all before."""
        thread = self._thread
        summary = text(row.payload, "message")
        body = CompactionFinished(
            strategy="summary" if summary else "provider",
            summary=summary,
            replacement=tuple(_bounded(mappings(row.payload, "replacement_history"))),
        )
        identity = text(row.payload, "window_id") or content_hash(row.payload.get("message"))
        thread.emit(name_of("compacted", identity), body)
        thread.input()
        if thread.lane != INHERITED:
            self._memory.compactions += 1
        return "events"


def _bounded(history: list[dict[str, object]]) -> Iterable[AnyBlock]:
    """Gives the texts of a replacement history up to a size; the whole is in the original."""
    left = _REPLACEMENT
    for number, item in enumerate(history):
        said = content.plain(content.blocks(item))
        if len(said) > left:
            yield Other(raw={"omitted_items": len(history) - number})
            return
        left -= len(said)
        if said:
            yield Text(text=said, extra={"role": item.get("role")})

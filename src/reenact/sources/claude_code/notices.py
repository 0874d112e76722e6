"""Rows beside the dialog: notices of the system, progress, the journal of requests, the unknown."""

from __future__ import annotations

from reenact import ids
from reenact.events import AnyBody, blocks
from reenact.events.bodies import (
    ContextTrimmed,
    HookRan,
    ModelRequested,
    ModelSwitched,
    PermissionAnswered,
    ProviderStatus,
    Unknown,
    UserMessage,
)
from reenact.sources.claude_code import content, failures, known, links
from reenact.sources.claude_code.metadata import short_hash
from reenact.sources.claude_code.records import Found, Row, items, table, text
from reenact.sources.claude_code.state import Reading, Session, Spot
from reenact.sources.protocol import Disposition

_MAX_HOOKS = 100


# -- system -----------------------------------------------------------------------------------


def system(reading: Reading, spot: Spot, found: Found) -> Disposition:
    """Takes a `system` row."""
    row = spot.row
    kind = text(row.subtype) or ""
    if kind == "api_error":
        return failures.api_error(reading, spot)
    if kind in known.QUIET_NOTICES or (kind in known.SHOWN_NOTICES and not text(row.content)):
        reading.pass_over(spot)
        return "metadata"
    reading.tell(spot, _system_body(reading, spot.session, found, kind))
    if kind == "stop_hook_summary":
        for place in range(1, min(len(items(row.hook_infos)), _MAX_HOOKS)):
            hook = _stop_hook(row, place)
            reading.add(spot.session, hook, f"{spot.record}:{place}", ts=spot.ts, parent=spot.record)
    reading.anchor(spot, is_link=True)
    return "events"


def _system_body(reading: Reading, session: Session, found: Found, kind: str) -> AnyBody:
    row = found.row
    said = text(row.content) or ""
    match kind:
        case "stop_hook_summary":
            return _stop_hook(row, 0)
        case "local_command":
            origin = content.user_origin(row, said, in_sub_agent=False, first=False)
            is_command = origin in {"command", "command_output"}
            return UserMessage(
                blocks=(blocks.Text(text=said),), human=False, origin=origin if is_command else "meta"
            )
        case "model_fallback" | "model_refusal_fallback" if model := text(row.fallback_model):
            previous, session.model = text(row.original_model) or session.model, model
            return ModelSwitched(model=model, previous=previous, reason=said or kind)
        case "permission_denied":
            whole = table(found.whole())
            call = text(whole.get("tool_use_id")) or text(whole.get("toolUseID"))
            tool = text(whole.get("tool_name")) or text(whole.get("toolName"))
            reason = text(whole.get("decision_reason")) or text(whole.get("message")) or said or None
            return PermissionAnswered(
                granted=False,
                call=call,
                tool=tool,
                reason=reason,
                source=text(whole.get("decision_reason_type")),
            )
        case "microcompact_boundary":
            return _trimmed(session, found)
    if kind in known.SHOWN_NOTICES:
        return ProviderStatus(message=said, data={"notice": kind})
    reading.unknown.append(f"system/{kind}")
    return Unknown(name=f"system/{kind}", raw=found.whole())


def _trimmed(session: Session, found: Found) -> ContextTrimmed:
    """Gives which results of tools were taken out of the context."""
    meta = table(table(found.whole()).get("microcompactMetadata"))
    calls = [call for call in items(meta.get("compactedToolIds")) if isinstance(call, str)]
    records = [session.results[call] for call in calls if call in session.results]
    return ContextTrimmed(
        removed=tuple(ids.event_id(session.id, record) for record in records), reason="microcompact"
    )


def _stop_hook(row: Row, place: int) -> HookRan:
    ran = items(row.hook_infos)
    info = table(ran[place]) if place < len(ran) else {}
    failed = [str(error) for error in items(row.hook_errors)]
    outcome = "blocked" if row.prevented_continuation is True else "error" if failed else "success"
    return HookRan(
        name=text(info.get("command")) or "Stop",
        event="Stop",
        outcome=outcome,
        reason=text(row.stop_reason),
        output="\n".join(failed) or None,
    )


# -- progress ---------------------------------------------------------------------------------


def progress(reading: Reading, spot: Spot) -> Disposition:
    """Takes a `progress` row (2.1.0 to 2.1.4x): a hook that runs, a sub-agent's first sign, else display.

    Rows of sub-agents' progress embed whole messages with usage; the sub-agent's own file has them.
    """
    row = spot.row
    data = table(row.data)
    kind = data.get("type")
    if kind == "hook_progress":
        call = text(row.parent_tool_use_id)
        body = HookRan(
            name=text(data.get("hookName")) or text(data.get("command")) or "hook",
            event=text(data.get("hookEvent")),
            call=call if call and call.startswith("toolu_") else None,
        )
        reading.tell(spot, body)
        reading.anchor(spot, is_link=True)
        return "events"
    spawned = kind == "agent_progress" and links.progressed(reading, spot)
    reading.pass_over(spot)
    return "events" if spawned else "metadata"


# -- the journal of requests ------------------------------------------------------------------


def journal(reading: Reading, session: Session, row: Row, ts: int | None) -> Disposition:
    """Takes the rows by which the agent logs its requests."""
    if row.type == "api-request-blob":
        reading.journal.blob(row)
        return "joined"
    if row.type == "api-request-shape":
        reading.journal.shape(row)
        return "joined"
    identity = text(row.id) or reading.numbered("request")
    if identity in reading.journal.requests:
        return "repeat"
    reference, length = reading.journal.request(row)
    params = table(row.params)
    body = ModelRequested(
        exchange=identity,
        dialect="anthropic",
        model=text(params.get("model")),
        params=params,
        request=reference,
        history_len=length,
        tools_count=reading.journal.tools.get(text(row.shape_hash) or ""),
        purpose=text(row.query_source),
    )
    reading.exchange = identity
    reading.add(session, body, f"request:{identity}", ts=ts, parent=session.last)
    return "events"


# -- the unknown ------------------------------------------------------------------------------


def unknown(reading: Reading, session: Session, found: Found, ts: int | None) -> Disposition:
    """Keeps a row of a type that we do not know, whole, and counts it."""
    row = found.row
    kind = text(row.type) or "(no type)"
    reading.unknown.append(kind)
    raw = found.whole()
    uuid = text(row.uuid)
    if uuid is None or uuid in reading.above:
        name = reading.numbered(f"{kind}:{short_hash(repr(raw))}")
        reading.add(session, Unknown(name=kind, raw=raw), name, ts=ts)
        return "events"
    links.flush_boundary(reading, session)
    reading.above[uuid] = text(row.parent_uuid)
    spot = reading.spot(session, row, ts)
    reading.tell(spot, Unknown(name=kind, raw=raw))
    reading.anchor(spot, is_link=True)
    return "events"

"""Attachment rows: text put into the context beside the dialog, and the traces of hooks."""

from __future__ import annotations

from typing import Any

from reenact.events import AnyBody
from reenact.events.blocks import AnyBlock
from reenact.events.bodies import ContextInjected, HookRan, ModeChanged, Unknown, UserMessage
from reenact.sources.claude_code import content, known
from reenact.sources.claude_code.records import Found, Row, items, table, text
from reenact.sources.claude_code.state import Reading, Spot
from reenact.sources.protocol import Disposition

_SHORT = 256


def attachment(reading: Reading, spot: Spot, found: Found) -> Disposition:
    """Takes an `attachment` row."""
    row = spot.row
    given = table(row.attachment)
    kind = text(given.get("type")) or ""
    rendered = tuple(
        block for part in items(row.rendered) for block in content.as_blocks(table(part).get("content"))
    )
    reading.tell(spot, _body(reading, found, kind, given, rendered))
    also = kind in known.PLAN_ATTACHMENTS or kind == "hook_additional_context"
    if also and rendered:
        injected = _injected(row, given, kind, rendered)
        reading.add(spot.session, injected, f"{spot.record}:context", ts=spot.ts, parent=spot.record)
    reading.anchor(spot, is_link=True)
    return "events"


def _body(
    reading: Reading, found: Found, kind: str, given: dict[str, Any], rendered: tuple[AnyBlock, ...]
) -> AnyBody:
    row = found.row
    if kind in known.HOOK_ATTACHMENTS:
        return _hook(kind, given)
    if kind == "queued_command":
        return _queued(given)
    if kind in known.PLAN_ATTACHMENTS:
        if kind == "plan_mode_exit":
            return ModeChanged(mode="default", what="plan", previous="plan")
        return ModeChanged(mode="plan", what="plan")
    if kind in known.CONTEXT_ATTACHMENTS:
        return _injected(row, given, kind, rendered)
    reading.unknown.append(f"attachment/{kind}")
    if rendered:  # we do not know it, but what it put into the context is there to see
        return _injected(row, given, kind, rendered)
    return Unknown(name=f"attachment/{kind}", raw=found.whole())


def _injected(row: Row, given: dict[str, Any], kind: str, rendered: tuple[AnyBlock, ...]) -> ContextInjected:
    role = text(row.rendered_role) or "user"
    if kind == "prompt_snapshot":
        return _snapshot(given)
    data: Any = given
    if rendered:
        # what the text shows is not kept twice
        data = {key: value for key, value in given.items() if key != "type" and _is_short(value)}
    return ContextInjected(blocks=rendered, role=role, origin=kind, data=data or None)


def _is_short(value: Any) -> bool:
    return isinstance(value, (bool, int, float)) or (isinstance(value, str) and len(value) <= _SHORT)


def _snapshot(given: dict[str, Any]) -> ContextInjected:
    """Gives the system prompt, which is no message: as data, so that the messages stay what they were.

    The tools are named only, since the journal's shape has them whole.
    """
    prompt = [part for part in items(given.get("systemPrompt")) if isinstance(part, str)]
    names = [table(tool).get("name") for tool in items(given.get("tools"))]
    rest = {key: value for key, value in given.items() if key not in {"systemPrompt", "tools", "type"}}
    data = {**rest, "system": prompt, **({"tools": names} if names else {})}
    return ContextInjected(role="system", origin="prompt_snapshot", data=data)


def _hook(kind: str, given: dict[str, Any]) -> HookRan:
    outcome = kind.removeprefix("hook_")
    blocking = table(given.get("blockingError"))
    decision = text(given.get("decision"))
    return HookRan(
        name=text(given.get("hookName")) or text(given.get("command")) or kind,
        event=text(given.get("hookEvent")),
        outcome=f"{outcome}:{decision}" if decision else outcome,
        reason=text(blocking.get("blockingError")) or text(given.get("stderr")) or text(given.get("message")),
        output=_hook_output(given),
        call=text(given.get("toolUseID")),
    )


def _hook_output(given: dict[str, Any]) -> str | None:
    for name in ("content", "stdout", "response"):
        said = given.get(name)
        if isinstance(said, list):
            parts = [part for part in said if isinstance(part, str)]
            said = "\n".join(parts) or content.plain(said)
        if text(said):
            return str(said)
    return None


def _queued(given: dict[str, Any]) -> UserMessage:
    """Gives a prompt that was typed while the agent worked; it joins the run that it found."""
    prompt = given.get("prompt")
    said = content.plain(prompt)
    row = Row(is_meta=given.get("isMeta"), origin=given.get("origin"))
    origin: str = content.user_origin(row, said, in_sub_agent=False, first=False)
    if given.get("commandMode") == "task-notification":
        origin = "notification"
    return UserMessage(blocks=content.as_blocks(prompt), human=origin == "prompt", origin=origin)

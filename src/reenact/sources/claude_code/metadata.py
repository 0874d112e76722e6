"""Rows of metadata that are written again and again: titles, tags, modes, places. A change makes an event."""

from __future__ import annotations

import hashlib

from reenact.events import AnyBody
from reenact.events.bodies import Custom, ModeChanged, SessionTagged, SessionTitled, WorkspaceChanged
from reenact.sources.claude_code.records import Row, text
from reenact.sources.claude_code.state import Reading, Session
from reenact.sources.protocol import Disposition


def repeated(reading: Reading, session: Session, row: Row) -> Disposition:
    """Takes a row of the kinds that repeat."""
    match row.type:
        case "ai-title" | "agent-name":
            return titled(
                reading, session, text(row.ai_title) or text(row.agent_name) or text(row.title), "agent"
            )
        case "custom-title":
            return titled(reading, session, text(row.custom_title) or text(row.title), "user")
        case "summary":
            return _summary(reading, session, row)
        case "tag":
            return _tagged(reading, session, row)
        case "mode":
            return _mode(reading, session, row)
        case "permission-mode":
            return permission_mode(reading, session, row, None)
        case "relocated":
            return _relocated(reading, session, row)
        case "cost-state":
            return _stated(reading, session, row)
    return "metadata"


def titled(reading: Reading, session: Session, title: str | None, by: str) -> Disposition:
    """Adds a title where it is new."""
    if title is None:
        return "metadata"
    if session.titles.get(by) == title:
        return "repeat"
    session.titles[by] = title
    body = SessionTitled(title=title, by=by)  # type: ignore[arg-type]  # user, agent or summary
    return _later(reading, session, body, f"title:{by}:{short_hash(title)}")


def permission_mode(reading: Reading, session: Session, row: Row, ts: int | None) -> Disposition:
    """Adds the permission mode that a row states where it is another than before."""
    mode = text(row.permission_mode) or (text(row.mode) if row.type == "permission-mode" else None)
    if mode is None or mode == session.permission:
        return "repeat" if mode else "metadata"
    previous, session.permission = session.permission, mode
    body = ModeChanged(mode=mode, what="permission", previous=previous)
    return _later(reading, session, body, f"permission:{mode}", ts=ts)


def _later(
    reading: Reading, session: Session, body: AnyBody, name: str, *, ts: int | None = None
) -> Disposition:
    record = reading.numbered(name)
    if session.is_started:
        reading.add(session, body, record, ts=ts)
        return "events"
    reading.held.append((body, record))
    return "joined"


def _summary(reading: Reading, session: Session, row: Row) -> Disposition:
    """Takes a summary: a title of the conversation with this leaf, which may lie in another file."""
    leaf, title = text(row.leaf_uuid), text(row.summary)
    if leaf is None or title is None:
        return "metadata"
    if leaf in reading.above:
        return titled(reading, session, title, "summary")
    reading.summaries[leaf] = title
    return "metadata"


def _tagged(reading: Reading, session: Session, row: Row) -> Disposition:
    if not isinstance(row.tag, str):
        return "metadata"
    new = {row.tag} if row.tag else set()
    if new == session.tags:
        return "repeat"
    body = SessionTagged(add=tuple(new), remove=tuple(session.tags - new))
    session.tags = new
    return _later(reading, session, body, f"tag:{short_hash(row.tag)}")


def _mode(reading: Reading, session: Session, row: Row) -> Disposition:
    mode = text(row.mode)
    if mode is None or mode == session.mode:
        return "repeat" if mode else "metadata"
    previous, session.mode = session.mode, mode
    body = ModeChanged(mode=mode, what="autonomy", previous=previous)
    return _later(reading, session, body, f"mode:{mode}")


def _relocated(reading: Reading, session: Session, row: Row) -> Disposition:
    cwd = text(row.relocated_cwd)
    if cwd is None or cwd == session.cwd:
        return "metadata" if cwd is None else "repeat"
    session.cwd = cwd
    return _later(reading, session, WorkspaceChanged(cwd=cwd), f"relocated:{short_hash(cwd)}")


def _stated(reading: Reading, session: Session, row: Row) -> Disposition:
    """Keeps the agent's own running sums, to be compared with ours and never added to them.

    They run on through resumes and into forks, and hold what no row tells: side calls, compactions.
    """
    data = {"cost_usd": row.total_cost_usd, "models": row.model_usage}
    if session.stated == data:
        return "repeat"
    session.stated = data
    return _later(reading, session, Custom(name="cost_state", data=data), "cost_state")


def short_hash(value: str) -> str:
    """Gives 16 hex digits that stand for a text in the name of a record."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:16]

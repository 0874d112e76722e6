"""The JSON documents of the reading verbs: one versioned shape each, pinned by snapshots."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click
import msgspec

from reenact.clock import to_datetime
from reenact.sources import file_of
from reenact.usage import dollars, usage_document

if TYPE_CHECKING:
    from reenact.ingest import Report
    from reenact.store import SessionRow

VERSION = 1


def write(document: Any) -> None:
    """Writes one document to stdout."""
    data = msgspec.json.format(msgspec.json.encode(document), indent=2)
    click.echo(data.decode())


def time_text(microseconds: int | None) -> str | None:
    """Gives a time as ISO 8601 in UTC with milliseconds."""
    if microseconds is None:
        return None
    return to_datetime(microseconds).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def session(row: SessionRow) -> dict[str, Any]:
    """Gives one session of `list --json`; counts and `usage` are its own."""
    return {
        "id": row.id,
        "native_id": row.native_id,
        "agent": row.agent,
        "agent_version": row.agent_version,
        "kind": row.kind,
        "title": row.title,
        "cwd": row.cwd,
        "project": row.project,
        "models": list(row.models),
        "started_at": time_text(row.started_at),
        "ended_at": time_text(row.ended_at),
        "status": row.status,
        "completeness": row.completeness,
        "parent": row.parent,
        "children": list(row.children),
        "hidden": row.hidden,
        "loops": row.loops,
        "turns": row.turns,
        "events": row.events,
        "tool_calls": row.tool_calls,
        "warnings": row.warnings,
        "removed_at_source": row.removed_at_source,
        "tags": list(row.tags),
        "source": {
            "path": row.source_path,
            "present": bool(row.source_path) and os.path.exists(file_of(row.source_path or "")[0]),
        },
        "usage": usage_document(row.own.tokens, row.own.quality),
        "usage_total": usage_document(row.total.tokens, row.total.quality),
        "inherited": row.inherited.total,
        "cost_usd": dollars(row.own.cost),
        "cost_known_usd": dollars(row.own.cost_known),
        "cost_total_usd": dollars(row.total.cost),
    }


def sessions(rows: Iterable[SessionRow]) -> dict[str, Any]:
    return {"version": VERSION, "sessions": [session(row) for row in rows]}


def imported(report: Report) -> dict[str, Any]:
    """Gives the document of `import --json`."""
    return {
        "version": VERSION,
        "sources": [
            {
                "agent": agent.agent,
                "found": agent.found,
                "new": agent.new,
                "changed": agent.changed,
                "unchanged": agent.unchanged,
                "skipped": agent.skipped,
                "events": agent.events,
                "warnings": agent.warnings,
                "errors": agent.errors,
            }
            for agent in report.agents
        ],
        "problems": [
            {"agent": problem.agent, "path": problem.path, "reason": problem.reason}
            for problem in report.problems
        ],
        "left_out": {"transcripts": report.left_out, "bytes": report.left_out_bytes},
    }

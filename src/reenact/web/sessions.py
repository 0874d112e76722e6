"""Sessions as rows of a list, and the list itself."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

from reenact.clock import to_datetime
from reenact.usage import dollars
from reenact.web.views import Chip, LiveStatus, SessionRow, Source, Usage

if TYPE_CHECKING:
    from collections.abc import Callable

    from reenact import store
    from reenact.events import Tokens
    from reenact.events.blocks import Quality

_TITLE = 300


def usage_of(tokens: Tokens, quality: Quality) -> Usage:
    """Gives tokens as `usage --json` tells them."""
    return Usage(
        input=tokens.input,
        cache_read=tokens.cache_read,
        cache_write=tokens.cache_write,
        cache_write_5m=tokens.cache_write_5m,
        cache_write_1h=tokens.cache_write_1h,
        output=tokens.output,
        reasoning=tokens.reasoning,
        total=tokens.total,
        quality=quality,
    )


def row_view(row: store.SessionRow, scrub: Callable[[str], str], live: LiveStatus) -> SessionRow:
    """Gives a session as the page's lists show it."""
    return SessionRow(
        id=row.id,
        native_id=row.native_id,
        agent=row.agent,
        agent_version=row.agent_version,
        kind=row.kind,
        title=None if row.title is None else scrub(row.title)[:_TITLE],
        cwd=None if row.cwd is None else scrub(row.cwd),
        project=None if row.project is None else scrub(row.project),
        branch=None,
        models=row.models,
        started_at=iso(row.started_at),
        ended_at=iso(row.ended_at),
        started_ts=ms(row.started_at),
        ended_ts=ms(row.ended_at),
        status=row.status,
        live_status=live,
        completeness=row.completeness,
        parent=row.parent,
        children=row.children,
        agents=row.agents,
        hidden=row.hidden,
        loops=row.loops,
        turns=row.turns,
        events=row.events,
        tool_calls=row.tool_calls,
        warnings=row.warnings,
        removed_at_source=row.removed_at_source,
        tags=row.tags,
        source=Source(
            path=row.source_path,
            present=bool(row.source_path) and os.path.exists(row.source_path or ""),
        ),
        usage=usage_of(row.own.tokens, row.own.quality),
        usage_total=usage_of(row.total.tokens, row.total.quality),
        inherited=row.inherited.total,
        cost_usd=dollars(row.own.cost),
        cost_known_usd=dollars(row.own.cost_known),
        cost_total_usd=dollars(row.total.cost),
        cost_total_known_usd=dollars(row.total.cost_known),
        chip=_chip(row),
        tape=None,
    )


def _chip(row: store.SessionRow) -> Chip | None:
    if row.kind == "fork":
        return Chip(text="fork", tone="plain", session=row.parent)
    tones: dict[str, Literal["plain", "bad"]] = {"interrupted": "plain", "aborted": "plain"}
    if row.status in tones:
        return Chip(text=row.status, tone=tones[row.status])
    return None


def ms(micros: int | None) -> int | None:
    return None if micros is None else micros // 1000


def iso(micros: int | None) -> str | None:
    if micros is None:
        return None
    return to_datetime(micros).isoformat(timespec="milliseconds").replace("+00:00", "Z")

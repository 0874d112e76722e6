"""What the archive tells of itself and of the transcripts around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from reenact import ingest
from reenact.events import Header
from reenact.ingest import secrets
from reenact.sources import Retention
from reenact.store import Drift, SessionRow, Size, Warned

if TYPE_CHECKING:
    from reenact.integrations.otlp import Pending


class Risk(msgspec.Struct, frozen=True, kw_only=True):
    """A transcript that its agent will delete."""

    agent: str
    retention: Retention
    kept: bool
    """Whether the archive holds it as it is now."""


class Checkup(msgspec.Struct, frozen=True, kw_only=True):
    """What `doctor` found."""

    risks: tuple[Risk, ...]
    problems: tuple[ingest.Problem, ...]
    drift: tuple[Drift, ...]
    warnings: tuple[Warned, ...]
    secrets: secrets.Scan
    sizes: tuple[Size, ...]
    incoming: Pending
    source_bytes: int
    """Bytes of the newest generation of every kept transcript."""
    paths: tuple[str, ...]
    """Every path outside of which reenact leaves nothing."""
    installed: bool
    prices: str


def header_of(row: SessionRow) -> Header:
    """Gives who a listed session is."""
    return Header(
        id=row.id,
        agent=row.agent,
        native_id=row.native_id,
        kind=row.kind,
        parent=row.parent,
        parent_call=row.parent_call,
        parent_event=row.parent_event,
        hidden=row.hidden,
    )

"""What waits in the folder of acknowledged spans, told without taking it: receivers may be at work on it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from reenact.integrations.otlp.spool import ASIDE, FILES, decoded
from reenact.store import Damage


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """Spans that were acknowledged and are in no session yet; nothing of them is lost."""

    spans: int = 0
    traces: int = 0
    bytes: int = 0
    """What their files take, with what has become a session meanwhile and is not cut away yet."""


def pending(folder: Path) -> Pending:
    """Gives how much waits for its trace to be complete, or for the next receiver."""
    waiting: set[tuple[str, str]] = set()
    size = 0
    for path in sorted(folder.glob(FILES)):
        if (data := _content(path)) is not None:
            found = decoded(data).waiting
            waiting.update(found)
            size += len(data) if found else 0
    return Pending(spans=len(waiting), traces=len({trace for trace, _ in waiting}), bytes=size)


def damages(folder: Path) -> list[Damage]:
    """Gives what of it cannot be read, and what receivers put aside for that."""
    found: list[Damage] = []
    for path in sorted(folder.glob(FILES)):
        if (data := _content(path)) is not None and (lines := decoded(data).damaged):
            reason = f"{lines:,} lines of spans that wait for their trace are damaged"
            found.append(Damage(where=str(path), reason=reason, severity="lost"))
    aside = "lines of spans that could not be read, put aside by a receiver"
    found += [Damage(where=str(path), reason=aside, severity="note") for path in sorted(folder.glob(ASIDE))]
    return found


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None  # it became sessions meanwhile

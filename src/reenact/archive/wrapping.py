"""`Archive.record_command`: a command is run and recorded, and what its agent kept is taken in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from reenact.archive.values import header_of
from reenact.errors import ReenactError
from reenact.launch import Choices, Recorded, count, record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reenact.archive.facade import Archive
    from reenact.launch import Tools


def record_command(
    archive: Archive, tools: Tools, command: Sequence[str], *, wire: bool, output: bool | None
) -> Recorded:
    """Runs a command, records it, and counts what its agent's own log does not."""
    recorded = record(
        tools,
        command,
        archive.variables,
        choices=Choices(wire=wire, output=output),
        remembered=Path(archive.variables.get("REENACT_CACHE") or archive.path / "cache"),
    )
    try:
        _take_in(archive, tools, recorded)
    except (OSError, ReenactError) as error:  # the command ran, and ends as it ended
        why = (error.strerror if isinstance(error, OSError) else None) or str(error)
        return msgspec.structs.replace(recorded, behind=why)
    return recorded


def _take_in(archive: Archive, tools: Tools, recorded: Recorded) -> None:
    archive.catch_up()
    if recorded.exchanges:
        header = header_of(archive.session(recorded.session))
        if count(tools, header, archive.transcripts_of(recorded.native_sessions)):
            archive.store.catch_up()

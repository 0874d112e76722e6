"""Little machines for tests: a home with transcripts, an archive, and what the archive answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from reenact import tree
from reenact.archive import Archive, open_archive
from reenact.cli import documents
from reenact.clock import ManualClock
from reenact.usage import document

DATA = Path(__file__).parent.parent / "data" / "transcripts"


def opened(archive: Path, home: Path, **variables: str) -> Archive:
    """Opens an archive for the user whose home this is."""
    return open_archive(archive, variables={"HOME": str(home), "TZ": "UTC", **variables}, clock=ManualClock())


def imported(archive: Path, home: Path) -> Archive:
    opened_archive = opened(archive, home)
    opened_archive.catch_up()
    return opened_archive


def answers(archive: Archive) -> dict[str, Any]:
    """Gives what the archive says: list, usage, trees and event ids; paths of sources left out."""
    listed = documents.sessions(archive.sessions())
    rows = sorted(listed["sessions"], key=lambda row: str(row["id"]))
    for row in rows:
        row["source"] = None
        row["children"] = sorted(row["children"])
    return {
        "list": rows,
        "usage": {by: document(archive.usage(by)) for by in ("day", "session", "model", "project")},
        "trees": {
            row["id"]: json.loads(msgspec.json.encode(tree.outline(archive.tree(row["id"])))) for row in rows
        },
        "events": {row["id"]: sorted(event.id for event in archive.events(row["id"])) for row in rows},
    }

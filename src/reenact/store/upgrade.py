"""An archive of an older layout becomes one of today's: first a backup, then step by step, the card last.

A change of `ARCHIVE_FORMAT` adds one step here. The backup lies in the archive, as `backup-<format>`, and
costs no space: its files are links to those that stood there. So a step never writes into a file; it
writes a new one in its place (`layout.write_file`). Killed at any point, the next opening begins again,
and finds the backup of the first time.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from reenact.errors import ArchiveError
from reenact.store.layout import ARCHIVE_FORMAT, Card, Layout, make_directory, sync_directory, write_file
from reenact.store.lock import locked

Step = Callable[[Layout], None]

STEPS: Mapping[int, Step] = {}
"""From format → the step that lifts an archive of that format to the next one. It may be run twice."""

_LONG_WAIT = 600.0


def is_old(card: Card, *, target: int = ARCHIVE_FORMAT) -> bool:
    """Tells whether an archive has to be upgraded before it is written to."""
    return card.format < target


def upgrade(layout: Layout, *, steps: Mapping[int, Step] = STEPS, target: int = ARCHIVE_FORMAT) -> Card:
    """Gives the card of the archive as it is once it has today's format.

    Raises:
        ArchiveError: no step starts from the archive's format, or another process is at it.
        OSError: the disk did not take the backup or what a step wrote; the archive is as it was.
    """
    with locked(layout.root, wait=_LONG_WAIT):
        card = msgspec.json.decode(layout.card.read_bytes(), type=Card)
        if is_old(card, target=target):
            back_up(layout, card.format)
        while is_old(card, target=target):
            step = steps.get(card.format)
            if step is None:
                raise ArchiveError(f"nothing upgrades an archive of format {card.format}")
            step(layout)
            shutil.rmtree(layout.cache, ignore_errors=True)  # derived from what was there before
            card = msgspec.structs.replace(card, format=card.format + 1)
            write_file(layout.card, msgspec.json.encode(card), durable=True)
    return card


def back_up(layout: Layout, version: int) -> Path:
    """Keeps all that is no cache as it is; gives the folder. What is kept already stays."""
    folder = layout.root / f"backup-{version}"
    if folder.exists():
        return folder
    half = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(half, ignore_errors=True)
    make_directory(half)
    for path in (layout.card, layout.journal, layout.live, layout.sealed, layout.originals, layout.blobs):
        _link(path, half / path.name)
    half.rename(folder)
    sync_directory(layout.root)
    return folder


def _link(path: Path, place: Path) -> None:
    """Links a file, or all files of a folder; copies where the file system has no links."""
    if path.is_dir():
        make_directory(place)
        for entry in sorted(os.listdir(path)):
            _link(path / entry, place / entry)
        return
    with contextlib.suppress(FileNotFoundError):
        try:
            os.link(path, place)
        except OSError:
            shutil.copy2(path, place)

"""What the archive's parts take on disk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from reenact.store.layout import Layout
from reenact.store.values import Size

_BLOCK = 512


def of(layout: Layout) -> list[Size]:
    """Gives the size of each part; what is sparse or packed by the file system shows on disk."""
    folders = {
        "originals": layout.originals,
        "live": layout.live,
        "sealed": layout.sealed,
        "blobs": layout.blobs,
        "incoming": layout.incoming,
        "cache": layout.cache,
    }
    sizes = [_sum(part, _files(folder)) for part, folder in folders.items()]
    return [*sizes, _sum("journal", iter((layout.card, layout.journal)))]


def _sum(part: str, paths: Iterator[Path]) -> Size:
    apparent = on_disk = files = 0
    for path in paths:
        try:
            found = path.lstat()
        except FileNotFoundError:
            continue
        apparent += found.st_size
        on_disk += found.st_blocks * _BLOCK
        files += 1
    return Size(part=part, apparent=apparent, on_disk=on_disk, files=files)


def _files(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        for name in names:
            yield Path(parent) / name

"""Progress of long work: on stderr, only on a terminal, with rate and time left."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from reenact.ingest import Progress

_WORTH_SHOWING = 20 * 1024 * 1024


@contextmanager
def bar(title: str, *, quiet: bool = False) -> Iterator[Callable[[Progress], None] | None]:
    """Gives a function to report progress to, or None where nobody watches."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )
    from rich.progress import (
        Progress as Bar,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[sessions]}"),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(title, total=None, sessions="", visible=False)

        def tell(progress: Progress) -> None:
            shown.update(
                task,
                completed=progress.done_bytes,
                total=progress.total_bytes,
                sessions=f"{progress.done}/{progress.total}",
                visible=progress.total_bytes > _WORTH_SHOWING,
            )

        yield tell

"""Texts are indexed while an import goes on, by a process of its own.

The index is written after the rest: what an import has brought in so far is noted as due, and this
process works it off, newest first. It ends when the import does, or dies; what is left then is done
as usual. It needs no answer and gives none.
"""

from __future__ import annotations

import contextlib
import select
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from reenact.clock import SystemClock
from reenact.ingest import parallel
from reenact.ingest.find import Found
from reenact.store import LocalStore, Store
from reenact.store.frames import Reads
from reenact.store.index import Index
from reenact.store.layout import Layout
from reenact.store.originals import Originals
from reenact.store.recorded import Segments
from reenact.store.text_index import TextIndex

_PAUSE = 0.2
"""Seconds between two looks at what is due."""


@contextlib.contextmanager
def beside(store: Store, found: Sequence[Found]) -> Iterator[None]:
    """Has texts indexed while the block runs, where there is enough to do for several processes."""
    if not isinstance(store, LocalStore) or parallel.crew(store, found) < 2:
        yield
        return
    root, cache, _ = store.workplace()
    process = parallel.start("reenact.ingest.indexing", str(root), str(cache))
    try:
        yield
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Lets it finish what it gathered."""
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
    process.wait()


def _is_over() -> bool:
    """Tells whether whoever started this process let go of it, or is dead."""
    return bool(select.select([0], [], [], 0)[0])


def main(root: str, cache: str) -> None:
    """Works off what is due until the other end of the pipe is closed."""
    layout = Layout(Path(root), Path(cache))
    originals = Originals(layout, SystemClock())
    index = Index(layout.core)
    texts = TextIndex(index, Reads(Segments(layout).read, originals.read))
    try:
        while not _is_over():
            texts.catch_up(is_over=_is_over)
            select.select([0], [], [], _PAUSE)
    finally:
        texts.close()
        index.close()


if __name__ == "__main__":
    main(*sys.argv[1:])

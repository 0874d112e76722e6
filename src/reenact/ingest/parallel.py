"""Imports on all processors: workers keep and derive new transcripts, the importer takes the rows over.

Only what is plainly new goes out; all else, and whatever a worker could not do, goes the usual way.
Parcels are taken over in the order of the transcripts, so that the newest are there first. A worker
that dies costs the time of what it was at: nothing depends on its answer.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

import msgspec

from reenact.ingest.find import Found
from reenact.ingest.worker import Answer, Order, receive, send, source_of
from reenact.store import LocalStore, Store
from reenact.store.outwork import Parcel

LEAST = 48 * 1024 * 1024
"""Bytes of new transcripts below which starting workers costs more than they bring."""
LARGEST = 48 * 1024 * 1024
"""A larger transcript stays here, where it never lies in memory as a whole."""
_MOST_WORKERS = 8
_AHEAD = 2
"""Transcripts under way for each worker."""

Orders = Callable[[Found], Order | None]
"""Gives the order for a transcript that may go out, or None."""


class Ahead:
    """Works ahead of an import, as far as workers and memory allow."""

    def __init__(self, store: LocalStore, found: Sequence[Found], order: Orders, workers: int) -> None:
        root, cache, _ = store.workplace()
        self._order = order
        self._left = iter(found)
        self._crew: SimpleQueue[subprocess.Popen[bytes]] = SimpleQueue()
        self._processes = [start("reenact.ingest.worker", str(root), str(cache)) for _ in range(workers)]
        for process in self._processes:
            self._crew.put(process)
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="reenact-import")
        self._under_way: dict[str, Future[Parcel | None]] = {}
        self._sent: set[str] = set()
        self._stopped = threading.Event()
        self._window = workers * _AHEAD + 1
        self._fill()

    def take(self, item: Found) -> Parcel | None:
        """Gives what a worker made of a transcript, or None where the usual way has to be gone."""
        future = self._under_way.pop(item.transcript.path, None)
        parcel = None if future is None else future.result()
        self._fill()
        return parcel

    def _fill(self) -> None:
        while len(self._under_way) < self._window:
            item = next(self._left, None)
            if item is None:
                return
            order = self._order(item)
            if order is None or order.key.id in self._sent:
                continue
            self._sent.add(order.key.id)
            self._under_way[item.transcript.path] = self._threads.submit(self._ask, order)

    def _ask(self, order: Order) -> Parcel | None:
        """Has a worker do one order (in a thread of ours, which waits for it)."""
        process = self._crew.get()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            if self._stopped.is_set() or process.poll() is not None:
                return None
            send(process.stdin, msgspec.msgpack.encode(order))  # type: ignore[arg-type]  # a pipe is such a stream
            message = receive(process.stdout)  # type: ignore[arg-type]  # likewise
            return None if message is None else msgspec.msgpack.decode(message, type=Answer).parcel
        except (OSError, ValueError, msgspec.DecodeError):
            return None
        finally:
            self._crew.put(process)

    def close(self) -> None:
        """Lets go of the workers; one that is still at work finishes what it keeps and ends."""
        self._stopped.set()
        for future in self._under_way.values():
            future.cancel()
        for process in self._processes:
            with contextlib.suppress(OSError):
                if self._under_way:
                    process.terminate()
        self._threads.shutdown(wait=True)
        for process in self._processes:
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()
            process.wait()


@contextlib.contextmanager
def ahead(
    store: Store, found: Sequence[Found], order: Orders, *, workers: int | None
) -> Iterator[Ahead | None]:
    """Opens workers where there is enough for them to do, and closes them whatever happens."""
    count = crew(store, found, workers=workers)
    if count < 2 or not isinstance(store, LocalStore):
        yield None
        return
    working = Ahead(store, found, order, count)
    try:
        yield working
    finally:
        working.close()


def crew(store: Store, found: Sequence[Found], *, workers: int | None = None) -> int:
    """Gives how many workers there is enough to do for; with fewer than two none is started."""
    count = _workers() if workers is None else workers
    size = sum(item.transcript.size for item in found)
    if count < 2 or size < LEAST or not isinstance(store, LocalStore) or not sys.executable:
        return 0
    fresh = sum(item.transcript.size for item in found if store.place(item.transcript.path) is None)
    return count if fresh >= LEAST else 0


def may_go_out(item: Found) -> bool:
    """Tells whether a worker could do this transcript as it would be done here."""
    return item.transcript.size <= LARGEST and source_of(item.source.agent) is item.source


def _workers() -> int:
    with contextlib.suppress(AttributeError):
        return min(len(os.sched_getaffinity(0)), _MOST_WORKERS)
    return min(os.cpu_count() or 1, _MOST_WORKERS)


def start(module: str, *words: str) -> subprocess.Popen[bytes]:
    """Starts a worker that knows this very package, apart from the terminal's interrupts."""
    home = str(Path(__file__).parents[2])
    paths = [home, *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.Popen(
        [sys.executable, "-P", "-m", module, *words],  # -P: nothing is imported from where we stand
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        start_new_session=True,
    )

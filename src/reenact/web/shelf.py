"""Reels in memory, as many as fit, and those of large sessions in the archive's cache folder."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import OrderedDict
from hashlib import sha256
from pathlib import Path

from reenact.clock import Clock
from reenact.web.reel import Reel, decode, encode

MEMORY = 64 * 1024 * 1024
DISK = 256 * 1024 * 1024
LARGE = 2_000
"""Sessions of so many events have their reel on disk: to wind it takes longer than to read it."""
_IDLE = 300_000_000
"""Microseconds after which a reel that nobody looked at leaves memory."""
_PATIENCE = 10
_FOLDER = "reels"


class Shelf:
    """Shared by all threads."""

    def __init__(self, cache: Path | None, clock: Clock) -> None:
        self._folder = None if cache is None else cache / _FOLDER
        self._clock = clock
        self._reels: OrderedDict[str, tuple[Reel, int]] = OrderedDict()
        self._lock = threading.Lock()
        self._winding: dict[str, threading.Lock] = {}
        self._made: dict[str, tuple[int, int]] = {}
        """Session → when its reel was made, and how long that took, in microseconds."""
        self._done: dict[str, int] = {}

    def get(self, session: str, key: str) -> Reel | None:
        """Gives the reel made from just this, if there is one."""
        with self._lock:
            held = self._reels.get(session)
            if held is not None and held[0].key == key:
                self._reels[session] = (held[0], self._clock.now())
                self._reels.move_to_end(session)
                return held[0]
        reel = self._read(session)
        if reel is not None and reel.key == key:
            self._hold(reel)
            return reel
        return None

    def lately(self, session: str) -> Reel | None:
        """Gives a reel of a session as it was a moment ago: making it anew would take longer than that."""
        with self._lock:
            held = self._reels.get(session)
            at, took = self._made.get(session, (0, 0))
        age = self._clock.now() - at
        return held[0] if held is not None and 0 <= age < took * _PATIENCE else None

    def tell(self, session: str, done: int) -> None:
        """Takes note of how many events of a session are wound."""
        self._done[session] = done

    def done(self, session: str) -> int:
        """Gives how many events of a session are wound, while it is being wound; else 0."""
        return self._done.get(session, 0)

    def put(self, reel: Reel, *, took: float = 0.0) -> None:
        """Takes a reel that took so many seconds to make; what was there of the same session goes."""
        self._hold(reel)
        self._done.pop(reel.session, None)
        with self._lock:
            self._made[reel.session] = (self._clock.now(), int(took * 1_000_000))
        if reel.events >= LARGE:
            self._write(reel)

    def lock(self, session: str) -> threading.Lock:
        """Gives what a thread holds while it winds a session, so that no two do."""
        with self._lock:
            if len(self._winding) > 1_000:
                self._winding = {name: lock for name, lock in self._winding.items() if lock.locked()}
            return self._winding.setdefault(session, threading.Lock())

    def tidy(self) -> None:
        """Lets go of what nobody looked at for a while."""
        before = self._clock.now() - _IDLE
        with self._lock:
            for session in [name for name, (_, at) in self._reels.items() if at < before]:
                del self._reels[session]
            self._made = {name: made for name, made in self._made.items() if name in self._reels}

    def _hold(self, reel: Reel) -> None:
        with self._lock:
            self._reels[reel.session] = (reel, self._clock.now())
            self._reels.move_to_end(reel.session)
            size = sum(item.size for item, _ in self._reels.values())
            while size > MEMORY and len(self._reels) > 1:
                _, (gone, _) = self._reels.popitem(last=False)
                size -= gone.size

    def _path(self, session: str) -> Path | None:
        name = sha256(session.encode()).hexdigest()[:32]
        return None if self._folder is None else self._folder / name

    def _read(self, session: str) -> Reel | None:
        path = self._path(session)
        if path is None:
            return None
        try:
            return decode(path.read_bytes())
        except (OSError, ValueError):
            return None

    def _write(self, reel: Reel) -> None:
        path = self._path(reel.session)
        if path is None or self._folder is None:
            return
        partial = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o700, exist_ok=True)
            handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(encode(reel))
            partial.replace(path)
            self._make_room()

    def _make_room(self) -> None:
        assert self._folder is not None
        found = []
        for entry in os.scandir(self._folder):
            with contextlib.suppress(FileNotFoundError):
                stat = entry.stat()
                found.append((stat.st_mtime_ns, stat.st_size, entry.path))
        total = sum(size for _, size, _ in found)
        for _, size, path in sorted(found):
            if total <= DISK:
                break
            total -= size
            with contextlib.suppress(FileNotFoundError):
                Path(path).unlink()

"""Tells which paths changed: by the system's own notifications, or by looking again and again.

Notifications cost nothing while nothing happens. Where there are none (network file systems, no
watches left), files are looked at by turns: those that changed lately often, the others now and then.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import msgspec

Folders = Callable[[], Sequence[str]]
"""Gives the folders to be watched, existing or not."""


class Noticed(msgspec.Struct, frozen=True, kw_only=True):
    """What changed since one asked last."""

    paths: frozenset[str] = frozenset()
    everything: bool = False
    """True where anything may have changed: notifications were lost, or a folder came to be."""
    note: str | None = None
    """What whoever watches is to be told of how it goes on."""


class Watch(Protocol):
    """Watches folders with all below them."""

    def wait(self, seconds: float) -> Noticed:
        """Waits until something changed, or the seconds are over; takes what was noticed."""
        ...

    def learn(self, paths: Iterable[str]) -> None:
        """Tells which files matter, as they are found."""
        ...

    def close(self) -> None: ...


_DEBOUNCE_MS = 80
_STEP_MS = 20
_IDLE_STEP_MS = 50


class Native:
    """Notifications of the system.

    Raises:
        OSError: the system gives none (any more): its limits are reached, or a folder cannot be read.
    """

    def __init__(self, folders: Folders) -> None:
        from watchfiles._rust_notify import RustNotify, WatchfilesRustInternalError

        self._make = RustNotify
        self._failure = WatchfilesRustInternalError
        self._folders = folders
        self._watched: tuple[tuple[str, int, int], ...] = ()
        self._notify: RustNotify | None = None
        self._open()

    def wait(self, seconds: float) -> Noticed:
        """See `Watch`. A folder that came to be, or was replaced, is watched from then on."""
        if _there(self._folders()) != self._watched:
            self._open()
            return Noticed(everything=True)
        if self._notify is None:
            time.sleep(min(seconds, 1.0))
            return Noticed()
        step = _STEP_MS if seconds < 0.2 else _IDLE_STEP_MS
        try:
            found = self._notify.watch(_DEBOUNCE_MS, step, max(1, int(seconds * 1000)), None)
        except self._failure as error:
            raise OSError(str(error)) from error
        if found == "signal":
            raise KeyboardInterrupt
        return Noticed() if isinstance(found, str) else Noticed(paths=frozenset(path for _, path in found))

    def learn(self, paths: Iterable[str]) -> None:
        """The system knows them."""

    def close(self) -> None:
        if self._notify is not None:
            self._notify.close()
            self._notify = None

    def _open(self) -> None:
        self.close()
        self._watched = _there(self._folders())
        if self._watched:
            paths = [path for path, _, _ in self._watched]
            try:  # a folder that cannot be read is an error: its neighbours would go unwatched unnoticed
                self._notify = self._make(paths, False, False, 0, True, False)
            except FileNotFoundError:  # it went just now; the next round sees what there is
                self._watched = ()
            except self._failure as error:
                raise OSError(str(error)) from error


def _there(folders: Iterable[str]) -> tuple[tuple[str, int, int], ...]:
    found = []
    for folder in dict.fromkeys(folders):
        try:
            status = os.stat(folder)
        except OSError:
            continue
        found.append((folder, status.st_dev, status.st_ino))
    return tuple(found)


_INTERVAL = 0.4
_HOT = 128
_COLD = 1000
"""All other files that are looked at in one turn: some two milliseconds."""

Look = tuple[int, int, int]


class Polled:
    """Looks at files and folders again and again."""

    def __init__(self, folders: Folders, *, interval: float = _INTERVAL) -> None:
        self._folders = folders
        self._interval = interval
        self._files: dict[str, Look | None] = {}
        self._hot: dict[str, None] = {}
        self._known: dict[str, int] = {}
        self._cold: list[str] = []
        self._turn = 0
        self._is_new = True
        self._walk()

    def wait(self, seconds: float) -> Noticed:
        """See `Watch`. At first anything may have changed: files are known from when they are learned."""
        if self._is_new:
            self._is_new = False
            return Noticed(everything=True)
        end = time.monotonic() + seconds
        while True:
            found = self.look()
            left = end - time.monotonic()
            if found or left <= 0:
                return Noticed(paths=frozenset(found))
            time.sleep(min(left, self._interval))

    def look(self) -> set[str]:
        """Takes one turn: all folders, the files that changed lately, a share of the others."""
        changed = self._changed_folders()
        for path in (*self._hot, *self._share()):
            look = _look(path)
            if look != self._files.get(path):
                self._files[path] = look
                self._heat(path)
                changed.add(path)
        return changed

    def learn(self, paths: Iterable[str]) -> None:
        """Takes files into the turns."""
        looks = {path: _look(path) for path in paths if path not in self._files}
        self._files.update(looks)
        newest = sorted(looks, key=lambda path: (looks[path] or (0, 0, 0))[1])
        for path in newest[-_HOT:]:
            self._heat(path)

    def close(self) -> None:
        self._files.clear()

    def _heat(self, path: str) -> None:
        self._hot.pop(path, None)
        self._hot[path] = None
        if len(self._hot) > _HOT:
            del self._hot[next(iter(self._hot))]

    def _share(self) -> list[str]:
        if self._turn >= len(self._cold):
            self._turn, self._cold = 0, list(self._files)
        begin, self._turn = self._turn, self._turn + _COLD
        return self._cold[begin : self._turn]

    def _walk(self) -> set[str]:
        """Takes note of all folders; gives those that are new."""
        new = set()
        for folder in self._folders():
            for path, _, _ in os.walk(folder):
                if path not in self._known:
                    new.add(path)
                    self._known[path] = _changed_at(path)
        return new

    def _changed_folders(self) -> set[str]:
        """Gives the entries that came to be in folders since the last turn."""
        changed = set()
        for path, before in list(self._known.items()):
            now = _changed_at(path)
            if now == before:
                continue
            if now < 0:
                del self._known[path]
            else:
                self._known[path] = now
                changed.update(self._entries(path))
        roots = [folder for folder in self._folders() if folder not in self._known and os.path.isdir(folder)]
        return changed | self._walk() if roots else changed

    def _entries(self, folder: str) -> set[str]:
        """Gives what is new or changed in a folder, and what is below folders that are new."""
        found: set[str] = set()
        try:
            entries = list(os.scandir(folder))
        except OSError:
            return found
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.path not in self._known:
                    self._known[entry.path] = -1  # its entries are taken in the next turn
                    found.add(entry.path)
            elif self._files.get(entry.path) != _look(entry.path):
                found.add(entry.path)
        return found


def _look(path: str) -> Look | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ino


def _changed_at(folder: str) -> int:
    try:
        return os.stat(folder).st_mtime_ns
    except OSError:
        return -1


class Steady:
    """Notifications while the system gives them; from then on, looks at the files by turns."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders
        self._note: str | None = None
        self._watch: Watch
        try:
            self._watch = Native(folders)
        except (ImportError, OSError) as error:
            self._poll(error)

    def wait(self, seconds: float) -> Noticed:
        """See `Watch`. Where notifications end, anything may have changed: some may not have come."""
        if self._note is None:
            try:
                return self._watch.wait(seconds)
            except OSError as error:
                self._watch.close()
                self._poll(error)
        note, self._note = self._note, None
        return Noticed(everything=True, note=note)

    def learn(self, paths: Iterable[str]) -> None:
        """See `Watch`."""
        self._watch.learn(paths)

    def close(self) -> None:
        """See `Watch`."""
        self._watch.close()

    def _poll(self, error: Exception) -> None:
        self._watch = Polled(self._folders)
        self._note = f"the system does not tell of changes ({error}); files are looked at by turns"


def watch_of(folders: Folders, *, polled: bool = False) -> Watch:
    """Gives notifications where the system has them, else a look at the files by turns."""
    return Polled(folders) if polled else Steady(folders)

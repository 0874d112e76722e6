"""Advisory locks between processes: held by the kernel, so that a killed holder leaves none behind."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reenact.errors import ArchiveBusyError
from reenact.store.layout import make_directory

SHORT_WAIT = 5.0
"""Seconds that a second writer waits before it says that another one is at work."""
_STEP = 0.02


@contextmanager
def locked(path: Path, *, wait: float = SHORT_WAIT) -> Iterator[None]:
    """Holds the exclusive lock of a file, made where absent, or of a directory.

    Raises:
        ArchiveBusyError: another process or another store held it all the while.
    """
    flags = os.O_RDONLY if path.is_dir() else os.O_RDWR | os.O_CREAT
    handle = os.open(path, flags | os.O_CLOEXEC, 0o600)
    try:
        acquire(handle, path, wait=wait)
        yield
    finally:
        os.close(handle)


@contextmanager
def occupied(folder: Path, *, wait: float = SHORT_WAIT) -> Iterator[None]:
    """Holds the lock of a directory that others may delete; it is made where absent.

    Raises:
        ArchiveBusyError: see `locked`.
    """
    while True:
        make_directory(folder)
        try:
            handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        try:
            acquire(handle, folder, wait=wait)
            if _is_still(folder, handle):
                yield
                return
        finally:
            os.close(handle)


def _is_still(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False


def acquire(handle: int, path: Path, *, wait: float = 0.0) -> None:
    """Locks an open file for this handle until it is closed.

    Raises:
        ArchiveBusyError: see `locked`.
    """
    until = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                raise ArchiveBusyError(str(path), "it holds the lock") from None
            time.sleep(_STEP)
        else:
            return

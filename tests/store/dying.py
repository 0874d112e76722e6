"""A process that dies at the k-th boundary of a write: before it, or with half of it done.

`python -m tests.store.dying OPERATION FOLDER STEP` prepares an archive in FOLDER/base, counts the
boundaries of the operation, and lets a fork of itself die at each of them, on a copy of the archive in
FOLDER/<k>. What a fork acknowledged before it died is in FOLDER/<k>.told. Of SQLite's own writes only every
STEP-th is chosen; file writes of ours are all chosen.
"""

from __future__ import annotations

import os
import shutil
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
from tests.store.operations import OPERATIONS, Operation, small_chunks

DEAD = 9
_FILES = (
    "replace",
    "rename",
    "unlink",
    "remove",
    "rmdir",
    "mkdir",
    "utime",
    "ftruncate",
    "fsync",
    "fdatasync",
)
_REAL_WRITE = os.write


class Death:
    """Counts boundaries; ends the process at one of them."""

    def __init__(self, at: int | None) -> None:
        self._at = at
        self.kinds: list[str] = []

    def boundary(self, kind: str, *, half: Callable[[], object] | None = None) -> None:
        """Dies here, if this is the place; with `half` there is another place, when half is done."""
        self.kinds.append(kind)
        if len(self.kinds) == self._at:
            os._exit(DEAD)
        if half is not None:
            self.kinds.append(f"half {kind}")
            if len(self.kinds) == self._at:
                half()
                os._exit(DEAD)

    def lurk(self) -> apsw.VFS:
        """Stands behind every call that changes a file, ours and SQLite's; give the result a name."""
        for name in _FILES:
            self._wrap(name)

        def write(handle: int, data: Any) -> int:
            view = memoryview(data)
            self.boundary("write", half=lambda: _REAL_WRITE(handle, view[: len(view) // 2]))
            return _REAL_WRITE(handle, data)

        real_open = os.open

        def opened(path: Any, flags: int, *told: Any, **more: Any) -> int:
            if flags & (os.O_CREAT | os.O_TRUNC):
                self.boundary("open")
            return real_open(path, flags, *told, **more)

        os.write, os.open = write, opened
        return _DeadlyFiles(self)

    def _wrap(self, name: str) -> None:
        real = getattr(os, name)

        def call(*told: Any, **more: Any) -> Any:
            self.boundary(name)
            return real(*told, **more)

        setattr(os, name, call)


class _DeadlyFiles(apsw.VFS):
    def __init__(self, death: Death) -> None:
        super().__init__("deadly", "unix", makedefault=True)
        self._death = death

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's name
        return _DeadlyFile(name, flags, self._death)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        self._death.boundary("sqlite delete")
        super().xDelete(filename, syncdir)


class _DeadlyFile(apsw.VFSFile):
    def __init__(self, name: Any, flags: list[int], death: Death) -> None:
        super().__init__("unix", name, flags)
        self._death = death

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        write = super().xWrite
        self._death.boundary("sqlite write", half=lambda: write(data[: len(data) // 2], offset))
        write(data, offset)

    def xSync(self, flags: int) -> None:  # noqa: N802
        self._death.boundary("sqlite sync")
        super().xSync(flags)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        self._death.boundary("sqlite truncate")
        super().xTruncate(newsize)


def run(operation: Operation, folder: Path, at: int | None) -> tuple[int, list[str]]:
    """Runs the operation on a copy in a fork; gives how it ended, and the boundaries if it did not die."""
    name = "count" if at is None else str(at)
    shutil.copytree(folder / "base", folder / name)
    read, told = os.pipe()
    pid = os.fork()
    if not pid:
        status = 1
        try:
            os.close(read)
            death = Death(at)
            files = death.lurk()
            operation.run(folder / name, lambda word: _REAL_WRITE(told, word.encode() + b"\n"))
            if at is None:
                _REAL_WRITE(told, "\n".join(death.kinds).encode())
            status = 0
            del files
        except BaseException:  # noqa: BLE001 - a fork must not go on as its parent would
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(told)
    with os.fdopen(read, "rb") as pipe:
        said = pipe.read()
    (folder / f"{name}.told").write_bytes(said)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), said.decode().splitlines()


def main() -> None:
    operation, folder, step = OPERATIONS[sys.argv[1]], Path(sys.argv[2]), int(sys.argv[3])
    small_chunks()
    operation.prepare(folder / "base")
    status, kinds = run(operation, folder, None)
    if status:
        sys.exit(f"{operation.name} does not come to its end")
    kinds = kinds[next(n for n, word in enumerate(kinds) if not word.startswith("ack ")) :]
    chosen = [k for k, kind in enumerate(kinds, 1) if "sqlite" not in kind or k % step == 0]
    for k in chosen:
        status, _ = run(operation, folder, k)
        if status != DEAD:
            sys.exit(f"{operation.name} ended with {status} at boundary {k} of {len(kinds)}")
    print(*chosen)


if __name__ == "__main__":
    main()

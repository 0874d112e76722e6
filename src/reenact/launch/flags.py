"""Whether the installed version of an agent knows a flag: its own help says so; remembered per program."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

_SECONDS = 10
_FILE = "programs.json"
_MOST = 200


def knows(
    program: Sequence[str], flag: str, variables: Mapping[str, str], *, remembered: Path | None
) -> bool:
    """Tells whether a program's help names a flag; False where it gives none."""
    mark = _mark(program, variables)
    if mark is None:
        return False
    known = _read(remembered)
    key = f"{flag} {mark}"
    if key not in known:
        known[key] = flag in _help(program, variables)
        _write(remembered, known)
    return known[key]


def _mark(program: Sequence[str], variables: Mapping[str, str]) -> str | None:
    """Gives what changes when the program is another one: its files, their sizes and times."""
    told = []
    for word in program:
        path = shutil.which(word, path=variables.get("PATH")) if word == program[0] else word
        try:
            real = os.path.realpath(path or "")
            status = os.stat(real)
        except OSError:
            return None  # not a file: a package that a runner would fetch first
        told.append(f"{real}:{status.st_size}:{status.st_mtime_ns}")
    return " ".join(told)


def _help(program: Sequence[str], variables: Mapping[str, str]) -> str:
    try:
        done = subprocess.run(
            [*program, "--help"],
            env=dict(variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return (done.stdout + done.stderr).decode("utf-8", "replace")


def _read(folder: Path | None) -> dict[str, bool]:
    if folder is not None:
        with contextlib.suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError):
            return msgspec.json.decode((folder / _FILE).read_bytes(), type=dict[str, bool])
    return {}


def _write(folder: Path | None, known: dict[str, bool]) -> None:
    if folder is None:
        return
    newest = dict(list(known.items())[-_MOST:])
    with contextlib.suppress(OSError):
        beside = folder / f"{_FILE}.{os.getpid()}"
        beside.write_bytes(msgspec.json.encode(newest))
        beside.replace(folder / _FILE)

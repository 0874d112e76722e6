"""Peers to compare with, installed for the run into a folder that goes with it, and silent."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

_QUIET = {"DO_NOT_TRACK": "1", "NO_UPDATE_NOTIFIER": "1", "OTEL_SDK_DISABLED": "false", "NO_COLOR": "1"}
_SECONDS = 120


def python_with(folder: Path, *packages: str) -> str | None:
    """Gives a Python that has these packages, or None where they cannot be had."""
    where = folder / "python"
    try:
        venv.create(where, with_pip=True)
        python = str(where / "bin" / "python")
        _run([python, "-m", "pip", "install", "-q", *packages], folder)
    except (OSError, subprocess.SubprocessError):
        return None
    return python


def node_command(folder: Path, package: str, command: str) -> str | None:
    """Gives the path of a command from the Node registry, or None where it cannot be had."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        _run(
            [
                "npm",
                "install",
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
                "--prefix",
                str(folder),
                package,
            ],
            folder,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    found = folder / "node_modules" / ".bin" / command
    return str(found) if found.exists() else None


def apart() -> list[str]:
    """Gives the words that run a command without a network, where this machine lets us."""
    words = ["unshare", "--net"]
    try:
        _run([*words, "true"], Path.cwd())
    except (OSError, subprocess.SubprocessError):
        return []
    return words


def surroundings(home: Path, **more: str) -> dict[str, str]:
    """Gives the environment of a peer: another home, nothing that reports or updates."""
    return {**os.environ, **_QUIET, "HOME": str(home), "TZ": "UTC", **more}


def _run(words: list[str], folder: Path) -> None:
    subprocess.run(
        words, check=True, timeout=_SECONDS, cwd=folder, stdout=sys.stderr, env={**os.environ, **_QUIET}
    )

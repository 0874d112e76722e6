"""What a run is surrounded by: directory, home, date, commit. Replay must know it on both sides."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec
from tzlocal import get_localzone_name

from reenact.clock import to_datetime
from reenact.config import home_directory
from reenact.events.blocks import Repository
from reenact.replay import declare

if TYPE_CHECKING:
    from reenact.clock import Clock
    from reenact.wire.declared import Declared

_GIT_SECONDS = 5
_COMMITS = 10
"""How many of the latest commits a run declares: agents list some in their prompts."""


def declared(variables: Mapping[str, str], clock: Clock, *, cwd: str) -> Declared:
    """Gives what a run that starts now declares about itself."""
    zone = variables.get("TZ") or get_localzone_name()
    declared = declare(
        cwd=cwd,
        home=str(home_directory(variables)),
        temp=variables.get("TMPDIR") or tempfile.gettempdir(),
        dates=(to_datetime(clock.now()).astimezone(ZoneInfo(zone)).date().isoformat(),),
        time_zone=zone,
        user=variables.get("USER"),
    )
    return msgspec.structs.replace(declared, git_heads=_commits(cwd))


def repository_of(cwd: str) -> Repository | None:
    """Gives the state of the git repository around a directory, None where there is none."""
    head = _git(cwd, "rev-parse", "HEAD")
    if head is None:
        return None
    changes = _git(cwd, "status", "--porcelain", "--untracked-files=no")
    return Repository(
        head=head,
        branch=_git(cwd, "rev-parse", "--abbrev-ref", "HEAD"),
        remote=_without_credentials(_git(cwd, "config", "--get", "remote.origin.url")),
        dirty=None if changes is None else bool(changes),
    )


def _commits(cwd: str) -> tuple[str, ...]:
    found = _git(cwd, "log", f"-n{_COMMITS}", "--format=%H")
    return tuple(found.split()) if found else ()


def _git(cwd: str, *words: str) -> str | None:
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(
            ("git", "-C", cwd, *words),
            capture_output=True,
            timeout=_GIT_SECONDS,
            check=False,
            env=environment,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else None


def _without_credentials(remote: str | None) -> str | None:
    if remote is None or "://" not in remote:
        return remote
    scheme, _, rest = remote.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"

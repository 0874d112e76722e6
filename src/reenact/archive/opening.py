"""Opens an archive: where it lies, by which settings, for which environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from reenact import config as configuration
from reenact import samples
from reenact.archive.facade import Archive
from reenact.clock import Clock, SystemClock


def open_archive(
    path: str | os.PathLike[str] | None = None,
    *,
    variables: Mapping[str, str] | None = None,
    clock: Clock | None = None,
) -> Archive:
    """Opens the archive at `path`, else at `$REENACT_HOME`, else in the XDG data folder; creates it.

    Args:
        path: the archive's folder.
        variables: the environment to go by; the process's own where None.
        clock: what tells the time.

    Raises:
        ConfigError: the settings file cannot be used.
        ArchiveError: the folder cannot be used as an archive.
    """
    env = dict(os.environ if variables is None else variables)
    where = Path(path).expanduser().absolute() if path else configuration.archive_path(env)
    settings = configuration.load(configuration.config_path(env))
    return Archive(where, settings=settings, variables=env, clock=clock or SystemClock())


def open_sample(
    path: str | os.PathLike[str] | None = None, *, variables: Mapping[str, str] | None = None
) -> Archive:
    """Opens the bundled sample, in an archive of its own below the archive's folder, fully imported."""
    env = dict(os.environ if variables is None else variables)
    where = Path(path).expanduser().absolute() if path else configuration.archive_path(env)
    home = str(samples.SAMPLES)
    kept = {
        name: value
        for name, value in env.items()
        if not name.startswith(
            ("CLAUDE_", "CODEX_", "COPILOT_", "GEMINI_", "OPENCODE_", "PI_", "QWEN_", "XDG_")
        )
    }
    places = {"HOME": home, "CLAUDE_CONFIG_DIR": f"{home}/claude", "CODEX_HOME": f"{home}/codex"}
    archive = open_archive(where / "sample", variables={**kept, **places})
    archive.catch_up()
    return archive

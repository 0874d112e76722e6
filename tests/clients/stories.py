"""The stories of the tests, and which client plays which."""

from __future__ import annotations

from tests.clients import install, stories_claude, stories_codex
from tests.clients.stage import Story

PLAYED: tuple[tuple[str, Story], ...] = (
    *((install.NEWEST[0], story) for story in stories_claude.NEWEST),
    *((f"claude-{v}", story) for v in ("2.1.50", "2.0.76", "1.0.30") for story in stories_claude.OLDER),
    *((install.NEWEST[1], story) for story in stories_codex.NEWEST),
    *(("codex-0.121.0", story) for story in stories_codex.MIDDLE),
    *(("codex-0.42.0", story) for story in stories_codex.EARLY),
)

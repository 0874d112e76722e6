"""The source as the archive sees it."""

from __future__ import annotations

from reenact.sources.assembled import Assembled
from reenact.sources.codex import discover, live
from reenact.sources.codex.parse import RolloutParser
from reenact.sources.codex.thread import AGENT

SOURCE = Assembled(
    agent=AGENT,
    title="Codex",
    parser_version=3,
    roots=discover.roots,
    transcripts=discover.transcripts,
    problems=discover.problems,
    parser=RolloutParser,
    folders=live.folders,
    signs=lambda environment: live.signs(discover.roots(environment)),
    tells_life=lambda environment: live.tells_life(discover.roots(environment)),
)
"""All we know of Codex CLI."""

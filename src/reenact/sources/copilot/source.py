"""The source as the archive sees it."""

from __future__ import annotations

from reenact.sources.assembled import Assembled
from reenact.sources.copilot import discover, live, usage_rows
from reenact.sources.copilot.parse import CopilotParser
from reenact.sources.copilot.state import AGENT

SOURCE = Assembled(
    agent=AGENT,
    title="Copilot CLI",
    parser_version=1,
    roots=discover.roots,
    transcripts=discover.transcripts,
    problems=discover.problems,
    parser=CopilotParser,
    signs=lambda environment: live.signs(discover.roots(environment)),
    tells_life=lambda environment: live.tells_life(discover.roots(environment)),
    is_rows=lambda _path: False,  # only the usage beside a transcript lies in a database
    open_rows=usage_rows.open_rows,
)
"""All we know of GitHub Copilot CLI."""

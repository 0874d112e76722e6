"""The source as the archive sees it."""

from __future__ import annotations

from reenact.sources.assembled import Assembled, named_only
from reenact.sources.atif import discover, parse

SOURCE = Assembled(
    agent=discover.AGENT,
    title="ATIF",
    parser_version=parse.VERSION,
    roots=named_only(discover.AGENT),
    transcripts=discover.transcripts,
    problems=discover.problems,
    parser=parse.AtifParser,
)
"""All we know of ATIF."""

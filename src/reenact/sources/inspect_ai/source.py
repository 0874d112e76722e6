"""The source as the archive sees it."""

from __future__ import annotations

from reenact.sources.assembled import Assembled
from reenact.sources.inspect_ai import discover, parse, rows

SOURCE = Assembled(
    agent=discover.AGENT,
    title="Inspect",
    parser_version=parse.VERSION,
    roots=discover.roots,
    transcripts=discover.transcripts,
    problems=discover.problems,
    parser=parse.SampleParser,
    is_rows=rows.is_rows,
    open_rows=rows.open_rows,
)
"""All we know of Inspect."""

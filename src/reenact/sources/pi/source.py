"""The source as the archive sees it."""

from __future__ import annotations

from reenact.sources.assembled import Assembled
from reenact.sources.pi import discover, parse
from reenact.sources.pi.tree import AGENT
from reenact.sources.processes import name_of

SOURCE = Assembled(
    agent=AGENT,
    title="Pi",
    parser_version=parse.VERSION,
    roots=discover.roots,
    transcripts=discover.transcripts,
    problems=discover.problems,
    parser=parse.PiParser,
    is_process=lambda program: name_of(program) == "pi" or "/pi-coding-agent/" in program,
)
"""All we know of Pi."""

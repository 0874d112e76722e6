"""The source as the archive sees it."""

from __future__ import annotations

from pathlib import Path

from reenact.sources.assembled import Assembled
from reenact.sources.gemini import discover, parse, retention
from reenact.sources.gemini.chat import AGENT
from reenact.sources.processes import name_of


def _folders(root: str) -> tuple[str, ...]:
    """Gives the folders below a root in which chats come to be."""
    path = Path(root)
    return (str(path / "tmp"),) if path.name == ".gemini" else (root,)


SOURCE = Assembled(
    agent=AGENT,
    title="Gemini CLI",
    parser_version=parse.VERSION,
    roots=discover.roots,
    transcripts=discover.transcripts,
    problems=discover.problems,
    parser=parse.GeminiParser,
    hindsight=parse.Hindsight,
    retention=lambda _environment, transcript: retention.retention(transcript),  # its place tells all
    folders=_folders,
    is_process=lambda program: name_of(program) == "gemini" or "/@google/gemini-cli/" in program,
)
"""All we know of Gemini CLI."""

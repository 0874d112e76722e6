"""Sources: one folder per agent; each knows where its agent's transcripts lie and how to read them.

This room reads nothing itself except the names of files: `ingest` brings the bytes. It refuses to
guess: what it does not understand is kept and counted.
"""

from reenact.sources.assembled import Assembled, named_only
from reenact.sources.protocol import (
    Disposition,
    Draft,
    Environment,
    Hindsight,
    Line,
    Parsed,
    Parser,
    Retention,
    Rewriting,
    Rows,
    Setting,
    Sidecar,
    Source,
    Transcript,
    file_of,
)

__all__ = [
    "Assembled",
    "Disposition",
    "Draft",
    "Environment",
    "Hindsight",
    "Line",
    "Parsed",
    "Parser",
    "Retention",
    "Rewriting",
    "Rows",
    "Setting",
    "Sidecar",
    "Source",
    "Transcript",
    "file_of",
    "named_only",
]

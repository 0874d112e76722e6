"""The source as the archive sees it."""

from __future__ import annotations

from typing import BinaryIO

from reenact.sources.assembled import Assembled
from reenact.sources.opencode import discover, tables, tree
from reenact.sources.opencode.parse import OpencodeParser
from reenact.sources.opencode.state import AGENT
from reenact.sources.processes import name_of
from reenact.sources.protocol import file_of


def _open_rows(path: str) -> BinaryIO:
    """Opens a session as lines: of a database, or of the JSON files of old."""
    file, session = file_of(path)
    return tree.open_rows(path) if session is None else tables.open_rows(file, session)


SOURCE = Assembled(
    agent=AGENT,
    title="OpenCode",
    parser_version=1,
    roots=discover.roots,
    transcripts=discover.transcripts,
    problems=discover.problems,
    parser=OpencodeParser,
    is_rows=lambda _path: True,  # no session of OpenCode is a file of lines
    open_rows=_open_rows,
    is_process=lambda program: name_of(program) == "opencode" or "/opencode-ai/" in program,
)
"""All we know of OpenCode."""

"""OpenCode as a source: discovery, reading and parsing behind the one protocol."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from reenact.sources.opencode import discover, tables, tree
from reenact.sources.opencode.parse import OpencodeParser
from reenact.sources.opencode.state import AGENT
from reenact.sources.protocol import Environment, Parser, Retention, Setting, Source, Transcript, file_of


class OpencodeSource:
    """All we know of OpenCode."""

    agent = AGENT
    title = "OpenCode"
    parser_version = 1

    def roots(self, environment: Environment) -> tuple[str, ...]:
        """Gives the data folders and databases of OpenCode, existing or not."""
        return discover.roots(environment)

    def transcripts(self, root: str) -> Iterator[Transcript]:
        """Yields each session below a root once."""
        return discover.transcripts(root)

    def problems(self, root: str) -> Iterator[tuple[str, str]]:
        """Yields (path, reason) of databases that cannot be read."""
        return discover.problems(root)

    def parser(self, setting: Setting) -> Parser:
        """Gives a parser for one session."""
        return OpencodeParser(setting)

    def retention(self, environment: Environment, transcript: Transcript) -> Retention | None:
        """Gives None: OpenCode deletes no session of its own accord."""
        del environment, transcript
        return None

    def is_rows(self, path: str) -> bool:
        """Gives True: no session of OpenCode is a file of lines."""
        del path
        return True

    def open_rows(self, path: str) -> BinaryIO:
        """Opens a session as lines: of a database, or of the JSON files of old.

        Raises:
            OSError: it cannot be read.
        """
        file, session = file_of(path)
        return tree.open_rows(path) if session is None else tables.open_rows(file, session)


SOURCE: Source = OpencodeSource()
"""OpenCode, ready to be asked."""

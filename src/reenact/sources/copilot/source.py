"""Copilot CLI as a source: discovery and parsing behind the one protocol."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from reenact.sources.copilot import discover, usage_rows
from reenact.sources.copilot.parse import CopilotParser
from reenact.sources.copilot.state import AGENT
from reenact.sources.protocol import Environment, Parser, Retention, Setting, Source, Transcript


class CopilotSource:
    """All we know of GitHub Copilot CLI."""

    agent = AGENT
    title = "Copilot CLI"
    parser_version = 1

    def roots(self, environment: Environment) -> tuple[str, ...]:
        """Gives the homes of Copilot, existing or not."""
        return discover.roots(environment)

    def transcripts(self, root: str) -> Iterator[Transcript]:
        """Yields each session below a root once."""
        return discover.transcripts(root)

    def problems(self, root: str) -> Iterator[tuple[str, str]]:
        """Yields (path, reason) of what looks like a session and cannot be read as one."""
        return discover.problems(root)

    def parser(self, setting: Setting) -> Parser:
        """Gives a parser for one session."""
        return CopilotParser(setting)

    def retention(self, environment: Environment, transcript: Transcript) -> Retention | None:
        """Gives None: Copilot deletes no session of its own accord."""
        del environment, transcript
        return None

    def is_rows(self, path: str) -> bool:
        """Gives False: only the usage beside a transcript lies in a database."""
        del path
        return False

    def open_rows(self, path: str) -> BinaryIO:
        """Opens the usage rows of one session.

        Raises:
            OSError: the database cannot be read.
        """
        return usage_rows.open_rows(path)


SOURCE: Source = CopilotSource()
"""Copilot CLI, ready to be asked."""

"""The source as the archive sees it."""

from __future__ import annotations

from collections.abc import Iterator

from reenact.sources.claude_code import discover, parse, retention
from reenact.sources.claude_code.state import AGENT
from reenact.sources.protocol import Environment, Parser, Retention, Setting, Transcript


class ClaudeCode:
    """All we know of Claude Code."""

    agent = AGENT
    title = "Claude Code"
    parser_version = parse.VERSION

    def roots(self, environment: Environment) -> tuple[str, ...]:
        """Gives the configuration folders of Claude Code, existing or not."""
        return discover.roots(environment)

    def transcripts(self, root: str) -> Iterator[Transcript]:
        """Yields the transcripts below a root."""
        return discover.transcripts(root)

    def problems(self, root: str) -> Iterator[tuple[str, str]]:
        """Yields what below a root cannot be read as a transcript, and why."""
        return discover.problems(root)

    def parser(self, setting: Setting) -> Parser:
        """Gives a reader of one transcript."""
        return parse.ClaudeCodeParser(setting)

    def retention(self, environment: Environment, transcript: Transcript) -> Retention | None:
        """Tells when Claude Code deletes a transcript; its place tells all that is needed."""
        del environment
        return retention.retention(transcript)


SOURCE = ClaudeCode()
"""Claude Code, ready to be asked."""

"""The source as the archive sees it."""

from __future__ import annotations

from collections.abc import Iterator

from reenact.sources.claude_code import discover, live, parse, retention
from reenact.sources.claude_code.state import AGENT
from reenact.sources.life import Sign
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

    def folders(self, root: str) -> tuple[str, ...]:
        """Gives the folders below a root in which something happens while the agent works."""
        return live.folders(root)

    def signs(self, environment: Environment) -> Iterator[Sign]:
        """Yields the sessions that a living process is at work on."""
        return live.signs(self.roots(environment))

    def tells_life(self, environment: Environment) -> bool:
        """Tells whether a session without a sign has no process."""
        return live.tells_life(self.roots(environment))

    def parser(self, setting: Setting) -> Parser:
        """Gives a reader of one transcript."""
        return parse.ClaudeCodeParser(setting)

    def retention(self, environment: Environment, transcript: Transcript) -> Retention | None:
        """Tells when Claude Code deletes a transcript; its place tells all that is needed."""
        del environment
        return retention.retention(transcript)


SOURCE = ClaudeCode()
"""Claude Code, ready to be asked."""

"""Codex as a source: discovery and parsing behind the one protocol."""

from __future__ import annotations

from collections.abc import Iterator

from reenact.sources.codex import discover, live
from reenact.sources.codex.parse import RolloutParser
from reenact.sources.codex.thread import AGENT
from reenact.sources.life import Sign
from reenact.sources.protocol import Environment, Parser, Retention, Setting, Source, Transcript


class CodexSource:
    """All we know of Codex CLI."""

    agent = AGENT
    title = "Codex"
    parser_version = 2

    def roots(self, environment: Environment) -> tuple[str, ...]:
        """Gives the folders where Codex keeps rollouts, existing or not."""
        return discover.roots(environment)

    def transcripts(self, root: str) -> Iterator[Transcript]:
        """Yields each thread below a root once."""
        return discover.transcripts(root)

    def problems(self, root: str) -> Iterator[tuple[str, str]]:
        """Yields (path, reason) of what looks like a rollout and cannot be read as one."""
        return discover.problems(root)

    def folders(self, root: str) -> tuple[str, ...]:
        """Gives the folders below a root in which something happens while the agent works."""
        return live.folders(root)

    def signs(self, environment: Environment) -> Iterator[Sign]:
        """Yields the threads that a living process writes."""
        return live.signs(self.roots(environment))

    def tells_life(self, environment: Environment) -> bool:
        """Tells whether a thread without a sign has no process."""
        return live.tells_life(self.roots(environment))

    def parser(self, setting: Setting) -> Parser:
        """Gives a parser for one rollout."""
        return RolloutParser(setting)

    def retention(self, environment: Environment, transcript: Transcript) -> Retention | None:
        """Gives None: Codex deletes no rollout of its own accord."""
        del environment, transcript
        return None


SOURCE: Source = CodexSource()
"""Codex, ready to be asked."""

"""The source as the archive sees it."""

from __future__ import annotations

from collections.abc import Iterator

from reenact.sources.pi import discover, parse
from reenact.sources.pi.tree import AGENT
from reenact.sources.protocol import Environment, Parser, Retention, Setting, Source, Transcript


class Pi:
    """All we know of Pi."""

    agent = AGENT
    title = "Pi"
    parser_version = parse.VERSION

    def roots(self, environment: Environment) -> tuple[str, ...]:
        """Gives the folders of Pi's sessions, existing or not."""
        return discover.roots(environment)

    def transcripts(self, root: str) -> Iterator[Transcript]:
        """Yields the sessions below a root."""
        return discover.transcripts(root)

    def problems(self, root: str) -> Iterator[tuple[str, str]]:
        """Yields what below a root cannot be read as a session, and why."""
        return discover.problems(root)

    def parser(self, setting: Setting) -> Parser:
        """Gives a reader of one session file."""
        return parse.PiParser(setting)

    def retention(self, environment: Environment, transcript: Transcript) -> Retention | None:
        """Gives None: Pi deletes no session of its own accord."""
        del environment, transcript
        return None


SOURCE: Source = Pi()
"""Pi, ready to be asked."""

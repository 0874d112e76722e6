"""The source as the archive sees it."""

from __future__ import annotations

from collections.abc import Iterator

from reenact.sources.protocol import Environment, Parser, Retention, Setting, Source, Transcript
from reenact.sources.swe_agent import discover, parse


class SweAgent:
    """All we know of SWE-agent."""

    agent = discover.AGENT
    title = "SWE-agent"
    parser_version = parse.VERSION

    def roots(self, environment: Environment) -> tuple[str, ...]:
        """Gives the folders that the settings name; trajectories have no place of their own."""
        return environment.extra_roots.get(self.agent, ())

    def transcripts(self, root: str) -> Iterator[Transcript]:
        """Yields the trajectories below a root."""
        return discover.transcripts(root)

    def problems(self, root: str) -> Iterator[tuple[str, str]]:
        """Yields what below a root cannot be read as a trajectory, and why."""
        return discover.problems(root)

    def parser(self, setting: Setting) -> Parser:
        """Gives a reader of one trajectory."""
        return parse.TrajectoryParser(setting)

    def retention(self, environment: Environment, transcript: Transcript) -> Retention | None:
        """Nobody deletes a trajectory of their own accord."""
        del environment, transcript
        return None


SOURCE: Source = SweAgent()
"""SWE-agent, ready to be asked."""

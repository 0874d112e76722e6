"""The source as the archive sees it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from reenact.sources.gemini import discover, parse, retention
from reenact.sources.gemini.chat import AGENT
from reenact.sources.protocol import Environment, Parser, Retention, Setting, Source, Transcript


class Gemini:
    """All we know of Gemini CLI."""

    agent = AGENT
    title = "Gemini CLI"
    parser_version = parse.VERSION

    def roots(self, environment: Environment) -> tuple[str, ...]:
        """Gives the folders of Gemini CLI, existing or not."""
        return discover.roots(environment)

    def folders(self, root: str) -> tuple[str, ...]:
        """Gives the folders below a root in which chats come to be."""
        path = Path(root)
        return (str(path / "tmp"),) if path.name == ".gemini" else (root,)

    def transcripts(self, root: str) -> Iterator[Transcript]:
        """Yields the chat files below a root."""
        return discover.transcripts(root)

    def problems(self, root: str) -> Iterator[tuple[str, str]]:
        """Yields what below a root cannot be read as a chat, and why."""
        return discover.problems(root)

    def parser(self, setting: Setting) -> Parser:
        """Gives a reader of one chat file."""
        return parse.GeminiParser(setting)

    def retention(self, environment: Environment, transcript: Transcript) -> Retention | None:
        """Tells when Gemini CLI deletes a chat; its place tells all that is needed."""
        del environment
        return retention.retention(transcript)


SOURCE: Source = Gemini()
"""Gemini CLI, ready to be asked."""

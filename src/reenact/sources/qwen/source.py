"""The source as the archive sees it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from reenact.sources.gemini.parse import GeminiParser
from reenact.sources.protocol import Environment, Parser, Retention, Setting, Source, Transcript
from reenact.sources.qwen import discover, parse
from reenact.sources.qwen.state import AGENT


class Qwen:
    """All we know of Qwen Code."""

    agent = AGENT
    title = "Qwen Code"
    parser_version = parse.VERSION

    def roots(self, environment: Environment) -> tuple[str, ...]:
        """Gives the folders of Qwen Code, existing or not."""
        return discover.roots(environment)

    def folders(self, root: str) -> tuple[str, ...]:
        """Gives the folders below a root in which chats come to be."""
        path = Path(root)
        return (str(path / "projects"), str(path / "tmp")) if path.name == ".qwen" else (root,)

    def transcripts(self, root: str) -> Iterator[Transcript]:
        """Yields the chat files below a root."""
        return discover.transcripts(root)

    def problems(self, root: str) -> Iterator[tuple[str, str]]:
        """Yields what below a root cannot be read as a chat, and why."""
        return discover.problems(root)

    def parser(self, setting: Setting) -> Parser:
        """Gives a reader of one chat file; those of the first releases are in Gemini CLI's form."""
        return GeminiParser(setting) if setting.hints.get("form") == "gemini" else parse.QwenParser(setting)

    def retention(self, environment: Environment, transcript: Transcript) -> Retention | None:
        """Gives None: Qwen Code deletes no chat of its own accord."""
        del environment, transcript
        return None


SOURCE: Source = Qwen()
"""Qwen Code, ready to be asked."""

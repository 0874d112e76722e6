"""The source as the archive sees it."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO

from reenact.sources.inspect_ai import discover, parse
from reenact.sources.inspect_ai.log import BadLogError, opened
from reenact.sources.inspect_ai.rows import lines_of
from reenact.sources.members import mapping, text
from reenact.sources.protocol import Environment, Parser, Retention, Setting, Source, Transcript


class InspectAi:
    """All we know of Inspect."""

    agent = discover.AGENT
    title = "Inspect"
    parser_version = parse.VERSION

    def roots(self, environment: Environment) -> tuple[str, ...]:
        """Gives the folders of logs that are named; Inspect keeps them beside whatever is evaluated."""
        return discover.roots(environment)

    def transcripts(self, root: str) -> Iterator[Transcript]:
        """Yields the samples below a root."""
        return discover.transcripts(root)

    def problems(self, root: str) -> Iterator[tuple[str, str]]:
        """Yields the logs below a root that cannot be read, and why."""
        return discover.problems(root)

    def parser(self, setting: Setting) -> Parser:
        """Gives a reader of one sample."""
        return parse.SampleParser(setting)

    def retention(self, environment: Environment, transcript: Transcript) -> Retention | None:
        """Inspect deletes nothing of its own accord."""
        del environment, transcript
        return None

    def is_rows(self, path: str) -> bool:
        """Tells whether a path names a sample in a log."""
        return ".eval#" in path

    def open_rows(self, path: str) -> BinaryIO:
        """Opens the lines of a sample.

        Raises:
            OSError: the log cannot be read, or holds no such sample.
        """
        file, _, key = path.rpartition("#")
        with opened(file) as log:
            head = log.head()
            evaluation = mapping(head, "eval")
            name = text(evaluation, "eval_id") or text(evaluation, "run_id") or ""
            for member in log.samples():
                if discover.key_of(name, member.filename) == key:
                    return BytesIO(b"".join(lines_of(head, log.read(member))))
        raise BadLogError(f"it holds no sample {key}")


SOURCE: Source = InspectAi()
"""Inspect, ready to be asked."""

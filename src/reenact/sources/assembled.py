"""A source put together from the functions of its folder: most agents need nothing else.

What an agent does not do has a default here. One that keeps its own class satisfies the same protocol.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

from reenact.sources.life import Sign
from reenact.sources.protocol import Environment, Hindsight, Parser, Retention, Setting, Transcript


def named_only(agent: str) -> Callable[[Environment], tuple[str, ...]]:
    """Gives the `roots` of what lies nowhere in particular: the folders that the settings name."""
    return lambda environment: environment.extra_roots.get(agent, ())


def _never(environment: Environment, transcript: Transcript) -> Retention | None:
    del environment, transcript
    return None


def _all_of_it(root: str) -> tuple[str, ...]:
    return (root,)


class Assembled:
    """A source, what to watch of its roots, and what it offers besides.

    The members are those of `Source` and `Watched`; then those of `Alive`, `Rows`, `Rewriting` and
    `Recognised`, which are there where they were given: so `isinstance` tells what a source offers.
    """

    signs: Callable[[Environment], Iterator[Sign]]
    tells_life: Callable[[Environment], bool]
    is_rows: Callable[[str], bool]
    open_rows: Callable[[str], BinaryIO]
    hindsight: Callable[[], Hindsight]
    is_process: Callable[[str], bool]

    def __init__(
        self,
        *,
        agent: str,
        title: str,
        parser_version: int,
        roots: Callable[[Environment], tuple[str, ...]],
        transcripts: Callable[[str], Iterator[Transcript]],
        problems: Callable[[str], Iterator[tuple[str, str]]],
        parser: Callable[[Setting], Parser],
        retention: Callable[[Environment, Transcript], Retention | None] = _never,
        folders: Callable[[str], tuple[str, ...]] = _all_of_it,
        signs: Callable[[Environment], Iterator[Sign]] | None = None,
        tells_life: Callable[[Environment], bool] | None = None,
        is_rows: Callable[[str], bool] | None = None,
        open_rows: Callable[[str], BinaryIO] | None = None,
        hindsight: Callable[[], Hindsight] | None = None,
        is_process: Callable[[str], bool] | None = None,
    ) -> None:
        self.agent = agent
        self.title = title
        self.parser_version = parser_version
        self.roots = roots
        self.transcripts = transcripts
        self.problems = problems
        self.parser = parser
        self.retention = retention
        self.folders = folders
        if signs is not None and tells_life is not None:
            self.signs, self.tells_life = signs, tells_life
        if is_rows is not None and open_rows is not None:
            self.is_rows, self.open_rows = is_rows, open_rows
        if hindsight is not None:
            self.hindsight = hindsight
        if is_process is not None:
            self.is_process = is_process

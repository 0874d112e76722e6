"""A source put together from the functions of its folder: most agents need nothing else.

What an agent does not do has a default here. One that keeps its own class satisfies the same protocol.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

import msgspec

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


class Assembled(msgspec.Struct, frozen=True, kw_only=True):
    """A source, and what to watch of its roots. The members are those of `Source` and `Watched`."""

    agent: str
    title: str
    parser_version: int
    roots: Callable[[Environment], tuple[str, ...]]
    transcripts: Callable[[str], Iterator[Transcript]]
    problems: Callable[[str], Iterator[tuple[str, str]]]
    parser: Callable[[Setting], Parser]
    retention: Callable[[Environment, Transcript], Retention | None] = _never
    """By default: the agent deletes nothing of its own accord."""
    folders: Callable[[str], tuple[str, ...]] = _all_of_it


class AssembledAlive(Assembled, frozen=True, kw_only=True):
    """A source whose agent tells what it is at (`Alive`)."""

    signs: Callable[[Environment], Iterator[Sign]]
    tells_life: Callable[[Environment], bool]


class AssembledRows(Assembled, frozen=True, kw_only=True):
    """A source that reads a database, or many files, as lines (`Rows`)."""

    is_rows: Callable[[str], bool]
    open_rows: Callable[[str], BinaryIO]


class AssembledRewriting(Assembled, frozen=True, kw_only=True):
    """A source whose agent puts right in a later state what an earlier one tells (`Rewriting`)."""

    hindsight: Callable[[], Hindsight]

"""What every source offers and what passes between a source and the archive.

A source is all we know of one agent. Its `discover` looks for transcripts, its `parse` is pure: it
turns lines into drafts and never touches the world. Law: the drafts of a prefix of a transcript's
lines are a prefix of the drafts of all its lines.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import BinaryIO, Literal, Protocol, runtime_checkable

import msgspec

from reenact.events import AnyBody, Completeness, Header, SourceKind

Disposition = Literal["events", "joined", "metadata", "repeat", "warning", "held"]
"""What became of one source line: it made events; it joined another line's event; it is metadata
without an event of its own; it repeats a line; it is a counted warning; it is an unfinished last
line, held until it ends."""


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """The part of the user's environment that tells where agents keep their transcripts."""

    home: str
    variables: Mapping[str, str] = {}
    extra_roots: Mapping[str, tuple[str, ...]] = {}
    """Agent → further roots, from the configuration file."""

    def expanded(self, path: str) -> str:
        """Gives a path in which `~` is the user's home."""
        return (
            os.path.join(self.home, path[2:]) if path.startswith("~/") else self.home if path == "~" else path
        )


class Sidecar(msgspec.Struct, frozen=True, kw_only=True):
    """A small file that belongs to a transcript (its meta data, a spilled tool output)."""

    name: str
    """Stable within the transcript and safe to show; never a path outside of it."""
    path: str
    mark: str = ""
    """Not empty for rows of a database (see `Rows`): changes whenever they do."""


class Transcript(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One native log as it lies on disk now. `key` identifies it for its agent, wherever it lies.

    With the encoding `rows` it is a part of a database (its `path` is `<file>#<key>`) or many files; its
    source offers `Rows`, and `size`, `mtime_ns` and `inode` together change whenever it does.
    """

    agent: str
    key: str
    path: str
    encoding: Literal["plain", "zstd", "rows"] = "plain"
    layout: Literal["lines", "document"] = "lines"
    """`document`: one JSON value for the whole file."""
    hints: Mapping[str, str] = {}
    """What the place tells and the content may not: file name, owning session, archived …"""
    sidecars: tuple[Sidecar, ...] = ()
    size: int = 0
    mtime_ns: int = 0
    inode: int = 0


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a transcript (or its whole text where the layout is `document`).

    `data` has no line end. An oversized line (over 32 MB) brings only its first 4 KB and its true
    `length`. An unterminated line is the last one of a file without a final line end.
    """

    number: int
    offset: int
    length: int
    data: bytes
    terminated: bool = True
    oversized: bool = False


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """What a parser is told about the transcript before its first line."""

    agent: str
    key: str
    hints: Mapping[str, str] = {}
    sidecars: Mapping[str, bytes] = {}


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """An event to be: everything but its number and its time of recording.

    `record` is unique within the session and comes from the source record's own identity (its id,
    or a hash of its content and the count of equals before it), never from its place in the file.
    `loop`, `turn` and `parent` are as in the envelope (`parent` names a `record` of this session).
    """

    session: str
    record: str
    body: AnyBody
    ts: int | None = None
    loop: str | None = None
    turn: str | None = None
    lane: str | None = None
    parent: str | None = None
    completeness: Completeness = "full"
    source_kind: SourceKind = "provider_file"


class Parsed(msgspec.Struct, frozen=True, kw_only=True):
    """What one line became.

    A header is given before its session's first draft and again when more is known of it (the later
    one wins, field by field, where it is not None).
    """

    disposition: Disposition
    drafts: tuple[Draft, ...] = ()
    headers: tuple[Header, ...] = ()
    unknown: tuple[str, ...] = ()
    """Names of row types, fields or versions that this parser does not know (format drift)."""
    agent_version: str | None = None


class Parser(Protocol):
    """Reads one transcript from its first line on; keeps what it must remember between lines."""

    def feed(self, line: Line) -> Parsed: ...


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """When an agent deletes a transcript of its own accord."""

    path: str
    deletes_at: int
    """UTC microseconds."""
    setting: str
    """Where that is set, for people."""


class Source(Protocol):
    """All we know of one agent. `Assembled` makes one of functions; any object with these members is one."""

    @property
    def agent(self) -> str: ...

    @property
    def title(self) -> str:
        """The agent's name for people."""
        ...

    @property
    def parser_version(self) -> int:
        """Raised with every change that makes other drafts of the same bytes."""
        ...

    def roots(self, environment: Environment, /) -> tuple[str, ...]:
        """Gives the folders where this agent keeps transcripts, existing or not."""
        ...

    def transcripts(self, root: str, /) -> Iterator[Transcript]:
        """Yields the transcripts below a root.

        A root is a folder as `roots` gives it, any folder that mirrors one, or a single file. Nothing
        found there makes this raise: what cannot be looked at is passed over, and `problems` names it.
        """
        ...

    def problems(self, root: str, /) -> Iterator[tuple[str, str]]:
        """Yields (path, reason) of what below a root cannot be read as a transcript."""
        ...

    def parser(self, setting: Setting, /) -> Parser: ...

    def retention(self, environment: Environment, transcript: Transcript, /) -> Retention | None: ...


@runtime_checkable
class Rows(Protocol):
    """What a source offers besides where its agent keeps transcripts in a database.

    A database is never copied (it holds credentials): what is kept of it are JSON lines of named
    columns, in an order that new rows only add to. Transcripts of many little files are read so, too.
    """

    def is_rows(self, path: str, /) -> bool:
        """Tells whether the path of a transcript of this agent names rows, and no file of lines."""
        ...

    def open_rows(self, path: str, /) -> BinaryIO:
        """Opens the lines of a transcript or a sidecar by its path, read-only and up to date.

        Raises:
            OSError: the database cannot be read.
        """
        ...


class Hindsight(Protocol):
    """What the states of one document, kept one after the other, tell of each other."""

    def learn(self, line: Line) -> None:
        """Takes a state; all of them are taken before any is read."""
        ...

    def parser(self, setting: Setting) -> Parser:
        """Gives a reader of any of the states."""
        ...


@runtime_checkable
class Rewriting(Protocol):
    """What a source offers besides whose agent puts right in a later state what an earlier one tells."""

    def hindsight(self) -> Hindsight: ...


def file_of(path: str) -> tuple[str, str | None]:
    """Parts the path of a transcript into its file and, where it is a part of a database, its key."""
    file, mark, key = path.rpartition("#")
    return (
        (file, key) if mark and "/" not in key and (".db" in file or file.endswith(".eval")) else (path, None)
    )

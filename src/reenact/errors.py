"""The exception tree: one class per cause, each builds its message from named parts.

A defect in someone's data is not an exception but a `parse.warning` event. What is raised here
means that a call cannot do what it promised. Every error has a message (what happened, where)
and may have a hint (what to do next); the command line prints both.
"""

from __future__ import annotations

from collections.abc import Mapping


class ReenactError(Exception):
    """Any error that reenact raises on purpose."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(ReenactError):
    """The call's own words are wrong (exit code 2)."""

    exit_code = 2


class QuerySyntaxError(UsageError):
    """A query cannot be read; `column` counts its characters from 1."""

    def __init__(self, query: str, column: int, problem: str, expected: str) -> None:
        message = f"query {query!r}, column {column}: {problem}; expected {expected}"
        super().__init__(message, hint=_pointed(query, column))
        self.query = query
        self.column = column
        self.problem = problem
        self.expected = expected


def _pointed(query: str, column: int) -> str:
    """Gives the query with a mark before the place."""
    before, after = query[: column - 1][-30:], query[column - 1 :][:30]
    return "".join(f"{before}▸{after}".splitlines())


class NotFoundError(ReenactError):
    """The named session, event or query found nothing (exit code 4)."""

    exit_code = 4


class SessionNotFoundError(NotFoundError):
    """No session goes by this name."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"no session is called {name!r}",
            hint="`reenact list` shows the sessions; `last` names the latest",
        )
        self.name = name


class AmbiguousSessionError(UsageError):
    """A name fits more than one session: `candidates` has their ids, each with its native one."""

    def __init__(self, name: str, candidates: Mapping[str, str]) -> None:
        texts = [_fitting(name, own, native) for own, native in candidates.items()]
        shown = ", ".join(texts[:5]) + (", …" if len(texts) > 5 else "")
        super().__init__(f"{name!r} fits more than one session: {shown}", hint="give more of the id")
        self.name = name
        self.candidates = dict(candidates)


def _fitting(name: str, own: str, native: str) -> str:
    """Gives the id that a name fits; behind a native one that differs, our own."""
    return f"{native} ({own})" if native != own and native.startswith(name) else own


class SessionExistsError(UsageError):
    """A new session was to go by the id of one that is there."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"there is a session called {name!r} already", hint="leave the id out, or give another"
        )
        self.name = name


class SessionClosedError(ReenactError):
    """A closed session was to be changed."""

    def __init__(self, name: str) -> None:
        super().__init__(f"session {name} is closed", hint="`reopen()` goes on where it was")
        self.name = name


class UnpairedError(UsageError):
    """A cut would part a tool call from its result."""

    def __init__(self, session: str, calls: tuple[str, ...]) -> None:
        told = ", ".join(calls[:3]) + (", …" if len(calls) > 3 else "")
        super().__init__(
            f"session {session}: the cut lies between a tool call and its result ({told})",
            hint='on_unpaired="include" takes both in, on_unpaired="drop" leaves both out',
        )
        self.session = session
        self.calls = calls


class ArchiveError(ReenactError):
    """The archive cannot be used as asked."""


class ArchiveTooNewError(ArchiveError):
    """The archive was written by a newer reenact."""

    def __init__(self, path: str, found: int, known: int) -> None:
        super().__init__(
            f"the archive at {path} has format {found}; this version writes format {known}",
            hint="reading works; to write, install a newer reenact",
        )
        self.path = path
        self.found = found
        self.known = known


class ReadOnlyArchiveError(ArchiveError):
    """A write was asked of an archive that can only be read."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(
            f"the archive at {path} cannot be written: {reason}", hint="reading verbs still work"
        )
        self.path = path
        self.reason = reason


class ArchiveBusyError(ArchiveError):
    """Another process holds the archive's writer lock."""

    def __init__(self, path: str, holder: str) -> None:
        super().__init__(f"another process is writing to {path} ({holder})", hint="try again when it is done")
        self.path = path
        self.holder = holder


class SessionBusyError(ArchiveError):
    """Another process, or another holder in this one, writes to a session."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"session {name} is open elsewhere",
            hint="`read` shows it, `fork` goes on from it; once closed there, it can be opened here",
        )
        self.name = name


class CorruptRecordError(ReenactError):
    """A stored record does not read back as it was written."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"{where}: {reason}", hint="`reenact verify` lists every damaged record")
        self.where = where
        self.reason = reason


class FormatTooNewError(CorruptRecordError):
    """A record carries a format version from the future."""


class ConfigError(UsageError):
    """The configuration file cannot be used."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}", hint="fix or remove the file")
        self.path = path
        self.reason = reason

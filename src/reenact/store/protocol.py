"""What a store offers. Two truths (recorded segments, kept originals) and one cache (all derived).

Every implementation passes the contract class in `tests/store/contract.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import BinaryIO, Protocol

from reenact.events import Event, Header
from reenact.query import Query
from reenact.store.totals import Spans
from reenact.store.values import (
    Annotation,
    Arrival,
    Damage,
    Derived,
    Drift,
    Entry,
    Feed,
    Filter,
    Found,
    Hit,
    Kept,
    Original,
    OriginalKey,
    Place,
    Removal,
    Rollup,
    SessionRow,
    Settled,
    Size,
    Total,
    Warned,
)


class Deriving(Protocol):
    """One transcript's events on their way into the cache; all of them become visible at once."""

    resumes: bool
    """True where only the events behind those held are given, as `derive` was asked with `since`."""

    def header(self, header: Header) -> None:
        """Tells who a session of this transcript is; a later header completes an earlier one."""
        ...

    def add(self, event: Event) -> None:
        """Adds the next event of its session (`seq` contiguous from 1 within the session).

        Every event of the transcript is given, also those that the cache already holds (unless this
        resumes): those are only summed up again, not stored again.
        """
        ...

    def removed(self, session: str, count: int) -> None:
        """Tells how many of a session's events the newest generation of the transcript no longer holds."""
        ...

    def count(self, dispositions: Mapping[str, int], *, unknown: Mapping[tuple[str, str], int]) -> None:
        """Tells what became of the transcript's lines, and (row type, agent version) → how many unknown."""
        ...


class Writer(Protocol):
    """The one writer of a recorded session."""

    @property
    def last(self) -> int:
        """Seq of the last event of the session; 0 before the first."""
        ...

    def append(self, *events: Event, encoded: Sequence[bytes] | None = None) -> None:
        """Writes events with one `write`; they survive the death of this process from here on.

        Args:
            events: the next events of the session.
            encoded: what `events.encode` gave for them, where the caller knows it already.
        """
        ...

    def sync(self) -> None:
        """Makes all appended events survive the death of the machine."""
        ...

    def close(self) -> None: ...


class Tail(Protocol):
    """Follows one recorded session as it is written; not shared between threads, but used in any."""

    @property
    def last(self) -> int:
        """Seq of the last event that was given, or of the one behind which it began."""
        ...

    def read(self) -> Iterator[Event]:
        """Yields the events behind those it gave; what comes later is given by the next call."""
        ...


class Store(Protocol):
    """Keeps sessions and finds them again."""

    # -- originals: truth of imports ------------------------------------------------------------

    def keep(
        self,
        key: OriginalKey,
        content: BinaryIO,
        *,
        place: Place,
        sidecars: Mapping[str, bytes] | None = None,
    ) -> Kept:
        """Keeps a transcript's (decompressed) bytes and its sidecars.

        Content that extends a generation extends it; content that is a generation, or the beginning
        of one, adds nothing; anything else opens the next generation. Nothing is ever removed. Safe
        to be killed at any point and to be repeated. Empty content without sidecars keeps nothing:
        there is no original then.
        """
        ...

    def place(self, path: str) -> Place | None:
        """Gives how a source file looked when it was last kept whole, for a cheap 'unchanged'."""
        ...

    def settled(self) -> Mapping[str, Settled]:
        """Gives, by path, the places from which all was kept and derived, as far as that is known cheaply."""
        ...

    def original(self, original: str) -> Original | None: ...

    def originals(self) -> Iterator[Original]: ...

    def open_original(self, original: str, generation: int) -> BinaryIO:
        """Opens the kept bytes of one generation, decompressed, as a buffered seekable-from-start stream."""
        ...

    def sidecars(self, original: str) -> Mapping[str, bytes]:
        """Gives the newest kept content of each sidecar of a transcript."""
        ...

    # -- derived: the cache ---------------------------------------------------------------------

    def derived(self, original: str) -> Derived | None:
        """Tells from which bytes and by which parser the cached events of an original were made."""
        ...

    def derive(
        self, original: str, made_from: Derived, *, fresh: bool, since: Derived | None = None
    ) -> AbstractContextManager[Deriving]:
        """Opens one transaction that derives an original's events.

        With `fresh` the cached events are replaced, else the new ones are added behind those held
        (the law of prefixes makes the two the same). With `since`, and where the events held were made
        from that and the store can, it resumes: only what follows is given, the header first for each
        session. An exception inside rolls everything back.
        """
        ...

    # -- recorded: truth of live sessions -------------------------------------------------------

    def writer(self, header: Header) -> Writer:
        """Opens the segment of a recorded session for appending, after recovering a torn tail.

        Raises:
            ArchiveBusyError: another process is writing to this session.
        """
        ...

    def seal(self, *, idle_before: int) -> int:
        """Packs live segments of ended sessions, and of those idle since; gives how many."""
        ...

    def put_blob(self, data: bytes) -> str:
        """Keeps bytes once; gives their tagged hash."""
        ...

    def blob(self, name: str, *, most: int | None = None) -> bytes | None:
        """Gives a blob, or None where there is none, or where it has more than `most` bytes."""
        ...

    # -- reading --------------------------------------------------------------------------------

    def catch_up(self) -> None:
        """Brings the index up to recorded segments, tombstones and prices as they are now."""
        ...

    def sessions(self, filter: Filter) -> list[SessionRow]:  # noqa: A002 - the field's word
        """Gives the sessions that fit, latest activity first."""
        ...

    def count(self, filter: Filter) -> int:  # noqa: A002
        """Gives how many sessions fit, whatever the filter's limit and offset."""
        ...

    def resolve(self, name: str) -> str:
        """Gives the session that an id, a native id, a unique prefix of either, or `last` names.

        Raises:
            SessionNotFoundError: there is none.
            AmbiguousSessionError: there are several.
        """
        ...

    def events(self, session: str, *, start: int = 1, stop: int | None = None) -> Iterator[Event]:
        """Yields a session's events with `start` <= seq < `stop`, in order."""
        ...

    def tail(self, session: str, *, after: int = 0) -> Tail:
        """Gives what follows a recorded session behind an event, whoever writes it; needs no catch-up."""
        ...

    def entries(self, filter: Filter) -> Iterator[Entry]:  # noqa: A002
        """Yields the ledger: every model response once, at the session that owns it."""
        ...

    def rollups(self, filter: Filter) -> list[Rollup]:  # noqa: A002
        """Gives the ledger's sums by session, model and quarter of an hour.

        `since` and `until` choose whole quarters: those that lie in the time, at least in part.
        """
        ...

    def totals(self, filter: Filter, *, spans: Spans | None = None) -> list[Total] | None:  # noqa: A002
        """Gives the ledger's sums by main session, project and model, parted by spans of time if asked.

        `spans` gives the spans that cover the time between the beginnings of the first and the last
        quarter of an hour. None where sums of quarters cannot answer: the filter cuts one or has a
        limit, `spans` gives None, or some response claims to be older than 1970.
        """
        ...

    def feed(self) -> Feed:
        """Gives how far the order has come in which the index learned of events."""
        ...

    def arrivals(self, after: int) -> list[Arrival]:
        """Gives which events came to be known behind a number of that order, whoever imported them."""
        ...

    def version(self) -> int:
        """Gives a number that changes when the index changes, by whomever; asking costs next to nothing."""
        ...

    def find_event(self, event: str, *, session: str | None = None) -> Found | None:
        """Tells where an event is, in one session or in any."""
        ...

    def limits(self, *, since: int | None = None) -> list[tuple[str, Event]]:
        """Gives (agent, event) for what sessions active since then told last of each limit."""
        ...

    def drift(self) -> list[Drift]:
        """Gives row types and fields that the parsers did not know, with where they were first seen."""
        ...

    def warnings(self, *, limit: int = 100) -> list[Warned]: ...

    def dispositions(self, original: str) -> Mapping[str, int]:
        """Gives what became of an original's lines: disposition → count."""
        ...

    @property
    def read_only(self) -> str | None:
        """Tells why nothing can be kept here; None where it can."""
        ...

    def annotate(
        self,
        session: str,
        *,
        text: str | None = None,
        target: str | None = None,
        add: Sequence[str] = (),
        remove: Sequence[str] = (),
    ) -> None:
        """Notes something of a session for good, whoever writes or wrote it: a text, tags, or both."""
        ...

    def annotations(self, session: str) -> tuple[Annotation, ...]:
        """Gives what was noted of a session beside its own events, in order."""
        ...

    def derived_by(self) -> str | None:
        """Gives the parsers that all kept transcripts were last derived with; None in a new cache."""
        ...

    def note_derived_by(self, parsers: str) -> None:
        """Notes that nothing kept is left to be derived by these parsers."""
        ...

    def project_of(self, cwd: str) -> str | None:
        """Gives the project root remembered for a working directory."""
        ...

    def remember_project(self, cwd: str, root: str) -> None:
        """Remembers it for good (directories vanish; answers stay)."""
        ...

    # -- searching ------------------------------------------------------------------------------

    def index_text(
        self, *, seconds: float | None = None, tell: Callable[[int, int], None] | None = None
    ) -> bool:
        """Brings the text index up to the events; gives whether nothing is left to do.

        Stops when the `seconds` are over; `tell` is told how many sessions are done, of how many.
        """
        ...

    def search(
        self, query: Query, *, limit: int = 20, rank: bool = False, before: str | None = None
    ) -> list[Hit]:
        """Gives the events that fit, as far as the text index has them: the newest first.

        With `rank` the best of the newest few thousand come first. `before` is the cursor of a hit
        behind which to go on.

        Raises:
            UsageError: the query holds patterns, or the cursor is none.
        """
        ...

    def values(self, field: str) -> dict[str, int]:
        """Gives how many sessions have each value of a field, as far as the text index has them.

        Fields whose values are found word by word (`file`, `command`) give nothing.
        """
        ...

    def scan(self, query: Query, *, limit: int = 20) -> Iterator[Hit]:
        """Yields the events that fit by reading every event whole: sessions of the latest activity first."""
        ...

    # -- care -----------------------------------------------------------------------------------

    def verify(self) -> Iterator[Damage]:
        """Reads every stored byte and yields what does not check out."""
        ...

    def clear_cache(self) -> None:
        """Deletes everything derived; the next catch-up and derivations build it again."""
        ...

    def remove(self, sessions: Iterable[str], *, with_forks: bool = False) -> Removal:
        """Removes sessions with their sub-agents for good; tombstones keep imports from bringing them back.

        An original goes with the last of its sessions, and then has a tombstone too.

        Raises:
            ArchiveBusyError: one is being recorded.
            ArchiveError: a session has forks that share its past, and `with_forks` (which removes them
                too) is False.
            SessionNotFoundError: there is no such session.
        """
        ...

    def is_removed(self, session: str) -> bool:
        """Tells whether a session or an original, by its id, has a tombstone."""
        ...

    def removed(self) -> Collection[str]:
        """Gives the ids of sessions and originals that have a tombstone."""
        ...

    def readmit(self, sessions: Iterable[str]) -> int:
        """Lifts the tombstones of sessions and of the originals they came from; gives how many sessions."""
        ...

    def gc(self) -> int:
        """Frees what nothing refers to and packs what is loose; gives the bytes freed."""
        ...

    def sizes(self) -> list[Size]:
        """Gives what the archive's parts take on disk."""
        ...

    def sync(self) -> None:
        """Makes all that was kept survive the death of the machine; `close` does it too."""
        ...

    def close(self) -> None: ...

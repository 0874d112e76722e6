"""Imports what is there: newest first, only what changed, safe to be killed and to be repeated."""

from __future__ import annotations

import fnmatch
import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path

import msgspec

from reenact import ids
from reenact.errors import ReenactError
from reenact.events.bodies import SessionStarted
from reenact.ingest import content, parallel
from reenact.ingest.derive import Warm, derive
from reenact.ingest.find import Found, Problem
from reenact.ingest.lines import cut
from reenact.ingest.projects import root_of
from reenact.ingest.unchanged import Unchanged
from reenact.ingest.worker import Order
from reenact.sources import Setting
from reenact.store import LocalStore, OriginalKey, Store
from reenact.store.outwork import Parcel

HUGE = 10 * 1024**3
FIRST_PART = 2 * 1024**3
_PEEK_LINES = 50
_MANY = 16
"""Transcripts from which on it pays to ask the store for all that it knows."""


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far an import is, in source bytes and transcripts."""

    done_bytes: int
    total_bytes: int
    done: int
    total: int
    path: str


class AgentReport(msgspec.Struct, kw_only=True):
    """What an import did for one agent. The one mutable value here: it counts while work goes on."""

    agent: str
    found: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    skipped: int = 0
    events: int = 0
    warnings: int = 0
    errors: int = 0


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What an import did, agent by agent, and what it could not or was not to do."""

    agents: tuple[AgentReport, ...]
    problems: tuple[Problem, ...] = ()
    left_out: int = 0
    """Transcripts not imported because the whole is huge and nobody said `all`."""
    left_out_bytes: int = 0
    postponed: tuple[Found, ...] = ()
    """Transcripts that the time given did not suffice for."""


class Backfill:
    """One import over a list of transcripts."""

    def __init__(
        self,
        store: Store,
        *,
        never: Sequence[str] = (),
        again: bool = False,
        progress: Callable[[Progress], None] | None = None,
        is_over: Callable[[], bool] = lambda: False,
        workers: int | None = None,
        warm: Warm | None = None,
    ) -> None:
        self._store = store
        self._workers = workers
        self._warm = warm
        self._is_over = is_over
        self._never = tuple(os.path.expanduser(pattern) for pattern in never)
        self._again = again
        self._progress = progress
        self._agents: dict[str, AgentReport] = {}
        self._problems: list[Problem] = []

    def run(self, found: Sequence[Found], *, agents: Iterable[str] = ()) -> Report:
        """Imports these transcripts in the order given; a transcript that fails does not stop the rest."""
        for agent in agents:
            self._agent(agent)
        left = self._changed(found)
        with parallel.ahead(self._store, left, self._order, workers=self._workers) as ahead:
            postponed = self._all(left, ahead)
        return Report(
            agents=tuple(self._agents.values()), problems=tuple(self._problems), postponed=postponed
        )

    def _changed(self, found: Sequence[Found]) -> Sequence[Found]:
        """Gives the transcripts that may have changed; the others are counted and done with.

        One question to the store for all of them: asking for each costs more than looking at its file.
        """
        if len(found) < _MANY:
            return found
        unchanged = Unchanged(self._store)
        left = []
        for item in found:
            if unchanged.holds(item):
                report = self._agent(item.source.agent)
                report.found += 1
                report.unchanged += 1
            else:
                left.append(item)
        return left

    def _all(self, found: Sequence[Found], ahead: parallel.Ahead | None) -> tuple[Found, ...]:
        """Imports transcripts; gives those that the time did not suffice for."""
        total = sum(item.transcript.size for item in found)
        done = 0
        postponed: tuple[Found, ...] = ()
        for number, item in enumerate(found):
            if number and self._is_over():
                postponed = tuple(found[number:])
                break
            self._tell(done, total, number, len(found), item.transcript.path)
            self._agent(item.source.agent).found += 1
            try:
                parcel = ahead.take(item) if ahead else None
                if parcel is None:
                    self._one(item)
                else:
                    self._take_over(item, parcel)
            except OSError as error:
                self._fail(item, error.strerror or str(error))
            except ReenactError:
                raise
            except Exception as error:  # noqa: BLE001 - a source is a plug-in: its defect stops one transcript
                self._fail(item, f"the {item.source.agent} source failed: {type(error).__name__}: {error}")
            done += item.transcript.size
        self._tell(done, total, len(found) - len(postponed), len(found), "")
        return postponed

    def _order(self, item: Found) -> Order | None:
        """Gives the order by which a worker does a transcript; None where it has to be done here."""
        key = self._key(item)
        try:
            place = content.place_of(item.transcript)
            is_fresh = (
                parallel.may_go_out(item)
                and not self._store.is_removed(key.id)
                and self._store.place(place.path) is None
                and self._store.original(key.id) is None
                and content.holds_rows(item.transcript, item.source)
                and not self._is_never(item)
            )
        except Exception:  # noqa: BLE001 - whatever is wrong with it is met again, and told, when its turn comes
            return None
        if not is_fresh or not isinstance(self._store, LocalStore):
            return None
        _, _, now = self._store.workplace()
        return Order(now=now, key=key, place=place, transcript=item.transcript)

    def _take_over(self, item: Found, parcel: Parcel) -> None:
        """Takes over what a worker made of a new transcript."""
        assert isinstance(self._store, LocalStore)
        report, events, warnings = self._agent(item.source.agent), parcel.events, parcel.warnings
        if not self._store.take_over(parcel):
            original = self._store.original(parcel.kept.original)
            if original is None:
                self._one(item)
                return
            outcome = derive(self._store, item.source, original)
            events, warnings = outcome.events, outcome.warnings
        report.events += events
        report.warnings += warnings
        if parcel.kept.change == "new":
            report.new += 1
        else:
            report.changed += 1

    def _one(self, item: Found) -> None:
        report = self._agent(item.source.agent)
        place = content.place_of(item.transcript)
        key = self._key(item)
        if self._store.is_removed(key.id):
            if not self._again:
                report.skipped += 1
                return
            self._store.readmit([key.id])
        change = "unchanged"
        if self._store.place(place.path) != place or self._store.original(key.id) is None:
            if self._is_never(item):
                report.skipped += 1
                return
            if self._store.original(key.id) is None and not content.holds_rows(item.transcript, item.source):
                self._problems.append(
                    Problem(agent=item.source.agent, path=place.path, reason="it does not hold JSON lines")
                )
                report.skipped += 1
                return
            with closing(content.open_content(item.transcript, item.source)) as stream:
                sidecars = content.read_sidecars(item.transcript.sidecars, item.source)
                kept = self._store.keep(key, stream, place=place, sidecars=sidecars)
            change = kept.change
        original = self._store.original(key.id)
        if original is None:  # an empty file holds nothing to keep
            report.unchanged += 1
            return
        outcome = derive(self._store, item.source, original, warm=self._warm)
        report.events += outcome.events
        report.warnings += outcome.warnings
        if change == "new":
            report.new += 1
        elif change == "unchanged" and outcome.skipped:
            report.unchanged += 1
        else:
            report.changed += 1

    @staticmethod
    def _key(item: Found) -> OriginalKey:
        transcript = item.transcript
        return OriginalKey(
            id=ids.original_id(transcript.agent, transcript.key),
            agent=transcript.agent,
            key=transcript.key,
            layout=transcript.layout,
            hints=transcript.hints,
        )

    def _is_never(self, item: Found) -> bool:
        if not self._never:
            return False
        cwd = _working_directory(item)
        if cwd is None:
            return False
        names = {cwd, root_of(cwd) or cwd}
        return any(
            fnmatch.fnmatch(name, pattern) or Path(name).is_relative_to(pattern)
            for name in names
            for pattern in self._never
        )

    def _fail(self, item: Found, reason: str) -> None:
        self._agent(item.source.agent).errors += 1
        self._problems.append(Problem(agent=item.source.agent, path=item.transcript.path, reason=reason))

    def _agent(self, agent: str) -> AgentReport:
        return self._agents.setdefault(agent, AgentReport(agent=agent))

    def _tell(self, done_bytes: int, total_bytes: int, done: int, total: int, path: str) -> None:
        if self._progress is not None:
            self._progress(
                Progress(done_bytes=done_bytes, total_bytes=total_bytes, done=done, total=total, path=path)
            )


def first_part(
    found: Sequence[Found], archive: Path, *, is_kept: Callable[[Found], bool]
) -> tuple[list[Found], list[Found]]:
    """Parts a huge import into what is imported unasked (the newest 2 GB) and the rest.

    Huge is more than 10 GB, or more than a fifth of the free space where the archive lies; what is
    kept already does not count.
    """
    limit = min(HUGE, shutil.disk_usage(_existing(archive)).free // 5)
    if sum(item.transcript.size for item in found) <= limit:
        return list(found), []
    kept = {id(item) for item in found if is_kept(item)}
    if sum(item.transcript.size for item in found if id(item) not in kept) <= limit:
        return list(found), []
    first: list[Found] = []
    rest: list[Found] = []
    size = 0
    for item in found:
        if id(item) in kept:
            first.append(item)
        elif rest or (size and size + item.transcript.size > FIRST_PART):
            rest.append(item)
        else:
            size += item.transcript.size
            first.append(item)
    return first, rest


def _working_directory(item: Found) -> str | None:
    """Gives the working directory that a transcript's first lines tell, if any."""
    setting = Setting(agent=item.transcript.agent, key=item.transcript.key, hints=item.transcript.hints)
    parser = item.source.parser(setting)
    with closing(content.open_content(item.transcript, item.source)) as stream:
        for line in cut(stream):
            for draft in parser.feed(line).drafts:
                if isinstance(draft.body, SessionStarted) and draft.body.cwd:
                    return draft.body.cwd
            if line.number >= _PEEK_LINES:
                return None
    return None


def _existing(path: Path) -> Path:
    while not os.path.exists(path):
        path = path.parent
    return path

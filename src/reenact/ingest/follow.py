"""Follows transcripts as they grow: notices what changed and imports just that, the way all is imported.

`Follower.step` does one round in the caller's thread: nothing runs by itself. What it gives are the
arrivals of the index, so that events that other processes imported or recorded are among them.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Self

import msgspec

from reenact.clock import Clock
from reenact.errors import ArchiveBusyError, ReenactError
from reenact.ingest.backfill import Backfill, Report
from reenact.ingest.derive import Warm
from reenact.ingest.find import Found, everywhere
from reenact.ingest.rests import Rests
from reenact.ingest.watching import Noticed, Watch, watch_of
from reenact.sources import Environment, Source
from reenact.sources.life import folders_of
from reenact.sources.protocol import file_of
from reenact.store import Arrival, Store

RESCAN = 300_000_000
"""Microseconds after which everything is looked at once more: notifications can get lost."""
_SOON = 500_000
"""Microseconds after which a new folder is looked at again: files may have come before its watch."""
_SHARE = 20
"""A look at a whole root waits so many times as long as the last one took."""
_PATIENCE = 3
"""Changes of a file that nothing explains which make its root be looked through."""
_BESIDE = ("-wal", "-shm", "-journal")
_SYNC_AFTER = 5_000_000


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What one round gave."""

    arrivals: tuple[Arrival, ...] = ()
    """Which sessions got which events, in the order in which the index learned of them."""
    report: Report | None = None
    """What was imported, where anything was."""
    noticed: int = 0
    """Paths that changed."""
    note: str | None = None
    """What whoever watches is to be told of how it goes on."""


class Follower:
    """Keeps an archive up to its sources, round by round; not shared between threads.

    Args:
        store: where it goes.
        sources: whose transcripts are followed.
        environment: where they lie.
        clock: what tells when to look again.
        watch: what tells of changes; the system's notifications unless given.
        beside: further folders of which a change makes the index be brought up to recordings.
        never: projects that are not imported.
    """

    def __init__(
        self,
        store: Store,
        sources: Sequence[Source],
        environment: Environment,
        *,
        clock: Clock,
        watch: Watch | None = None,
        polled: bool = False,
        beside: Sequence[str] = (),
        never: Sequence[str] = (),
    ) -> None:
        self._store = store
        self._sources = tuple(sources)
        self._environment = environment
        self._clock = clock
        self._never = tuple(never)
        self._beside = tuple(beside)
        self._roots = [
            (source, root)
            for source in self._sources
            for root in dict.fromkeys(map(os.path.abspath, source.roots(environment)))
        ]
        self._warm = Warm()
        self._rests = Rests(clock)
        self._moment = clock.now()
        self._known: dict[str, Found] = {}
        self._files: dict[str, set[str]] = {}
        """File of a database → the paths of its transcripts."""
        self._pending: dict[str, Found] = {}
        self._again: dict[str, int] = {}
        self._wanted: set[int] = set()
        self._not_before: dict[int, int] = {}
        self._asked: Counter[str] = Counter()
        self._real = _real_names([*(root for _, root in self._roots), *self._beside])
        self._next_scan = clock.now() + RESCAN
        self._dirty_since: int | None = None
        self._version = -1
        self.last = 0
        """Number of the last arrival that was given."""
        self.last_write: int | None = None
        """When something was imported last, in UTC microseconds."""
        self._watch = watch or watch_of(self._folders, polled=polled)

    def begin(
        self, found: Iterable[Found] | None = None, *, after: int | None = None, is_old: bool = False
    ) -> None:
        """Takes what is there as known: `found` is what was imported just now, else everything found.

        Arrivals are given from number `after` on, else those that come from now on. A listing that
        `is_old` is from before this follower: what came between the two is imported by the first round.
        """
        for item in everywhere(self._sources, self._environment) if found is None else found:
            self._remember(item)
        self._learn(self._known.values())
        if is_old:
            self._next_scan = self._clock.now()
        self.last = self._store.feed().last if after is None else after

    @property
    def known(self) -> tuple[Found, ...]:
        """The transcripts as they were seen last, but for those whose import is still to come."""
        to_come = {*self._pending, *self._rests.waiting}
        return tuple(item for path, item in self._known.items() if path not in to_come)

    def step(self, seconds: float = 0.0) -> Step:
        """Waits for a change, at most so long, imports what changed, and gives what arrived."""
        now = self._now()
        is_due = bool(self._pending) or now >= self._next_scan
        pause = 0.0 if is_due else min(seconds, self._rests.seconds(now))
        noticed = self._named(self._watch.wait(pause))
        now = self._now()
        changed = {item.transcript.path: item for item in self._changed(noticed, now)}
        items = self._rests.awake({**self._pending, **changed}, now)
        report = self._import(items) if items else None
        if noticed.everything or any(self._is_beside(path) for path in noticed.paths):
            self._store.catch_up()
        self._sync(now, is_dirty=report is not None)
        return Step(arrivals=self._arrived(), report=report, noticed=len(noticed.paths), note=noticed.note)

    def close(self) -> None:
        """Ends the watching; what was imported is kept for good."""
        self._watch.close()
        if self._dirty_since is not None:
            self._store.sync()
            self._dirty_since = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- importing ------------------------------------------------------------------------------

    def _now(self) -> int:
        """Gives the time; where the clock was put back, nothing waits for the times noted before."""
        now = self._clock.now()
        if now < self._moment:
            self._next_scan = now
            self._again = dict.fromkeys(self._again, now)
            self._not_before.clear()
            self._rests.forget()
            self._dirty_since = None if self._dirty_since is None else now
        self._moment = now
        return now

    def _import(self, items: dict[str, Found]) -> Report | None:
        self._pending = {}
        backfill = Backfill(
            self._store, never=self._never, workers=1, warm=self._warm, progress=self._rests.read
        )
        try:
            report = backfill.run(list(items.values()))
        except ReenactError as error:  # whoever begins anew with what is known still has these to come
            self._pending = items
            self._rests.forget()
            if isinstance(
                error, ArchiveBusyError
            ):  # another process is importing: they wait for the next round
                return None
            raise
        self.last_write = self._clock.now()
        return report

    def _sync(self, now: int, *, is_dirty: bool) -> None:
        """Makes what was imported survive the death of the machine, a few seconds later at most."""
        if is_dirty and self._dirty_since is None:
            self._dirty_since = now
        if self._dirty_since is not None and now - self._dirty_since >= _SYNC_AFTER:
            self._store.sync()
            self._dirty_since = None

    def _arrived(self) -> tuple[Arrival, ...]:
        version = self._store.version()
        if version == self._version:
            return ()
        arrivals = tuple(self._store.arrivals(self.last))
        self._version = version
        if arrivals:
            self.last = arrivals[-1].number
        return arrivals

    # -- finding --------------------------------------------------------------------------------

    def _changed(self, noticed: Noticed, now: int) -> list[Found]:
        """Gives the transcripts that are new or look otherwise than they did."""
        if noticed.everything or now >= self._next_scan:
            self._next_scan = now + RESCAN
            found = list(everywhere(self._sources, self._environment))
            self._learn(found)
            self._asked.clear()
            return [item for item in found if self._remember(item)]
        due = {path for path, at in self._again.items() if at <= now}
        for path in due:
            del self._again[path]
        listed: dict[str, Found] = {}
        folders: set[str] = set()
        for path in noticed.paths | due:
            if not self._is_beside(path):
                self._path(path, listed, folders, now, is_first=path not in due)
        for folder in folders:
            self._listed(folder, listed)
        self._rescan(listed, now)
        changed = [
            item for item in listed.values() if self._remember(item) or _has_beside(item, noticed.paths)
        ]
        self._learn(changed)
        return changed

    def _learn(self, items: Iterable[Found]) -> None:
        self._watch.learn(
            file
            for item in items
            for path in (item.transcript.path, *(beside.path for beside in item.transcript.sidecars))
            for file in _files_of(path)
        )

    def _named(self, noticed: Noticed) -> Noticed:
        """Gives what was noticed by the names that we use: systems tell of files behind links by others."""
        if not self._real:
            return noticed
        paths = set()
        for path in noticed.paths:
            real = next((real for real in self._real if path.startswith(real + os.sep)), None)
            paths.add(path if real is None else self._real[real] + path[len(real) :])
        return Noticed(paths=frozenset(paths), everything=noticed.everything, note=noticed.note)

    def _path(
        self, path: str, listed: dict[str, Found], folders: set[str], now: int, *, is_first: bool
    ) -> None:
        """Finds out what a changed path concerns: a transcript we know, a folder to list."""
        known = self._known.get(path)
        if known is not None:
            item = _looked_at(known)
            if item is None:
                self._forget(path)
            else:
                listed[path] = item
            return
        plain = next((path.removesuffix(end) for end in _BESIDE if path.endswith(end)), path)
        if plain in self._files or plain != path:
            for found in self._of(plain, plain):
                listed[found.transcript.path] = found
            return
        if os.path.isdir(path):
            folders.add(path)
            if is_first:
                self._again[path] = now + _SOON
            return
        owner = self._owner(path)
        folders.add(os.path.dirname(path) if owner is None else os.path.dirname(owner))
        is_gone = not os.path.lexists(path)
        if owner is None and not is_gone and not self._is_listed(path, listed):
            self._ask_for_rescan(path)

    def _owner(self, path: str) -> str | None:
        """Gives the transcript in whose folder of the same name a file lies, if one does."""
        folder = os.path.dirname(path)
        while len(folder) > 1:
            if folder + ".jsonl" in self._known:
                return folder + ".jsonl"
            folder = os.path.dirname(folder)
        return None

    def _is_listed(self, path: str, listed: dict[str, Found]) -> bool:
        """Tells whether the folder of a path names it as a transcript, or as a part of one."""
        self._listed(os.path.dirname(path), listed)
        return any(
            path == item.transcript.path or any(path == beside.path for beside in item.transcript.sidecars)
            for item in listed.values()
        )

    def _listed(self, folder: str, listed: dict[str, Found]) -> None:
        for found in self._of(folder, folder):
            listed.setdefault(found.transcript.path, found)

    def _of(self, place: str, path: str) -> Iterator[Found]:
        """Yields the transcripts at a place, by the sources below whose roots it lies."""
        for source, root in self._roots:
            if path == root or path.startswith(root + os.sep):
                for transcript in source.transcripts(place):
                    yield Found(source=source, transcript=transcript)

    def _ask_for_rescan(self, path: str) -> None:
        """Has the roots looked through above a file that its own folder does not explain, a few times."""
        self._asked[path] += 1
        if self._asked[path] <= _PATIENCE:
            self._wanted |= {
                number for number, (_, root) in enumerate(self._roots) if path.startswith(root + os.sep)
            }

    def _rescan(self, listed: dict[str, Found], now: int) -> None:
        for number in sorted(self._wanted):
            if self._not_before.get(number, now) > now:
                continue
            source, root = self._roots[number]
            for transcript in source.transcripts(root):
                listed.setdefault(transcript.path, Found(source=source, transcript=transcript))
            self._wanted.discard(number)
            self._not_before[number] = now + (self._clock.now() - now) * _SHARE

    def _remember(self, item: Found) -> bool:
        """Takes note of how a transcript looks; tells whether that is new."""
        path = item.transcript.path
        known = self._known.get(path)
        if known is not None and known.transcript == item.transcript:
            return False
        self._known[path] = item
        file, key = file_of(path)
        if key is not None:
            self._files.setdefault(file, set()).add(path)
        return True

    def _forget(self, path: str) -> None:
        self._known.pop(path, None)

    def _is_beside(self, path: str) -> bool:
        return any(path.startswith(folder + os.sep) for folder in self._beside)

    def _folders(self) -> Sequence[str]:
        inner = [folder for source, root in self._roots for folder in folders_of(source, root)]
        return (*inner, *self._beside)


def _looked_at(item: Found) -> Found | None:
    """Gives a transcript as its file looks now, or None where it is gone."""
    transcript = item.transcript
    if transcript.encoding == "rows":
        return item
    with suppress(OSError):
        status = os.stat(transcript.path)
        now = msgspec.structs.replace(
            transcript, size=status.st_size, mtime_ns=status.st_mtime_ns, inode=status.st_ino
        )
        return Found(source=item.source, transcript=now)
    return None


def _files_of(path: str) -> tuple[str, ...]:
    """Gives the files that change when a transcript does: of a database also its WAL."""
    file, key = file_of(path)
    return (path,) if key is None else (file, f"{file}-wal")


def _has_beside(item: Found, paths: frozenset[str]) -> bool:
    return any(beside.path in paths for beside in item.transcript.sidecars)


def _real_names(folders: Iterable[str]) -> dict[str, str]:
    """Gives real path → the name that we use, where the two differ."""
    return {real: folder for folder in folders if (real := os.path.realpath(folder)) != folder}

"""Finds the agent's own transcript of a run while it comes to be, and takes it in as it grows.

What makes a transcript this run's, the surest first: an id that the command was given, an id that its
requests carry, a process of the run that says so or holds the file; and at the end, where nothing of
that is known, that it alone fits what was asked and answered. Where two fit, none is taken.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from reenact import ids
from reenact.errors import ArchiveBusyError
from reenact.events.bodies import Custom
from reenact.ingest import Backfill, Follower, Found, everywhere
from reenact.launch.agents import known, task_of
from reenact.launch.kin import Kin
from reenact.launch.likeness import Said, is_same, said
from reenact.sources.life import Alive
from reenact.store import Filter

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from reenact.launch.tools import Tools
    from reenact.recorder import Recorder
    from reenact.sources import Environment, Source
    from reenact.store import SessionRow

TRANSCRIPT = "reenact.transcript"
"""Name of the event that tells which of the agent's own sessions a recording saw, and by what."""
TAG = "recording"
By = Literal["id", "wire", "process", "content", "place"]

_ROUND = (0.05, 0.2)
"""Seconds of a round while the run is young, and later: an end is noticed after one at the latest."""
_YOUNG = 10.0
_LOOK = 0.2
"""Seconds between two looks at processes."""
_PATIENCE = 3
"""How often another import is waited for at the end; each wait has its own limit."""
_SLACK = 2_000_000
"""Microseconds by which clocks of files and of agents may lie before ours."""


class Finding:
    """Follows one agent's transcripts during a run.

    Args:
        tools: where they go.
        source: the agent's.
        recorder: the run's own recording.
        command: what runs.
        given: the id of the session that the command was given, or names itself.
        seen: gives the ids that its requests carried until now.
    """

    def __init__(
        self,
        tools: Tools,
        source: Source,
        recorder: Recorder,
        *,
        environment: Environment,
        command: Sequence[str],
        given: str | None,
        seen: Callable[[], Iterable[str]],
    ) -> None:
        self._tools = tools
        self._source = source
        self._environment = environment
        self._recorder = recorder
        self._command = command
        self._given = given
        self._seen = seen
        self._cwd = os.path.realpath(os.getcwd())
        self._begun = tools.clock.now()
        self._kin: Kin | None = None
        self._follower: Follower | None = None
        self._looked = 0.0
        self._has_neighbours = False
        self.claimed: dict[str, By] = {}
        """The agent's own ids of the sessions that are this run's."""
        self.failed: str | None = None
        """Why the transcripts could not be followed."""

    # -- while it runs --------------------------------------------------------------------------

    def begin(self, process: subprocess.Popen[bytes]) -> None:
        """Takes note of what is there; what was written since the run began is taken in at once."""
        self._kin = Kin(process.pid)
        if self._given is not None:
            self._claim(self._given, "id")
        with self._guarded():
            found = list(everywhere((self._source,), self._environment))
            self._follower = Follower(
                self._tools.store,
                (self._source,),
                self._environment,
                clock=self._tools.clock,
                never=self._tools.never,
            )
            self._follower.begin(found)
            self._take([item for item in found if self._is_fresh(item)])

    def wait(self, process: subprocess.Popen[bytes]) -> None:
        """Follows until the process ends."""
        begun = time.monotonic()
        while process.poll() is None and self.failed is None:
            seconds = _ROUND[time.monotonic() - begun > _YOUNG]
            with self._guarded():
                assert self._follower is not None  # begun, or it failed
                self._follower.step(seconds)
                self._look()

    def end(self) -> tuple[SessionRow, ...]:
        """Takes in the rest, and gives the sessions that the run wrote; they are written down as its own."""
        with self._guarded():
            self._look(is_last=True)
            found = everywhere((self._source,), self._environment)
            self._take([item for item in found if self._is_fresh(item)], patience=_PATIENCE)
        if self._follower is not None:
            with self._guarded():
                self._follower.close()
        rows = self._rows()
        if not rows and self._given is None:
            rows = self._by_likeness()
        return rows

    # -- whose it is ----------------------------------------------------------------------------

    def _claim(self, native: str, by: By) -> None:
        if native not in self.claimed:
            self.claimed[native] = by
            self._recorder.record(Custom(name=TRANSCRIPT, data={"native_id": native, "by": by}))

    def _look(self, *, is_last: bool = False) -> None:
        for native in self._seen():
            self._claim(native, "wire")
        now = time.monotonic()
        if self._kin is None or (now - self._looked < _LOOK and not is_last):
            return
        if isinstance(self._source, Alive):
            for sign in self._source.signs(self._environment):
                is_known = sign.native_session in self.claimed or sign.pid is None
                if not is_known and self._kin.has(sign.pid or 0):
                    self._claim(sign.native_session, "process")
        if not self.claimed:
            self._look_at_files()
            agent = known(self._command)
            self._has_neighbours = self._has_neighbours or any(
                known(words) is agent for words in self._kin.neighbours(self._cwd)
            )
        self._looked = time.monotonic()

    def _look_at_files(self) -> None:
        """Claims the transcripts that a process of the run holds open."""
        assert self._kin is not None  # asked by `_look`
        roots = [os.path.realpath(root) + os.sep for root in self._source.roots(self._environment)]
        for path in self._kin.open_files():
            if not any(path.startswith(root) for root in roots):
                continue
            for transcript in self._source.transcripts(os.path.dirname(path)):
                if transcript.encoding != "rows" and os.path.realpath(transcript.path) == path:
                    place = self._tools.store.place(transcript.path)
                    if place is not None:
                        self._claim_original(transcript.agent, transcript.key)

    def _claim_original(self, agent: str, key: str) -> None:
        original = ids.original_id(agent, key)
        for row in self._tools.store.sessions(Filter(agent=agent, since=self._begun - _SLACK)):
            if row.original == original and row.kind != "subagent":
                self._claim(row.native_id, "process")

    def _rows(self) -> tuple[SessionRow, ...]:
        wanted = tuple(ids.session_id(self._source.agent, native) for native in self.claimed)
        rows = self._tools.store.sessions(Filter(sessions=wanted)) if wanted else []
        return tuple(row for row in rows if row.original)

    # -- where nothing says so ------------------------------------------------------------------

    def _by_likeness(self) -> tuple[SessionRow, ...]:
        self._tools.store.catch_up()
        own = said(self._tools.store.events(self._recorder.session))
        fitting = [row for row in self._candidates() if self._fits(row, own)]
        if len(fitting) != 1:
            self.failed = self.failed or (f"{len(fitting)} transcripts fit" if fitting else None)
            return ()
        (row,) = fitting
        self._claim(row.native_id, "content" if own.texts or own.calls else "place")
        return (row,)

    def _candidates(self) -> Iterator[SessionRow]:
        """Yields the sessions that were at work in this folder during the run, and are nobody's yet."""
        agent, since = self._source.agent, self._begun - _SLACK
        rows = self._tools.store.sessions(Filter(agent=agent, since=since))
        taken = {
            native
            for row in rows
            if row.original is None and row.id != self._recorder.session and TAG in row.tags
            for native in natives_of(self._tools, row)
        }
        for row in rows:
            is_main = row.original is not None and row.kind != "subagent" and not row.hidden
            is_here = row.cwd is not None and os.path.realpath(row.cwd) == self._cwd
            if is_main and is_here and row.native_id not in taken:
                yield row

    def _fits(self, row: SessionRow, own: Said) -> bool:
        log = said(self._tools.store.events(row.id), since=self._begun - _SLACK)
        task = task_of(self._command)
        if task is not None and task.strip() not in log.asked:
            return False
        if own.texts or own.calls:
            return is_same(own, log)
        is_new = row.started_at is not None and row.started_at >= self._begun - _SLACK
        return is_new and not self._has_neighbours

    # -- taking in ------------------------------------------------------------------------------

    def _is_fresh(self, item: Found) -> bool:
        is_rows = item.transcript.encoding == "rows"
        return is_rows or item.transcript.mtime_ns // 1000 >= self._begun - _SLACK

    def _take(self, items: list[Found], *, patience: int = 0) -> None:
        """Takes transcripts in; another process that imports is waited for with some patience."""
        while items:
            try:
                Backfill(self._tools.store, never=self._tools.never, workers=1).run(items)
            except ArchiveBusyError:
                if patience <= 0:
                    raise
                patience -= 1
            else:
                return

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        """Keeps trouble with transcripts away from the command that runs."""
        try:
            yield
        except ArchiveBusyError:
            pass  # another process imports; they are taken in later
        except Exception as error:  # noqa: BLE001 - the border to somebody's work: told at the end
            self.failed = str(error) or type(error).__name__


def natives_of(tools: Tools, row: SessionRow) -> set[str]:
    """Gives the agent's own sessions that a recording says it saw."""
    return {
        str(event.body.data.get("native_id"))
        for event in tools.store.events(row.id)
        if isinstance(event.body, Custom) and event.body.name == TRANSCRIPT
    }

"""The class itself: every verb on an archive, each handed to the room that knows it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, Unpack

from reenact import config as configuration
from reenact import export, ingest, tree, usage
from reenact.archive import caring, carrying, counting, following, handing, importing, noting, pulse, zones
from reenact.archive.agents import SOURCES
from reenact.archive.guard import Guard
from reenact.archive.pricing import Pricer, overrides
from reenact.archive.standing import is_over
from reenact.archive.texts import Texts
from reenact.archive.values import Checkup, Risk, header_of
from reenact.clock import Clock
from reenact.ids import RandomMinter
from reenact.ingest import accounting
from reenact.sources import Environment
from reenact.store import Filter, Past, SessionRow, open_store, past_of

if TYPE_CHECKING:
    from reenact import launch
    from reenact.archive.following import Following
    from reenact.archive.recording import RunInputs
    from reenact.config import Config
    from reenact.events import Event
    from reenact.ingest.carrying import Taken
    from reenact.integrations.otlp import Pending
    from reenact.integrations.tool import ServedTools
    from reenact.recorder import Session
    from reenact.replay import Script
    from reenact.replay.model import Errors, Timing
    from reenact.sessions import LiveSession, LiveSessions
    from reenact.store import Damage, Removal, Size, Store


class Archive:
    """Everything kept, and the verbs on it. A context manager; not shared between threads."""

    def __init__(self, path: Path, *, settings: Config, variables: Mapping[str, str], clock: Clock) -> None:
        self.path = path
        self.settings = settings
        self.variables = variables
        self.clock = clock
        self.prices = usage.Prices(overrides(settings, variables))
        cache = variables.get("REENACT_CACHE")
        store = open_store(
            path, clock=clock, pricer=Pricer(self.prices), cache=Path(cache) if cache else None
        )
        self.pulse = pulse.Pulse(SOURCES, self.environment, store.sessions)
        store.alive = lambda: self.pulse.alive(clock.now())
        self.store: Store = store
        self.texts = Texts(self.store, clock, lambda: self.timezone)
        self.search = self.texts.search
        card = self.store.card
        self.living: LiveSessions | None = None
        self.guard = Guard(card.placeholder_key if card else "", settings.redaction, variables)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self.living is not None:
            self.living.close()
        self.store.close()

    @property
    def environment(self) -> Environment:
        """Gives where agents keep their transcripts on this machine."""
        return Environment(
            home=str(configuration.home_directory(self.variables)),
            variables=self.variables,
            extra_roots=self.settings.roots,
        )

    @property
    def timezone(self) -> str:
        """Gives the viewer's zone: the settings' word, else the machine's."""
        return self.settings.timezone or zones.here(self.variables)

    # -- importing ------------------------------------------------------------------------------

    def find(self, *, agents: Iterable[str] = (), paths: Iterable[str] = ()) -> list[ingest.Found]:
        """Gives the transcripts of some agents (all where none is named), or below given paths, newest first.

        Raises:
            UsageError: there is no such agent or path.
        """
        return importing.find(self, agents=agents, paths=paths)

    def catch_up(
        self,
        found: list[ingest.Found] | None = None,
        *,
        everything: bool = False,
        again: bool = False,
        seconds: float | None = None,
        progress: importing.Tell | None = None,
    ) -> ingest.Report:
        """Imports what is new or changed among `found` (else among all transcripts of this machine).

        A huge import takes the newest part only, unless `everything` is said; the report tells what
        was left out. `again` brings back what `remove` removed. After `seconds`, the transcripts that
        are left are given back in the report, to be imported by another call.
        """
        return importing.catch_up(
            self, found, everything=everything, again=again, seconds=seconds, progress=progress
        )

    def problems(self, *, agents: Iterable[str] = (), paths: Iterable[str] = ()) -> list[ingest.Problem]:
        """Gives what looks like a transcript and cannot be read as one."""
        return importing.problems(self, agents=agents, paths=paths)

    def looked_in(self) -> list[tuple[str, tuple[str, ...]]]:
        """Gives, for each agent that has any, the folders in which its transcripts are looked for."""
        found = ((source.title, source.roots(self.environment)) for source in SOURCES)
        return [(title, roots) for title, roots in found if roots]

    def risks(self) -> list[Risk]:
        """Gives the transcripts that their agents will delete of their own accord, soonest first."""
        return importing.risks(self)

    # -- reading --------------------------------------------------------------------------------

    def sessions(self, where: Filter | None = None) -> list[SessionRow]:
        """Gives the sessions that fit, latest activity first, sub-agents included."""
        return self.store.sessions(where or Filter())

    def standing(self, where: Filter | None = None, query: str = "") -> list[SessionRow]:
        """Gives the sessions that fit, with how each stands now: working, waiting, idle, stale and so on."""
        return pulse.sessions(self, where or Filter(), query)

    def session(self, name: str) -> SessionRow:
        """Gives the session that an id, a native id, a unique prefix of either, or `last` names.

        Raises:
            SessionNotFoundError: there is none.
            AmbiguousSessionError: there are several.
        """
        identity = self.store.resolve(name)
        return self.store.sessions(Filter(sessions=(identity,)))[0]

    def events(self, name: str, *, start: int = 1, stop: int | None = None) -> Iterator[Event]:
        """Yields a session's own events with `start` <= seq < `stop`."""
        return self.store.events(self.store.resolve(name), start=start, stop=stop)

    def tree(self, name: str, *, at: int | None = None) -> tree.Tree:
        """Gives the session folded into loops, turns and steps; with `at`, as it stood at that event."""
        row = self.session(name)
        stop = None if at is None else at + 1
        owned = {entry.key for entry in self.store.entries(Filter(sessions=(row.id,)))}
        over = is_over(row, at=at)
        events = self.store.events(row.id, stop=stop)
        return tree.fold(events, header=header_of(row), owned=owned, is_over=over)

    def follow(
        self,
        *,
        agents: Iterable[str] = (),
        project: str | None = None,
        session: str | None = None,
        kinds: Iterable[str] = (),
        since_cursor: str | None = None,
        polled: bool = False,
    ) -> Following:
        """Gives events as they come, of agents at work and of recordings, an iterator without end.

        Imports what is new first. With `since_cursor` (of an earlier event) it begins right behind it.
        """
        return following.follow(
            self,
            SOURCES,
            agents=agents,
            project=project,
            session=session,
            kinds=kinds,
            cursor=since_cursor,
            polled=polled,
        )

    def note(
        self,
        name: str,
        text: str | None = None,
        *,
        at: int | None = None,
        add: Sequence[str] = (),
        remove: Sequence[str] = (),
    ) -> SessionRow:
        """Notes something of a session or of one of its events, puts tags on, takes tags off.

        Raises:
            NotFoundError: there is no such session or event.
        """
        return noting.note(self, name, text, at=at, add=add, remove=remove)

    def notes(self, name: str) -> list[noting.Noted]:
        """Gives the notes on a session that lie beside its own events."""
        return noting.notes(self, self.store.resolve(name))

    def past(self, name: str) -> Past | None:
        """Gives where a fork left its parent, if it shares a past that it holds no copy of."""
        return past_of(self.store, self.store.resolve(name))

    def usage(
        self,
        by: usage.By = "day",
        *,
        where: Filter | None = None,
        timezone: str | None = None,
        as_model: str | None = None,
    ) -> usage.Report:
        """Gives tokens and cost rolled up; every response counts once, at the session that owns it."""
        return counting.report(
            self.store,
            by,
            where or Filter(),
            place=zones.zone(timezone or self.timezone),
            prices=self.prices if as_model else None,
            as_model=as_model,
            now=self.clock.now(),
        )

    # -- exporting ------------------------------------------------------------------------------

    def export_jsonl(self, name: str, *, raw: bool = False) -> Iterator[bytes]:
        """Yields a session as JSON lines, scrubbed unless `raw`: its header, then its events."""
        row = self.session(name)
        return export.jsonl(
            self.store.events(row.id), header=header_of(row), scrub=None if raw else self.guard.value
        )

    def export_native(self, name: str) -> Iterator[bytes]:
        """Yields the transcript of a session byte for byte as its agent wrote it.

        Raises:
            NotFoundError: the session was not imported.
        """
        return export.native(self.store, self.store.resolve(name))

    def export_atif(self, name: str, *, raw: bool = False) -> bytes:
        """Gives a session with its sub-agents as an ATIF document (JSON), scrubbed unless `raw`.

        Raises:
            NotFoundError: nothing was said in the session, and ATIF has no empty trajectory.
        """
        return handing.atif(self.store, self.session(name), scrub=None if raw else self.guard.value)

    def export_portable(self, name: str, *, raw: bool = False) -> Iterator[bytes]:
        """Yields a file for another archive: a session with its sub-agents, scrubbed unless `raw`."""
        return carrying.give_out(self, name, raw=raw)

    @staticmethod
    def is_carried(path: str) -> bool:
        """Tells whether a path is a portable file or a whole archive."""
        return carrying.is_carried(path)

    def take_in(self, path: str, *, tell: Callable[[str], None] = lambda _: None) -> Taken:
        """Takes in a portable file or a whole other archive, under the ids that its sessions have there.

        Raises:
            UsageError: it is neither, or it is damaged.
        """
        return carrying.take_in(self, path, tell=tell)

    def export_markdown(self, name: str, *, raw: bool = False, thinking: bool = False) -> Iterator[str]:
        """Yields a session as a readable document, scrubbed unless `raw`."""
        row = self.session(name)
        cost = usage.dollars(row.total.cost)
        return export.markdown(
            self.store.events(row.id),
            header=header_of(row),
            title=row.title,
            facts={"Project": row.project or "", "Cost": "" if cost is None else f"${cost:.4f} (list price)"},
            scrub=None if raw else self.guard.value,
            zone=zones.zone(self.timezone),
            thinking=thinking,
        )

    # -- recording and replaying ----------------------------------------------------------------

    def record(self, **inputs: Unpack[RunInputs]) -> Session:
        """Gives a session of an agent to record, with what its run starts from; it begins when entered."""
        from reenact.archive import recording

        return recording.record(self, **inputs)

    def live(self) -> LiveSessions:
        """Gives the live sessions: opened, edited, forked, listened to; closed when the archive is."""
        from reenact.archive import living

        return living.live(self)

    def fork(self, name: str, *, at: str | int | None = None, **how: Any) -> LiveSession:
        """Gives a new live session that shares a session's past up to an event; see `LiveSessions.fork`."""
        return self.live().fork(name, at=at, **how)

    def record_command(
        self, command: Sequence[str], *, wire: bool = True, output: bool | None = None
    ) -> launch.Recorded:
        """Runs a command and records it: model calls (`wire`), what it prints, its agent's own transcript.

        `output` None keeps what it does not print to a terminal.

        Raises:
            CommandNotFoundError: the command cannot be started.
        """
        from reenact.archive import wrapping

        return wrapping.record_command(self, self._recording_tools, command, wire=wire, output=output)

    def replay_command(
        self, name: str, command: Sequence[str], *, options: launch.Options, from_log: bool = False
    ) -> launch.Replayed:
        """Runs a command against a session; the same requests get the same answers.

        Raises:
            SessionNotFoundError: there is no such session.
            ReenactError: the session holds nothing that can be played.
        """
        from reenact import launch

        return launch.replay(
            self._recording_tools,
            self.script(name, from_log=from_log),
            command,
            self.variables,
            options=options,
            source=self.store.resolve(name),
        )

    def serve_replay(
        self,
        name: str,
        *,
        options: launch.Options,
        from_log: bool = False,
        ready: Callable[[str], None],
    ) -> launch.Replayed:
        """Serves a session on loopback until interrupted; `ready` is told the address."""
        from reenact import launch

        return launch.serve(
            self._recording_tools,
            self.script(name, from_log=from_log),
            self.variables,
            options=options,
            source=self.store.resolve(name),
            ready=ready,
        )

    def script(self, name: str, *, from_log: bool = False) -> Script:
        """Gives the exchanges of a session arranged for playing back.

        A session that was recorded plays byte for byte; an imported one plays from a recording of it
        where there is one (unless `from_log`), else from its agent's own journal.
        """
        from reenact import launch

        return launch.playback.script(self.store, self.session(name), from_log=from_log)

    def mock(
        self,
        script: str | Script,
        client: str,
        *,
        errors: Errors | None = None,
        timing: Timing = "none",
        policy: Literal["fail", "stub"] = "fail",
    ) -> Any:
        """Gives a mock model that plays a session, or a script, to a client; strict unless `policy` is stub.

        `client` is "httpx" or "httpx2" (a transport, for any client of a provider, sync or async) or
        "openai-agents" (a `Model`). Its `mock` keeps the books: `call_count`, `is_exhausted`, `check()`.
        `errors`: whether failures that were overcome are played ("faithful"; so written scripts are) or not.

        Raises:
            UsageError: there is no mock of this name.
            ReenactError: the session holds nothing that can be played, or a package is not installed.
        """
        from reenact.archive import mocking

        return mocking.mock(self, script, client, errors=errors, timing=timing, policy=policy)

    def recorded_tools(self, name: str) -> ServedTools:
        """Gives the results of a session's tools: in its block, functions that are tools give those again."""
        from reenact.archive import mocking

        return mocking.recorded_tools(self, name)

    def receive_otlp(self, *, port: int = 4318) -> AbstractContextManager[str]:
        """Receives GenAI spans (OTLP/HTTP, JSON) on loopback in its block, each trace as a session.

        The block is given the address for exporters. With port 0, any free one is taken.
        """
        from reenact.archive import receiving

        return receiving.receive_otlp(self, port=port)

    def transcripts_of(self, native_ids: Iterable[str]) -> list[str]:
        """Gives the imported sessions that go by these ids of their agents."""
        wanted = set(native_ids)
        return [row.id for row in self.sessions() if row.native_id in wanted and row.original]

    @property
    def _recording_tools(self) -> launch.Tools:
        from reenact import launch

        return launch.Tools(
            store=self.store,
            clock=self.clock,
            minter=RandomMinter(),
            scrub=self.guard.value,
            scrub_text=self.guard.text,
            is_clean=self.guard.is_clean,
            sources=SOURCES,
            environment=self.environment,
            never=tuple(self.settings.imports.never),
        )

    # -- care -----------------------------------------------------------------------------------

    def verify(self) -> Iterator[Damage]:
        """Reads every stored byte and yields what does not check out."""
        from reenact.archive import receiving

        yield from self.store.verify()
        yield from receiving.damages(self)

    def incoming(self) -> Pending:
        """Gives how many spans the OTLP receiver acknowledged that wait for the rest of their trace."""
        from reenact.archive import receiving

        return receiving.pending(self)

    def accounts(self) -> Iterator[accounting.Account]:
        """Yields, for every imported transcript, its lines against what they were booked as."""
        return accounting.accounts(self.store, SOURCES)

    def source_bytes(self) -> int:
        """Gives the size of all kept transcripts, each as it was last seen."""
        return sum(original.generations[-1].length for original in self.store.originals())

    def checkup(self, *, days: int = 7, everything: bool = False) -> Checkup:
        """Looks at what is at risk, odd, secret or large; secrets in the newest GB unless `everything`."""
        return caring.checkup(self, days=days, everything=everything)

    def reindex(self, *, progress: importing.Tell | None = None) -> int:
        """Deletes everything derived and derives it again; gives the number of events."""
        self.store.clear_cache()
        self.store.catch_up()
        return ingest.derive_all(self.store, SOURCES, progress=progress)

    def remove(self, names: Iterable[str], *, with_forks: bool = False) -> Removal:
        """Removes sessions for good; imports skip them from then on.

        Raises:
            ArchiveError: a session has forks that share its past, and `with_forks` is False.
        """
        return self.store.remove([self.store.resolve(name) for name in names], with_forks=with_forks)

    def gc(self) -> int:
        """Frees what nothing refers to; gives the bytes freed."""
        return self.store.gc()

    def sizes(self) -> list[Size]:
        """Gives what the archive's parts take on disk."""
        return self.store.sizes()

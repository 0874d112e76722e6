"""What a parser says of one session: its drafts, named and placed in loops and turns.

A transcript may hold several sessions (an agent and its sub-agents); each is a strand, and all write
on the same `Page`, which holds what the line at hand became.
"""

from __future__ import annotations

from reenact import ids
from reenact.events import AnyBody, Completeness, Header, SessionKind
from reenact.events.bodies import LoopEnded, LoopStarted, TurnEnded, TurnStarted
from reenact.sources.protocol import Disposition, Draft, Parsed


class Page:
    """What one line becomes, for all strands of its transcript."""

    def __init__(self) -> None:
        self.ts: int | None = None
        self.drafts: list[Draft] = []
        self.headers: list[Header] = []
        self.unknown: list[str] = []
        self.version: str | None = None

    def turn(self) -> None:
        """Begins the next line."""
        self.ts, self.version = None, None
        self.drafts, self.headers, self.unknown = [], [], []

    def parsed(self, disposition: Disposition) -> Parsed:
        return Parsed(
            disposition=disposition,
            drafts=tuple(self.drafts),
            headers=tuple(self.headers),
            unknown=tuple(self.unknown),
            agent_version=self.version,
        )


class Strand:
    """One session of a transcript: who it is, and where in its loops and turns we are."""

    def __init__(
        self,
        page: Page,
        agent: str,
        native: str,
        *,
        kind: SessionKind = "main",
        parent: str | None = None,
        parent_call: str | None = None,
        hidden: bool = False,
    ) -> None:
        self._page = page
        self.native = native
        self.header = Header(
            id=ids.session_id(agent, native),
            agent=agent,
            native_id=native,
            kind=kind,
            parent=parent,
            parent_call=parent_call,
            hidden=hidden,
        )
        self.is_begun = False
        self.loop: str | None = None
        self.turn: str | None = None
        self.lane: str | None = None
        self.model: str | None = None
        self.has_yielded = False
        """True after an answer that asked for nothing more."""
        self.last_record: str | None = None
        """The name of the last draft."""
        self._names: dict[str, int] = {}
        self._loops: dict[str, str] = {}
        self._ended: set[str] = set()
        self._turns = 0
        self._calls: dict[str, tuple[str | None, str | None]] = {}

    @property
    def session(self) -> str:
        return self.header.id

    def begin(self) -> bool:
        """Tells the header before the first draft; gives whether this was the first time."""
        if self.is_begun:
            return False
        self.is_begun = True
        self._page.headers.append(self.header)
        return True

    def emit(
        self,
        record: str,
        body: AnyBody,
        *,
        call: str | None = None,
        ts: int | None = None,
        completeness: Completeness = "full",
    ) -> str:
        """Adds a draft; one of a tool call goes where the call was made. Gives its unique name."""
        self.begin()
        loop, turn = (self.loop, self.turn) if call is None else self._calls.get(call, (self.loop, self.turn))
        number = self._names.get(record, 0)
        self._names[record] = number + 1
        name = self.last_record = f"{record}#{number}" if number else record
        self._page.drafts.append(
            Draft(
                session=self.session,
                record=name,
                body=body,
                ts=self._page.ts if ts is None else ts,
                loop=loop,
                turn=turn,
                lane=self.lane,
                completeness=completeness,
            )
        )
        return name

    def has(self, record: str) -> bool:
        """Tells whether a draft of this name was made."""
        return record in self._names

    # -- loops and turns --------------------------------------------------------------------------

    def start_loop(self, name: str, *, agent: str) -> None:
        """Opens a loop, or goes back into one; a loop that is still open ended without a word."""
        if name == self.loop:
            return
        self.end_loop()
        self.loop = name
        if name not in self._loops:
            first = not self._loops
            self._loops[name] = name
            self.emit(
                f"loop:{name}", LoopStarted(agent=agent, continuation="initial" if first else "default")
            )

    def end_loop(self, body: LoopEnded | None = None) -> None:
        """Closes the loop that is open, and its turn."""
        self.end_turn()
        if self.loop is not None and self.loop not in self._ended:
            self._ended.add(self.loop)
            self.emit(f"loop-end:{self.loop}", body or LoopEnded())
        self.loop = None
        self._turns = 0

    def start_turn(self, name: str) -> None:
        """Opens a turn: one response of the model and the calls it makes."""
        if name == self.turn:
            return
        self.end_turn()
        self._turns += 1
        self.turn = name
        user = "sub_agent" if self.header.kind == "subagent" else "user"
        trigger = user if self._turns == 1 else "continuation"
        self.emit(f"turn:{name}", TurnStarted(index=self._turns, trigger=trigger))  # type: ignore[arg-type]  # of the words it knows

    def end_turn(self, stop_reason: str | None = None) -> None:
        if self.turn is not None:
            self.emit(f"turn-end:{self.turn}", TurnEnded(stop_reason=stop_reason))
            self.turn = None

    # -- calls ------------------------------------------------------------------------------------

    def remember_call(self, call: str) -> bool:
        """Takes note of where a tool was called; False where that is known already."""
        if call in self._calls:
            return False
        self._calls[call] = (self.loop, self.turn)
        return True

    def has_call(self, call: str) -> bool:
        return call in self._calls

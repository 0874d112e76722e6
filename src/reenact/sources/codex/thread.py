"""What the parser remembers of one thread between lines, and how drafts get their names and places.

A draft's name comes from what a rewritten file keeps (migration, compression): call ids, turn ids,
response ids, and for texts their hash and the count of equals before. Never from offsets, ordinals,
time, or from which of the two views of a text came first.
"""

from __future__ import annotations

from typing import Literal

from reenact import ids
from reenact.events import AnyBody, Header, SessionKind, Tokens
from reenact.events.bodies import (
    LoopEnded,
    LoopStarted,
    SessionForked,
    TurnEnded,
    TurnStarted,
    UsageRecorded,
)
from reenact.sources.codex.usage import Meter
from reenact.sources.names import name_of
from reenact.sources.protocol import Draft
from reenact.usage.limits import Streak

AGENT = "codex"


class Thread:
    """One thread: who it is, where in its loops and turns we are, and this line's drafts."""

    def __init__(self, key: str) -> None:
        self.native = key
        self.session = ids.session_id(AGENT, key)
        self.kind: SessionKind = "main"
        self.parent: str | None = None
        self.root = key
        """The thread that wrote the first rows of this file."""
        self.is_identified = False
        self.version: str | None = None
        self.model: str | None = None
        self.provider: str | None = None
        self.cwd: str | None = None
        self.meter = Meter()
        self.limit = Streak()
        self.offset: int | None = None
        """Minutes that local times lie before UTC's, where the file's name tells."""
        self.ts: int | None = None
        self.lane: str | None = None
        self.drafts: list[Draft] = []
        self.headers: list[Header] = []
        self.unknown: list[str] = []
        self.has_output = False
        self.has_tasks = False
        """True once loops are told by `task_started` rows."""
        self.task: str | None = None
        """The id of the turn (our loop) that rows now belong to, also where it is another thread's."""
        self.loop: str | None = None
        self.turn: str | None = None
        self.turn_has_usage = False
        self.turn_has_items = False
        self.turn_has_input = False
        self.turn_is_usage_first = False
        self.is_asked = False
        """True from a row that stands before a request to the count of its response (up to 0.98)."""
        self.open_spawn: str | None = None
        """The call by which the parent started this thread, where the copied rows end in it."""
        self.forked_native: str | None = None
        """The thread whose rows this one copied, until that is told."""
        self.last_inherited: str | None = None
        """The name of the last copied row's event; the parent's own event has the same."""
        self.is_past_over = False
        self._parent_call: str | None = None
        self._parent_event: str | None = None
        self._ended: set[str] = set()
        self._loops: set[str] = set()
        self._names: dict[str, int] = {}
        self._turn_in_loop = 0
        self._calls: dict[str, tuple[str | None, str | None]] = {}

    def identify(self, native: str) -> None:
        """Takes the thread id that the file states; the first statement holds."""
        self.native = native
        self.session = ids.session_id(AGENT, native)
        self.root = native
        self.is_identified = True

    @property
    def header(self) -> Header:
        return Header(
            id=self.session,
            agent=AGENT,
            native_id=self.native,
            kind=self.kind,
            parent=self.parent,
            parent_call=self._parent_call,
            parent_event=self._parent_event,
        )

    def leave_past(self) -> None:
        """Tells where the parent was left, now that the copied rows are over."""
        self.is_past_over = True
        if self.kind == "subagent":
            self._parent_call = self.open_spawn
        if self.kind == "fork" and self.parent is not None and self.last_inherited is not None:
            self._parent_event = ids.event_id(self.parent, self.last_inherited)
        if self._parent_call is not None or self._parent_event is not None:
            self.headers.append(self.header)
        if self.forked_native is not None and self.parent is not None:
            body = SessionForked(
                parent=self.parent, at=self._parent_event, mode="copy", parent_native=self.forked_native
            )
            self.emit("forked", body)

    # -- drafts -------------------------------------------------------------------------------

    def emit(
        self,
        record: str,
        body: AnyBody,
        *,
        loop: str | None = None,
        turn: str | None = None,
        parent: str | None = None,
        ts: int | None = None,
        in_turn: bool = True,
    ) -> str:
        """Adds a draft to this line's; gives its name (made unique where it is not)."""
        name = self.unique(record)
        self.drafts.append(
            Draft(
                session=self.session,
                record=name,
                body=body,
                ts=self.ts if ts is None else ts,
                loop=self.loop if loop is None else loop,
                turn=turn or (self.turn if in_turn else None),
                lane=self.lane,
                parent=parent,
            )
        )
        return name

    def unique(self, record: str) -> str:
        """Gives the name itself the first time, then with the count of equals before."""
        number = self._names.get(record, 0)
        self._names[record] = number + 1
        return f"{record}#{number}" if number else record

    # -- loops --------------------------------------------------------------------------------

    def start_loop(self, loop: str) -> None:
        """Opens a loop; one that is still open ended without a word."""
        if loop in self._loops:
            self.loop = loop
            return
        if self.loop is not None:
            self.end_loop(self.loop, LoopEnded(status="completed" if not self.has_tasks else "aborted"))
        first = not self._loops
        self._loops.add(loop)
        self.loop = loop
        self._turn_in_loop = 0
        self.emit(
            f"loop:{loop}",
            LoopStarted(agent=AGENT, continuation=_continuation(self.kind) if first else "default"),
        )

    def end_loop(self, loop: str, body: LoopEnded) -> bool:
        """Closes a loop and its turn; False where it is closed already or not of this thread."""
        if loop in self._ended or loop not in self._loops:
            return False
        if loop == self.loop:
            if body.status != "completed":
                self._miss(loop)
            self.end_turn()
            self.is_asked = False
        self._ended.add(loop)
        self.emit(f"loop-end:{loop}", body, loop=loop)
        if loop == self.loop:
            self.loop = None
        return True

    def has_loop(self, loop: str | None) -> bool:
        """Tells whether a loop of this id was opened here."""
        return loop in self._loops

    def is_ended(self, loop: str) -> bool:
        return loop in self._ended

    # -- turns --------------------------------------------------------------------------------

    def open_turn(self, name: str) -> None:
        """Opens a turn: one response of the model and the calls it makes."""
        self.end_turn()
        self._turn_in_loop += 1
        self.turn = f"t:{name}"
        self.turn_has_usage = self.turn_has_items = False
        self.turn_has_input = self.turn_is_usage_first = False
        first: Literal["user", "sub_agent"] = "sub_agent" if self.kind == "subagent" else "user"
        trigger: Literal["user", "sub_agent", "continuation"] = (
            first if self._turn_in_loop == 1 else "continuation"
        )
        name = self.emit(f"turn:{self.turn}", TurnStarted(index=self._turn_in_loop, trigger=trigger))
        self.turn = name.removeprefix("turn:")
        self.drafts[-1] = self.drafts[-1].__replace__(turn=self.turn)

    def end_turn(self) -> None:
        if self.turn is not None:
            self.emit(f"turn-end:{self.turn}", TurnEnded())
            self.turn = None

    def output(self, name: str, *, is_item: bool = True) -> None:
        """Notes that the model gave something; opens a turn where the last response is over."""
        self.has_output = True
        over = self.turn is None or (self.turn_has_input and not (is_item and self.turn_is_usage_first))
        if over:
            self.open_turn(name)
        self.turn_has_items = self.turn_has_items or is_item

    def input(self) -> None:
        """Notes that something was given to the model, so that the next output is a new response."""
        self.turn_has_input = True

    def counted(self, key: str, *, is_record: bool) -> None:
        """Notes that a response's usage is known; opens a turn where the one open has its own."""
        if self.turn is None or (self.turn_has_usage and not is_record):
            self.open_turn(name_of("usage", key))
        self.is_asked = False
        self.turn_is_usage_first = not self.turn_has_items
        self.turn_has_usage = True
        if is_record:
            self.turn_has_input = True  # the record is the last word of its response
            self.turn_is_usage_first = False

    # -- calls --------------------------------------------------------------------------------

    def _miss(self, loop: str) -> None:
        """Books the response of a loop that was broken off before its count: it cost something."""
        is_seen = self.turn is not None and not self.turn_has_usage
        if is_seen and self.meter.has_records:
            is_seen = self.turn_has_items  # what people see of a response may come behind its record
        if not is_seen and not self.is_asked:
            return
        key = f"codex:{self.native}:{loop}:cut"
        self.counted(key, is_record=False)
        body = UsageRecorded(
            key=key, tokens=Tokens(), model=self.model, quality="partial", provider=self.provider
        )
        self.emit(f"use:{key}", body)

    def call(self, call: str) -> None:
        """Remembers where a tool was called, for what comes of it later."""
        self._calls[call] = (self.loop, self.turn)

    def has_call(self, call: str) -> bool:
        return call in self._calls

    def place(self, call: str) -> tuple[str | None, str | None]:
        """Gives the loop and turn a call was made in, else those of now."""
        return self._calls.get(call, (self.loop, self.turn))


def _continuation(kind: SessionKind) -> Literal["initial", "branch"]:
    return "branch" if kind == "fork" else "initial"

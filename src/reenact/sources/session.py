"""One session while its transcript is read: this line's drafts, and where in loops and turns we are.

For agents whose log is one session told in order. A draft's name comes from what the agent itself
names (message ids, call ids) or from content, never from its place in the file.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from reenact import ids
from reenact.events import AnyBody, Completeness, Header, SessionKind
from reenact.events.bodies import LoopEnded, LoopStarted, TurnEnded, TurnStarted
from reenact.sources.protocol import Disposition, Draft, Parsed


class Spot(msgspec.Struct, frozen=True, kw_only=True):
    """The loop and turn that something belongs to."""

    loop: str | None = None
    turn: str | None = None


class SessionDrafts:
    """Collects the drafts of one session, line by line."""

    def __init__(self, agent: str, native: str) -> None:
        self.agent = agent
        self.kind: SessionKind = "main"
        self.parent: str | None = None
        self.parent_call: str | None = None
        self.parent_event: str | None = None
        self.hidden = False
        self.ts: int | None = None
        self.lane: str | None = None
        self.loop: str | None = None
        self.turn: str | None = None
        self.unknown: list[str] = []
        self.drafts: list[Draft] = []
        self.headers: list[Header] = []
        self._names: dict[str, int] = {}
        self._loops: set[str] = set()
        self._turn_in_loop = 0
        self.identify(native)

    def identify(self, native: str) -> None:
        """Takes the id that the agent gives the session."""
        self.native = native
        self.id = ids.session_id(self.agent, native)

    def tell_header(self) -> None:
        """Tells who the session is, as far as that is known now."""
        self.headers.append(
            Header(
                id=self.id,
                agent=self.agent,
                native_id=self.native,
                kind=self.kind,
                parent=self.parent,
                parent_call=self.parent_call,
                parent_event=self.parent_event,
                hidden=self.hidden,
            )
        )

    def taken(
        self, disposition: Disposition, *, others: Iterable[SessionDrafts] = (), version: str | None = None
    ) -> Parsed:
        """Gives what the line became (in the other sessions that it told of, too), and forgets it."""
        all_of_them = (self, *others)
        drafts = tuple(draft for each in all_of_them for draft in each.drafts)
        parsed = Parsed(
            disposition="events" if drafts and disposition != "warning" else disposition,
            drafts=drafts,
            headers=tuple(header for each in all_of_them for header in each.headers),
            unknown=tuple(name for each in all_of_them for name in each.unknown),
            agent_version=version,
        )
        for each in all_of_them:
            each.drafts, each.headers, each.unknown = [], [], []
        return parsed

    # -- drafts -------------------------------------------------------------------------------

    def emit(
        self,
        record: str,
        body: AnyBody,
        *,
        spot: Spot | None = None,
        ts: int | None = None,
        parent: str | None = None,
        completeness: Completeness = "full",
    ) -> str:
        """Adds a draft; gives its name (made unique where it is not)."""
        name = self.unique(record)
        spot = self.spot if spot is None else spot
        self.drafts.append(
            Draft(
                session=self.id,
                record=name,
                body=body,
                ts=self.ts if ts is None else ts,
                loop=spot.loop,
                turn=spot.turn,
                lane=self.lane,
                parent=parent,
                completeness=completeness,
            )
        )
        return name

    def unique(self, record: str) -> str:
        """Gives the name itself the first time, then with the count of equals before."""
        number = self._names.get(record, 0)
        self._names[record] = number + 1
        return f"{record}#{number}" if number else record

    def event(self, record: str) -> str:
        """Gives the id of the event that a draft of this session becomes."""
        return ids.event_id(self.id, record)

    @property
    def spot(self) -> Spot:
        return Spot(loop=self.loop, turn=self.turn)

    # -- loops and turns ------------------------------------------------------------------------

    def start_loop(self, loop: str, *, is_branch: bool = False) -> None:
        """Opens a loop; one that is still open is over."""
        if loop in self._loops:
            self.loop = loop
            return
        self.end_loop()
        continuation: Literal["initial", "default", "branch"] = "default" if self._loops else "initial"
        self._loops.add(loop)
        self.loop = loop
        self._turn_in_loop = 0
        self.emit(
            f"loop:{loop}",
            LoopStarted(agent=self.agent, continuation="branch" if is_branch else continuation),
        )

    def end_loop(
        self,
        status: Literal["completed", "rejected", "aborted"] = "completed",
        *,
        reason: str | None = None,
    ) -> None:
        self.end_turn()
        if self.loop is not None:
            self.emit(f"loop-end:{self.loop}", LoopEnded(status=status, reason=reason))
            self.loop = None

    def open_turn(self, name: str) -> None:
        """Opens a turn: one answer of the model and the calls it makes."""
        self.end_turn()
        if self.loop is None:  # a log that begins in the middle
            self.start_loop(name)
        self._turn_in_loop += 1
        self.turn = f"t:{name}"
        first: Literal["user", "sub_agent"] = "sub_agent" if self.kind == "subagent" else "user"
        self.emit(
            f"turn:{self.turn}",
            TurnStarted(
                index=self._turn_in_loop, trigger=first if self._turn_in_loop == 1 else "continuation"
            ),
        )

    def end_turn(self) -> None:
        if self.turn is not None:
            self.emit(f"turn-end:{self.turn}", TurnEnded())
            self.turn = None

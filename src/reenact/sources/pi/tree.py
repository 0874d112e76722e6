"""What the parser remembers of one Pi session: the tree of entries and where the talk is now."""

from __future__ import annotations

import msgspec

from reenact.events import AnyBody
from reenact.events.bodies import SessionStarted
from reenact.sources.pi.records import Entry
from reenact.sources.session import SessionDrafts, Spot

AGENT = "pi"
INHERITED = "inherited"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where an entry stands: the newest event on its branch, and its loop and turn."""

    anchor: str | None = None
    spot: Spot = Spot()


class Tree:
    """One session file while it is read."""

    def __init__(self, native: str) -> None:
        self.drafts = SessionDrafts(AGENT, native)
        self.model: str | None = None
        self.anchor: str | None = None
        """The newest event of the branch that is being written."""
        self.anchors: dict[str, Place] = {}
        self.calls: dict[str, Spot] = {}
        self.inputs: dict[str, tuple[str, object]] = {}
        self.records: dict[str, tuple[str, ...]] = {}
        """Entries → the events that they put into the context."""
        self.answered: dict[str, str] = {}
        """Entries that are results of tools → the call that they answer."""
        self.system: list[str] = []
        """The events that tell the system prompt as it is now."""
        self.forked_at: int | None = None
        """When this session began as a copy; what is older than that was copied."""
        self.is_begun = False
        self.is_branch = False
        self._told: list[str] = []
        self._order: list[str] = []
        self._parents: dict[str, str | None] = {}
        self._head: str | None = None

    def begin(self, body: SessionStarted | None = None) -> None:
        """Tells the beginning, once."""
        if not self.is_begun:
            self.is_begun = True
            self.drafts.tell_header()
            self.drafts.emit("start", body or SessionStarted(agent=AGENT), spot=Spot())

    def enter(self, entry: Entry) -> None:
        """Goes to where an entry hangs."""
        is_copied = self.forked_at is not None and entry.ts is not None and entry.ts < self.forked_at
        self.drafts.lane = INHERITED if is_copied else None
        if entry.id is None or entry.parent == self._head:
            return
        if entry.parent is not None and entry.parent not in self.anchors:
            return  # a gap cuts nothing
        place = self.anchors[entry.parent] if entry.parent is not None else Place()
        self.is_branch = True
        self.drafts.end_turn()
        self.drafts.loop = place.spot.loop
        self.anchor = place.anchor

    def tell(self, name: str, body: AnyBody, *, parent: str | None = None, spot: Spot | None = None) -> str:
        """Adds an event that is part of the context; it is the newest of its branch."""
        self.anchor = self.drafts.emit(name, body, parent=parent, spot=spot)
        self._told.append(self.anchor)
        return self.anchor

    def leave(self, entry: Entry) -> None:
        """Remembers where an entry stands."""
        self.drafts.lane = None
        told, self._told = tuple(self._told), []
        if entry.id is None:
            return
        self.anchors[entry.id] = Place(anchor=self.anchor, spot=self.drafts.spot)
        self._parents[entry.id] = entry.parent
        self._head = entry.id
        self.records[entry.id] = told
        self._order.append(entry.id)

    def hang(self) -> str | None:
        """Gives what the next event hangs on; nothing tells that while the talk just goes on."""
        return self.anchor if self.is_branch else None

    def since(self, first: str | None) -> tuple[str, ...]:
        """Gives the events of the live branch from an entry on."""
        if first is None or first not in self.anchors:
            return ()
        branch: set[str] = set()
        current: str | None = self._head
        while current is not None and current not in branch:
            branch.add(current)
            if current == first:
                break
            current = self._parents.get(current)
        if first not in branch:
            return ()
        found = [name for identity in self._order if identity in branch for name in self.records[identity]]
        return tuple(self.drafts.event(name) for name in found if name not in self.system)

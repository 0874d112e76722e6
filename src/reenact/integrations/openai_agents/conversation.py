"""Conversations of the Agents SDK, kept in an archive: its `Session` protocol, where every edit is an event.

Nothing is ever taken out: what was popped or cleared stays readable in the archive, and is no longer
part of the conversation.
"""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

from agents.memory import SessionSettings

from reenact.errors import ArchiveError
from reenact.events import Event, blocks, bodies
from reenact.recorder import Session, plain

if TYPE_CHECKING:
    from agents.items import TResponseInputItem

ITEM = "openai_agents.item"
_ORIGIN = "openai-agents"


class Recordings(Protocol):
    """What keeps sessions; an archive does."""

    def record(self, *, agent: str, session: str) -> Session: ...


class Conversation:
    """One conversation under an id of the agent's own; the same id again goes on where it was.

    Args:
        archive: where it is kept.
        session_id: its id, any text.
        agent: whose it is.
        settings: the SDK's own settings of it.
    """

    def __init__(
        self,
        archive: Recordings,
        session_id: str,
        *,
        agent: str = "conversation",
        settings: SessionSettings | None = None,
    ) -> None:
        self.session_id = session_id
        self.session_settings = settings
        self._archive = archive
        self._agent = agent
        self._lock = threading.Lock()
        self._session: Session | None = None
        self._kept: list[tuple[str, Any]] = []
        """Event and item of what is part of the conversation now."""

    async def get_items(self, limit: int | None = None) -> list[TResponseInputItem]:
        """Gives the items, or the latest so many, oldest first."""
        settings = self.session_settings
        most = limit if limit is not None else settings.limit if settings is not None else None
        with self._lock:
            self._open()
            items = [item for _, item in self._kept]
        if most is None:
            return items
        return items[-most:] if most > 0 else []

    async def add_items(self, items: list[TResponseInputItem]) -> None:
        """Adds items."""
        await asyncio.shield(asyncio.to_thread(self._add, [plain(item) for item in items]))

    async def pop_item(self) -> TResponseInputItem | None:
        """Takes the latest item out of the conversation and gives it."""
        return await asyncio.shield(asyncio.to_thread(self._pop))

    async def clear_session(self) -> None:
        """Takes all items out of the conversation."""
        await asyncio.shield(asyncio.to_thread(self._clear))

    def close(self) -> None:
        """Puts the conversation down; it goes on with the next word."""
        with self._lock:
            if self._session is not None:
                self._session.end()
                self._session = None

    def _add(self, items: list[Any]) -> None:
        with self._lock:
            session = self._open()
            for item in items:
                self._kept.append((self._emit(session, _body(item)).id, item))

    def _pop(self) -> Any:
        with self._lock:
            session = self._open()
            if not self._kept:
                return None
            name, item = self._kept[-1]
            before = self._kept[-2][0] if len(self._kept) > 1 else None
            self._emit(session, bodies.ContextReverted(to=before, abandoned=(name,), reason="popped"))
            self._kept.pop()
            return item

    def _clear(self) -> None:
        with self._lock:
            session = self._open()
            self._emit(session, bodies.ContextReset(reason="cleared"))
            self._kept.clear()

    def _open(self) -> Session:
        """Opens the session, and reads what it holds."""
        if self._session is None:
            session = self._archive.record(agent=self._agent, session=self.session_id).start()
            weakref.finalize(self, session.end)
            self._kept = list(_items(session.events()))
            self._session = session
        return self._session

    def _emit(self, session: Session, body: bodies.AnyBody) -> Event:
        event = session.emit(body)
        if event is None:
            raise ArchiveError(f"conversation {self.session_id} cannot be kept: {session.degraded}")
        return event


def _body(item: Any) -> bodies.AnyBody:
    """Gives what was said as what it is, with the SDK's own words for it beside."""
    text = _text(item)
    if text is None:
        return bodies.Custom(name=ITEM, data=item)
    said = (blocks.Text(text=text, extra={"item": item}),)
    if item.get("role") == "user":
        return bodies.UserMessage(blocks=said, human=True, origin=_ORIGIN)
    return bodies.AssistantMessage(blocks=said)


def _text(item: Any) -> str | None:
    """Gives what a message says, if it says one text and nothing else."""
    match item:
        case {"role": "user" | "assistant", "content": str(text)}:
            return text
        case {"role": "user" | "assistant", "content": [{"text": str(text)}]}:
            return text
    return None


def _items(events: Iterable[Event]) -> Iterator[tuple[str, Any]]:
    kept: list[tuple[str, Any]] = []
    for event in events:
        match event.body:
            case bodies.Custom(name=name, data=data) if name == ITEM:
                kept.append((event.id, data))
            case bodies.UserMessage(blocks=said) | bodies.AssistantMessage(blocks=said):
                kept.extend((event.id, item) for item in map(_item, said) if item is not None)
            case bodies.ContextReverted(abandoned=(name,)):
                kept = [one for one in kept if one[0] != name]
            case bodies.ContextReset():
                kept = []
            case _:
                pass
    return iter(kept)


def _item(block: blocks.AnyBlock) -> Any:
    return (block.extra or {}).get("item") if isinstance(block, blocks.Text) else None

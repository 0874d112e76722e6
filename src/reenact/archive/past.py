"""The past that a fork shares with its parent without holding a copy of it."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from reenact.events.bodies import SessionForked

if TYPE_CHECKING:
    from reenact.store import Store

_HEAD = 20


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """Where a fork left its parent: the parent's events up to and including `seq` are its past, too."""

    session: str
    seq: int


def past_of(store: Store, session: str) -> Past | None:
    """Gives the shared past of a fork; None where it has none, holds a copy, or its parent is not kept."""
    for event in islice(store.events(session), _HEAD):
        body = event.body
        if isinstance(body, SessionForked) and body.mode != "copy":
            seq = _seq(store, body)
            return Past(session=body.parent, seq=seq) if seq else None
    return None


def _seq(store: Store, forked: SessionForked) -> int:
    """Gives the last shared position in the parent; 0 where that cannot be told."""
    last = 0
    for event in store.events(forked.parent):
        if forked.offset is not None:
            if event.origin is not None and event.origin.offset >= forked.offset:
                break
            last = event.seq
        elif event.id == forked.at:
            return event.seq
    return last

"""Small sessions and transcripts for tests of the store."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reenact import ids
from reenact.events import FORMAT, AnyBody, Event, Header, Origin, SessionKind, Tokens, blocks, bodies
from reenact.store import Derived, Kept, OriginalKey, Place, Store

SECOND = 1_000_000
START = 1_700_000_000_000_000
AGENT = "agent_a"


class FlatPricer:
    """One thousand pico-USD a token; the model `unpriced` has no price."""

    def __init__(self, version: str = "flat-1", rate: int = 1000) -> None:
        self.price_version = version
        self._rate = rate

    def __call__(self, model: str | None, tokens: Tokens, ts: int | None, agent: str) -> int | None:
        del ts, agent
        return None if model == "unpriced" else tokens.total * self._rate


def key(name: str, *, agent: str = AGENT) -> OriginalKey:
    return OriginalKey(id=ids.original_id(agent, name), agent=agent, key=name)


def place(path: str, content: bytes, *, inode: int = 1, mtime: int = 1) -> Place:
    return Place(path=path, size=len(content), mtime_ns=mtime, inode=inode)


def keep(
    store: Store,
    name: str,
    content: bytes,
    *,
    path: str | None = None,
    inode: int = 1,
    sidecars: Mapping[str, bytes] | None = None,
) -> Kept:
    where = place(path or f"/logs/{name}.jsonl", content, inode=inode)
    return store.keep(key(name), io.BytesIO(content), place=where, sidecars=sidecars)


def header(session: str, **told: Any) -> Header:
    return Header(**{"id": session, "agent": AGENT, "native_id": f"native-{session}", **told})


def child_of(session: str, parent: str, *, kind: SessionKind = "subagent", **told: Any) -> Header:
    return header(session, kind=kind, parent=parent, **told)


def event(session: str, seq: int, body: AnyBody, *, name: str | None = None, **envelope: Any) -> Event:
    ts = envelope.pop("ts", START + seq * SECOND)
    envelope.setdefault("source_kind", "provider_file")
    return Event(
        v=FORMAT,
        seq=seq,
        id=ids.event_id(session, name or f"r{seq}"),
        session=session,
        ts=ts,
        recorded_at=START,
        body=body,
        **envelope,
    )


def line(session: str, *made: AnyBody, start: int = START) -> list[Event]:
    """Gives the events of a session, one second apart."""
    return [event(session, seq, body, ts=start + seq * SECOND) for seq, body in enumerate(made, 1)]


def prompt(text: str, **told: Any) -> bodies.UserMessage:
    return bodies.UserMessage(blocks=(blocks.Text(text=text),), **told)


def answer(text: str, **told: Any) -> bodies.AssistantMessage:
    return bodies.AssistantMessage(blocks=(blocks.Text(text=text),), **told)


def usage(name: str, output: int = 5, *, input: int = 10, **told: Any) -> bodies.UsageRecorded:  # noqa: A002
    told.setdefault("model", "model-1")
    return bodies.UsageRecorded(key=name, tokens=Tokens(input=input, output=output), **told)


def warning(message: str = "the line is not JSON") -> bodies.ParseWarning:
    return bodies.ParseWarning(message=message, raw="{", size=1)


def derive(
    store: Store,
    name: str,
    sessions: Sequence[tuple[Header, Iterable[Event]]],
    *,
    parser: str = "agent_a/1",
    fresh: bool = True,
    removed: Mapping[str, int] | None = None,
    unknown: Mapping[tuple[str, str], int] | None = None,
) -> None:
    """Derives an original's events as ingest does; keeps one first where there is none."""
    original = key(name).id
    if store.original(original) is None:
        keep(store, name, f"{name}\n".encode())
    found = store.original(original)
    assert found is not None
    lengths = tuple(generation.length for generation in found.generations)
    with store.derive(original, Derived(parser=parser, lengths=lengths), fresh=fresh) as deriving:
        lines = 0
        for told, events in sessions:
            deriving.header(told)
            for made in events:
                deriving.add(made)
                lines += 1
        for session, count in (removed or {}).items():
            deriving.removed(session, count)
        deriving.count({"events": lines}, unknown=unknown or {})


def at(original: str, offset: int, length: int = 10) -> Origin:
    return Origin(original=key(original).id, offset=offset, length=length)

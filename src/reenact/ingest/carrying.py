"""Takes in what another archive gave out: a portable file, or a whole archive; nothing here is changed by it.

A session that is here already is left as it is, or goes on where the other one has more of it. Where the
two say different things, the one that is here stays, and the other is told of.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any, BinaryIO

import msgspec
import zstandard

from reenact.errors import ReenactError, UsageError
from reenact.events import Event, Header, decode
from reenact.ingest.derive import derive
from reenact.sources import Source
from reenact.store import Annotation, Filter, Place, Store

_LINE = 64 * 1024 * 1024
"""Bytes of one line of a portable file; a longer one is taken for an attack."""
_WINDOW = 1 << 27


class Taken(msgspec.Struct, kw_only=True):
    """What was taken in. It counts while work goes on."""

    new: int = 0
    extended: int = 0
    unchanged: int = 0
    refused: list[str] = []
    """Sessions that are here, and say something else."""
    events: int = 0
    originals: int = 0


class _Session:
    """One session of a portable file, as far as it was read."""

    def __init__(self, header: Header) -> None:
        self.header = header
        self.events: list[Event] = []
        self.notes: list[Annotation] = []


def from_file(store: Store, stream: BinaryIO) -> Taken:
    """Takes in a portable file.

    Raises:
        UsageError: it is no such file, was cut off, or is damaged. What was whole before that is taken in.
    """
    taken, session, is_whole = Taken(refused=[]), None, False
    lines = _lines(stream)
    first = next(lines, {})
    if first.get("reenact") != 1:
        raise UsageError("this is no portable file of reenact that this version reads")
    for value in lines:
        match value:
            case {"header": header}:
                _put(store, session, taken)
                session = _Session(_read(header, Header))
            case {"event": event} if session is not None:
                session.events.append(decode(msgspec.json.encode(event)))
            case {"note": note} if session is not None:
                session.notes.append(_read(note, Annotation))
            case {"blob": str(name), "data": str(data)}:
                _blob(store, name, data)
            case {"end": _}:
                is_whole = True
            case _:
                raise UsageError("the file holds a line that belongs nowhere")
    _put(store, session, taken)
    if not is_whole:
        raise UsageError("the file was cut off", hint="what came before its end was taken in")
    return taken


def from_archive(
    store: Store, other: Store, sources: Iterable[Source], *, tell: Callable[[str], None] = lambda _: None
) -> Taken:
    """Takes in all that another archive keeps: its originals, its recordings, its notes."""
    taken = Taken(refused=[])
    by_agent = {source.agent: source for source in sources}
    for original in other.originals():
        key = original.key
        if store.is_removed(key.id):
            continue
        tell(key.key)
        changes = set()
        for generation in original.generations:
            with other.open_original(key.id, generation.number) as stream:
                path = original.places[-1] if original.places else key.key
                place = Place(path=f"{path} (of another archive)", size=0, mtime_ns=0, inode=0)
                kept = store.keep(key, stream, place=place, sidecars=other.sidecars(key.id))
                changes.add(kept.change)
        taken.originals += changes != {"unchanged"}
        here, source = store.original(key.id), by_agent.get(key.agent)
        if here is not None and source is not None:
            taken.events += derive(store, source, here).events
    for row in other.sessions(Filter()):
        notes = other.annotations(row.id)
        if row.original is None:
            session = _Session(_header(row))
            session.events = list(other.events(row.id))
            session.notes = list(notes)
            for name in _blobs(session.events):
                if (data := other.blob(name)) is not None:
                    store.put_blob(data)
            _put(store, session, taken)
        else:
            _note(store, row.id, notes)
    return taken


def _put(store: Store, session: _Session | None, taken: Taken) -> None:
    """Writes a session that is whole."""
    if session is None or not session.events or store.is_removed(session.header.id):
        return
    header = session.header
    here = store.sessions(Filter(sessions=(header.id,)))
    _note(store, header.id, session.notes)
    if here and here[0].original is not None:  # its transcript is kept: nothing tells it better
        taken.unchanged += 1
        return
    known = list(store.events(header.id)) if here else []
    same = [_bare(event) for event in session.events[: len(known)]] == [_bare(event) for event in known]
    if not same and len(session.events) >= len(known):
        taken.refused.append(header.id)
        return
    rest = session.events[len(known) :]
    if not rest:
        taken.unchanged += 1
        return
    with closing(store.writer(header)) as writer:
        for event in rest:
            writer.append(event)
        writer.sync()
    taken.events += len(rest)
    if known:
        taken.extended += 1
    else:
        taken.new += 1


def _note(store: Store, session: str, notes: Sequence[Annotation]) -> None:
    known = {(each.text, each.target, each.add, each.remove) for each in store.annotations(session)}
    for note in notes:
        if (note.text, note.target, note.add, note.remove) not in known:
            store.annotate(session, text=note.text, target=note.target, add=note.add, remove=note.remove)


def _bare(event: Event) -> Event:
    return msgspec.structs.replace(event, origin=None, recorded_at=0)


def _header(row: Any) -> Header:
    return Header(
        id=row.id,
        agent=row.agent,
        native_id=row.native_id,
        kind=row.kind,
        parent=row.parent,
        parent_call=row.parent_call,
        parent_event=row.parent_event,
        hidden=row.hidden,
    )


def _blobs(events: Iterable[Event]) -> set[str]:
    found: set[str] = set()
    for event in events:
        text = msgspec.json.encode(event)
        at = text.find(b'"sha256:')
        while at >= 0:
            end = text.find(b'"', at + 1)
            found.add(text[at + 1 : end].decode())
            at = text.find(b'"sha256:', end + 1)
    return found


def _blob(store: Store, name: str, data: str) -> None:
    try:
        kept = store.put_blob(base64.b85decode(data))
    except (ValueError, binascii.Error) as error:
        raise UsageError(f"the payload {name[:20]} is damaged") from error
    if kept != name:
        raise UsageError(f"the payload {name[:20]} is not what its name says")


def _read(value: object, kind: type[Any]) -> Any:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise UsageError(f"the file holds a {kind.__name__.lower()} that cannot be read: {error}") from error


def _lines(stream: BinaryIO) -> Iterator[dict[str, Any]]:
    """Yields the objects of a packed file.

    Raises:
        UsageError: it cannot be unpacked, or a line is none or too long.
    """
    unpacked = zstandard.ZstdDecompressor(max_window_size=_WINDOW).stream_reader(stream)
    rest = b""
    try:
        while piece := unpacked.read(1 << 20):
            *lines, rest = (rest + piece).split(b"\n")
            if len(rest) > _LINE:
                raise UsageError("the file holds a line that is too long")
            for line in lines:
                value = msgspec.json.decode(line)
                if not isinstance(value, dict):
                    raise UsageError("the file holds a line that is no object")
                yield value
    except (zstandard.ZstdError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"the file is damaged: {error}") from error
    except ReenactError:
        raise

"""A recorded answer in the words of the actual run, for every dialect whose answers are events.

A value may be cut by the border of two events. So the pieces of one text are joined, mapped, and
cut again at the recorded lengths; every other string of an event is mapped as it stands. The number
of events stays, and an event in which nothing changed is served byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from reenact.wire import canonical, sse
from reenact.wire.recut import recut

if TYPE_CHECKING:
    from reenact.wire.canonical import Json, Object
    from reenact.wire.mapping import Mapper

Path = tuple[str | int, ...]
Further = Callable[[str, "Mapper"], str]
"""Maps in a text what is no string of it."""


class Fragment(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a longer text: which text it is of, where it stands in its event."""

    text_of: tuple[object, ...]
    path: Path
    text: str
    is_json: bool = False
    """True where the whole text is JSON: then the strings in it are mapped."""
    further: Further | None = None
    """What else is mapped in the whole text."""


class Event:
    """One event of a recorded stream: its bytes, its data, and how other data are written."""

    __slots__ = ("data", "piece", "write")

    def __init__(self, piece: bytes, data: Object | None, write: Callable[[bytes], bytes]) -> None:
        self.piece = piece
        self.data = data
        self.write = write


def sse_event(piece: bytes) -> Event:
    """Takes a server-sent event; data that are no object, or torn, stay as recorded."""
    frames = sse.decode(piece)
    if len(frames) != 1 or frames[0].is_torn:
        return Event(piece, None, bytes)
    frame = frames[0]

    def write(data: bytes) -> bytes:
        return sse.encode(msgspec.structs.replace(frame, data=data.decode()))

    return Event(piece, object_of(frame.data), write)


def object_of(data: str | bytes) -> Object | None:
    """Decodes data that should be an object; None for what is none."""
    try:
        value = canonical.decode(data)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def rewritten(
    events: Sequence[Event],
    mapper: Mapper,
    fragments: Callable[[Object], Iterable[Fragment]],
    sealed: frozenset[str],
    further: Mapping[str, Further] | None = None,
) -> tuple[bytes, ...]:
    """Maps the events of a stream; gives their bytes one by one."""
    found = [[] if one.data is None else list(fragments(one.data)) for one in events]
    texts = _recut(found, mapper)
    out: list[bytes] = []
    for place, event in enumerate(events):
        if event.data is None:
            out.append(event.piece)
            continue
        changed = mapped(event.data, mapper, sealed, further)
        for number, fragment in enumerate(found[place]):
            _put(changed, fragment.path, texts.get((place, number), fragment.text))
        out.append(event.piece if changed == event.data else event.write(canonical.dump(changed)))
    return tuple(out)


def mapped(
    value: Json, mapper: Mapper, sealed: frozenset[str], further: Mapping[str, Further] | None = None
) -> Json:
    """Maps every string of a value but those that only the provider can read.

    `further` names members whose text is mapped in another way as well.
    """
    if isinstance(value, dict):
        return {
            mapper.text(name): item if name in sealed else _member(name, item, mapper, sealed, further)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [mapped(item, mapper, sealed, further) for item in value]
    return mapper.text(value) if isinstance(value, str) else value


def _member(
    name: str, item: Json, mapper: Mapper, sealed: frozenset[str], further: Mapping[str, Further] | None
) -> Json:
    after = mapped(item, mapper, sealed, further)
    more = further.get(name) if further else None
    return more(after, mapper) if more is not None and isinstance(after, str) else after


def _recut(found: Sequence[Sequence[Fragment]], mapper: Mapper) -> dict[tuple[int, int], str]:
    """Gives the new piece of text for every fragment whose text changes, by event and place in it."""
    runs: dict[tuple[object, ...], list[tuple[tuple[int, int], Fragment]]] = {}
    for place, fragments in enumerate(found):
        for number, fragment in enumerate(fragments):
            runs.setdefault(fragment.text_of, []).append(((place, number), fragment))
    changed: dict[tuple[int, int], str] = {}
    for run in runs.values():
        text = "".join(fragment.text for _, fragment in run)
        after = mapper.json_text(text) if run[0][1].is_json else mapper.text(text)
        if run[0][1].further is not None:
            after = run[0][1].further(after, mapper)
        if after != text:
            cut = recut(after, [len(fragment.text) for _, fragment in run])
            changed.update(zip((key for key, _ in run), cut, strict=True))
    return changed


def _put(value: Json, path: Path, text: str) -> None:
    for step in path[:-1]:
        value = value[step]  # type: ignore[index]  # a path leads through what it was found in
    value[path[-1]] = text  # type: ignore[index]  # as above

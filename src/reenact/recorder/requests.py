"""Keeps requests by content: each part once, and of a request only what it adds to the one before it.

A request repeats the whole conversation. Its messages go by the hash of their bytes; small ones stand
in the event of the request that names them first, large ones are blobs. What is equal to the latest
request of its lane, byte for byte, is not even hashed again. There is no other way to keep a request.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from reenact.events.blocks import RequestRef
from reenact.recorder.unchanged import Unchanged, UnchangedMembers

if TYPE_CHECKING:
    from reenact.recorder.recorder import Recorder

SMALL = 4096
"""Bytes from which on a part is a blob of its own."""
_REMEMBERED = 20_000
"""Parts that are known by their hash."""

ScrubText = Callable[[str], str]
"""Gives a text without its secrets."""


class _Lane(msgspec.Struct):
    """The latest request of a lane."""

    exchange: str
    shape: bytes
    shape_name: str | None
    raws: Sequence[bytes]
    names: list[str]
    origins: list[str]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A request that is ready to be written down; `RequestKeeper.kept` is told once it is."""

    reference: RequestRef
    provenance: tuple[str, ...]
    """Of each message in the reference: the event it came from, or empty where nothing tells."""
    lane: str
    exchange: str
    shape: bytes
    raws: Sequence[bytes]
    names: list[str]
    origins: list[str]
    is_whole: bool
    """False where a part of it could not be kept: later requests then do not build on it."""


class RequestKeeper:
    """Makes references of requests for one session."""

    def __init__(
        self,
        recorder: Recorder,
        *,
        scrub_text: ScrubText,
        is_clean: Callable[[bytes], bool] | None = None,
        origin: Callable[[bytes], str] | None = None,
    ) -> None:
        self._recorder = recorder
        self._scrub = scrub_text
        self._is_clean = is_clean or _is_never_clean
        self._origin = origin
        self._names: OrderedDict[bytes, str] = OrderedDict()
        self._inline: set[str] = set()
        self._lanes: dict[str, _Lane] = {}
        self._unchanged: dict[str, Unchanged] = {}
        self._shapes: dict[str, UnchangedMembers] = {}
        self._lock = threading.Lock()

    def ask(
        self,
        exchange: str,
        *,
        lane: str,
        shape: bytes,
        messages: Sequence[bytes],
        field: str = "messages",
        origins: Sequence[str] | None = None,
    ) -> Asked:
        """Gives the reference of a request.

        Args:
            exchange: the request's own name.
            lane: the strand of requests that each repeat the one before.
            shape: JSON of the body without its messages.
            messages: JSON of each message.
            field: the member of the body that the messages are.
            origins: where each message came from, if the caller knows better than the events.
        """
        with self._lock:
            before = self._lanes.get(lane)
            keep = _shared(before.raws, messages) if before is not None else 0
            parts: dict[str, str] = {}
            told = self._origins(before.origins[:keep] if before is not None else [], messages, origins)
            tail = names = self._names_of(messages[keep:], parts)
            if before is not None:
                names = before.names[:keep] + tail
                if keep < len(before.names):
                    keep = _shared(before.names, names)
            reference = RequestRef(
                shape=self._name_of_shape(shape, before, parts),
                messages=tuple(names[keep:]),
                base=before.exchange if before is not None and keep else None,
                keep=keep,
                field=field,
                parts=parts,
            )
            named = {*tail, reference.shape}
            fresh = told[keep:]
            return Asked(
                reference=reference, provenance=tuple(fresh) if any(fresh) else (), lane=lane,
                exchange=exchange, shape=shape, raws=messages, names=names, origins=told,
                is_whole=named.difference(parts) <= self._inline,
            )  # fmt: skip

    def encoded(self, lane: str, values: Sequence[Any], encode: Callable[[Any], bytes]) -> list[bytes]:
        """Gives the JSON of the values of a lane's next request; those that did not change cost nothing."""
        with self._lock:
            known = self._unchanged.get(lane)
            if known is None:
                known = self._unchanged[lane] = Unchanged(encode)
            return known.encoded(values)

    def encoded_shape(self, lane: str, fields: Mapping[str, Any], encode: Callable[[Any], bytes]) -> bytes:
        """Gives the JSON of all but the messages of a lane's next request, by `encoded`'s rule."""
        with self._lock:
            known = self._shapes.get(lane)
            if known is None:
                known = self._shapes[lane] = UnchangedMembers(encode)
            return known.encoded(fields)

    def kept(self, asked: Asked) -> None:
        """Takes note that a request was written down: later ones may name it and its parts."""
        with self._lock:
            self._inline.update(asked.reference.parts)
            if not asked.is_whole:
                self._lanes.pop(asked.lane, None)
                return
            self._lanes[asked.lane] = _Lane(
                exchange=asked.exchange, shape=asked.shape, shape_name=asked.reference.shape,
                raws=asked.raws, names=asked.names, origins=asked.origins,
            )  # fmt: skip

    def cleaned(self, raw: bytes) -> bytes:
        """Gives bytes without their secrets."""
        if self._is_clean(raw):
            return raw
        return self._scrub(raw.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")

    def _name_of_shape(self, shape: bytes, before: _Lane | None, parts: dict[str, str]) -> str:
        """Gives the name of what mostly stays from request to request, and is large."""
        if before is not None and before.shape_name is not None and before.shape == shape:
            return before.shape_name
        return self._name(shape, hashlib.sha256(shape).digest(), parts)

    def _names_of(self, raws: Sequence[bytes], parts: dict[str, str]) -> list[str]:
        """Gives the names of messages; new ones are searched for secrets together."""
        digests = [hashlib.sha256(raw).digest() for raw in raws]
        new = {digest: raw for digest, raw in zip(digests, raws, strict=True) if digest not in self._names}
        vouched = new if new and self._is_clean(b"\n".join(new.values())) else {}
        return [
            self._name(raw, digest, parts, is_clean=digest in vouched)
            for raw, digest in zip(raws, digests, strict=True)
        ]

    def _name(self, raw: bytes, digest: bytes, parts: dict[str, str], *, is_clean: bool = False) -> str:
        """Gives the name of a part without its secrets, and keeps it where it is new.

        `is_clean` tells that it is known to hold none.
        """
        name = self._names.get(digest)
        if name is not None and (name in self._inline or name in parts or len(raw) >= SMALL):
            self._names.move_to_end(digest)
            return name
        clean = raw if is_clean else self.cleaned(raw)
        name = f"sha256:{(digest if clean is raw else hashlib.sha256(clean).digest()).hex()}"
        text = None
        if len(clean) < SMALL and len(raw) < SMALL:
            text = _as_text(clean)
        if text is None:
            if self._recorder.put(clean) is None:
                return name  # it is tried again with the next request that holds it
            self._inline.add(name)
        elif name not in self._inline:
            parts[name] = text
        self._names[digest] = name
        if len(self._names) > _REMEMBERED:
            self._names.popitem(last=False)
        return name

    def _origins(self, known: list[str], messages: Sequence[bytes], told: Sequence[str] | None) -> list[str]:
        """Gives where each message came from, of which the first ones are known."""
        if told is not None:
            return [*told, *("" for _ in range(len(messages) - len(told)))][: len(messages)]
        origin = self._origin
        if origin is None:
            return [""] * len(messages)
        return known + [origin(raw) for raw in messages[len(known) :]]


def _shared(old: Sequence[bytes] | Sequence[str], new: Sequence[bytes] | Sequence[str]) -> int:
    """Gives how many items two lists begin with alike."""
    if old == new[: len(old)]:
        return len(old)
    count = 0
    for one, other in zip(old, new, strict=False):
        if one != other:
            break
        count += 1
    return count


def _as_text(data: bytes) -> str | None:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _is_never_clean(_: bytes) -> bool:
    return False

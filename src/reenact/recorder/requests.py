"""Keeps requests by content: each part once, and of a request only what it adds to the one before it.

A request repeats the whole conversation. Its messages go by the hash of their bytes; small ones stand
in the event of the request that names them first, large ones are blobs. What is equal to the latest
request of its lane, byte for byte, is not even hashed again. There is no other way to keep a request.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from reenact.events.blocks import RequestRef
from reenact.recorder.unchanged import Unchanged

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
    raws: list[bytes]
    names: list[str]
    origins: list[str]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A request that is ready to be written down; `RequestKeeper.kept` is told once it is."""

    reference: RequestRef
    provenance: tuple[str, ...]
    """Of each message in the reference: the event it came from, or empty where nothing tells."""
    lane: str
    exchange: str
    raws: list[bytes]
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
            tail = [self._name(raw, parts) for raw in messages[keep:]]
            names = tail
            if before is not None:
                names = [*before.names[:keep], *tail]
                if keep < len(before.names):
                    keep = _shared(before.names, names)
            told = self._origins(before, messages, origins)
            reference = RequestRef(
                shape=self._name(shape, parts),
                messages=tuple(names[keep:]),
                base=before.exchange if before is not None and keep else None,
                keep=keep,
                field=field,
                parts=parts,
            )
            is_whole = all(name in self._inline or name in parts for name in (*tail, reference.shape))
            provenance = tuple(told[keep:]) if any(told[keep:]) else ()
            return Asked(
                reference=reference, provenance=provenance, lane=lane, exchange=exchange,
                raws=list(messages), names=names, origins=told,
                is_whole=is_whole,
            )  # fmt: skip

    def encoded(self, lane: str, values: Sequence[Any], encode: Callable[[Any], bytes]) -> list[bytes]:
        """Gives the JSON of the values of a lane's next request; those that did not change cost nothing."""
        with self._lock:
            known = self._unchanged.get(lane)
            if known is None:
                known = self._unchanged[lane] = Unchanged(encode)
            return known.encoded(values)

    def kept(self, asked: Asked) -> None:
        """Takes note that a request was written down: later ones may name it and its parts."""
        with self._lock:
            self._inline.update(asked.reference.parts)
            if not asked.is_whole:
                self._lanes.pop(asked.lane, None)
                return
            self._lanes[asked.lane] = _Lane(
                exchange=asked.exchange, raws=asked.raws, names=asked.names, origins=asked.origins
            )

    def cleaned(self, raw: bytes) -> bytes:
        """Gives bytes without their secrets."""
        if self._is_clean(raw):
            return raw
        return self._scrub(raw.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")

    def _name(self, raw: bytes, parts: dict[str, str]) -> str:
        """Gives the name of a part without its secrets, and keeps it where it is new."""
        digest = hashlib.sha256(raw).digest()
        name = self._names.get(digest)
        if name is not None and (name in self._inline or name in parts or len(raw) >= SMALL):
            self._names.move_to_end(digest)
            return name
        clean = self.cleaned(raw)
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

    def _origins(
        self, before: _Lane | None, messages: Sequence[bytes], told: Sequence[str] | None
    ) -> list[str]:
        if told is not None:
            return [*told, *("" for _ in range(len(messages) - len(told)))][: len(messages)]
        origin = self._origin
        if origin is None:
            return [""] * len(messages)
        same = _shared(before.raws, messages) if before is not None else 0
        known = before.origins[:same] if before is not None else []
        return [*known, *(origin(raw) for raw in messages[same:])]


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

"""Results of parallel calls in the order of their calls, whatever order they came back in.

An agent that runs tools in parallel sends their results in the order in which they ended. A replay
answers at once, so that order changes from run to run while every result is the same. Results name
their calls; the order says nothing.
"""

from __future__ import annotations

import hashlib

import msgspec

from reenact.wire import canonical
from reenact.wire.canonical import Json, Object
from reenact.wire.request import Request, as_blocks

_RESULT = b'"tool_result"'
_SOME = 2
_REMEMBERED = 20_000


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """A request with its results in order, and in which order they came (empty where that is the order)."""

    request: Request
    sent: Request
    """The request as it came."""
    order: str = ""


class Settler:
    """Puts results in order; remembers the messages it has seen."""

    def __init__(self) -> None:
        self._known: dict[tuple[bytes, bytes], _Reordered | None] = {}
        self._orderless: set[bytes] = set()
        """Messages with less than two results: nearly all."""

    def settle(self, request: Request) -> Settled:
        """Gives the request with every message's results in the order of the calls before it."""
        raws, orderless = request.raw_messages, self._orderless
        changed: dict[int, _Reordered] = {}
        for place, digest in enumerate(request.digests):
            if digest in orderless or not place:
                continue
            raw = bytes(raws[place])
            if raw.count(_RESULT) < _SOME:  # one result has no order; this spares decoding nearly all
                self._note(digest)
                continue
            other = self._ordered(bytes(raws[place - 1]), raw)
            if other is not None:
                changed[place] = other
        if not changed:
            return Settled(request=request, sent=request)
        settled = tuple(changed[place].raw if place in changed else raw for place, raw in enumerate(raws))
        return Settled(
            request=msgspec.structs.replace(request, raw_messages=settled),
            sent=request,
            order=";".join(f"{place}:{one.order}" for place, one in changed.items()),
        )

    def _note(self, digest: bytes) -> None:
        if len(self._orderless) >= _REMEMBERED:
            self._orderless.clear()
        self._orderless.add(digest)

    def _ordered(self, before: bytes, raw: bytes) -> _Reordered | None:
        key = (hashlib.sha256(before).digest(), hashlib.sha256(raw).digest())
        if key not in self._known:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[key] = _reordered(before, raw)
        return self._known[key]


class _Reordered(msgspec.Struct, frozen=True, kw_only=True):
    raw: msgspec.Raw
    order: tuple[int, ...]


def _reordered(before: bytes, raw: bytes) -> _Reordered | None:
    asked, message = (canonical.decode_raw(msgspec.Raw(data)) for data in (before, raw))
    if not isinstance(asked, dict) or not isinstance(message, dict):
        return None
    content = message.get("content")
    if not isinstance(content, list):
        return None
    calls = [block.get("id") for block in as_blocks(asked.get("content"))]
    places = [place for place, block in enumerate(content) if _is_result(block)]
    ordered = sorted(places, key=lambda place: _rank(content[place], calls))
    if ordered == places:
        return None
    blocks = list(content)
    for place, source in zip(places, ordered, strict=True):
        blocks[place] = content[source]
    settled: Object = {**message, "content": blocks}
    return _Reordered(raw=msgspec.Raw(canonical.dump(settled)), order=tuple(ordered))


def _is_result(block: Json) -> bool:
    return isinstance(block, dict) and block.get("type") == "tool_result"


def _rank(block: Json, calls: list[Json]) -> int:
    call = block.get("tool_use_id") if isinstance(block, dict) else None
    return calls.index(call) if call in calls else len(calls)

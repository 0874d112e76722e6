"""Takes secrets out of requests, part by part: a history that was searched once is not searched again.

The parts are those that a recording keeps apart (each message, and the rest as one), so that a
request to a replay loses exactly what the recorded one had lost.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from reenact.wire.anthropic import Request, parse_request

if TYPE_CHECKING:
    from collections.abc import Mapping

_REMEMBERED = 20_000
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Cleaner:
    """Gives requests without their secrets; remembers the parts that had none."""

    def __init__(self, scrub: Callable[[str], str]) -> None:
        self._scrub = scrub
        self._clean: set[bytes] = set()

    def request(self, body: bytes) -> Request:
        """Reads a request body as a recording of it would be read."""
        request = parse_request(body)
        if request.defect is not None:
            return parse_request(self._text(body))
        changed: dict[int, bytes] = {}
        for place, (name, raw) in enumerate(zip(request.digests, request.raw_messages, strict=True)):
            if name not in self._clean and (other := self._part(name, bytes(raw))) is not None:
                changed[place] = other
        rest = self._rest(request)
        if not changed and rest is None:
            return request
        messages = [msgspec.Raw(changed.get(at, bytes(raw))) for at, raw in enumerate(request.raw_messages)]
        fields = dict(request.fields if rest is None else rest)
        if changed:
            fields["messages"] = msgspec.Raw(msgspec.json.encode(messages))
        return parse_request(msgspec.json.encode(fields))

    def _rest(self, request: Request) -> Mapping[str, msgspec.Raw] | None:
        """Gives what is no message, cleaned as one; None where nothing changed."""
        fields = {name: raw for name, raw in request.fields.items() if name != "messages"}
        raw = msgspec.json.encode(fields)
        name = hashlib.sha256(raw).digest()
        if name in self._clean or (clean := self._part(name, raw)) is None:
            return None
        return {**_fields.decode(clean), "messages": request.fields.get("messages", msgspec.Raw(b"[]"))}

    def _part(self, name: bytes, raw: bytes) -> bytes | None:
        clean = self._text(raw)
        if clean != raw:
            return clean
        if len(self._clean) >= _REMEMBERED:
            self._clean.clear()
        self._clean.add(name)
        return None

    def _text(self, data: bytes) -> bytes:
        return self._scrub(data.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")

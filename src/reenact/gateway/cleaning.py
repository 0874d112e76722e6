"""Takes secrets out of requests, part by part: a history that was searched once is not searched again.

The parts are those that a recording keeps apart (each message, and the rest as one), so that a
request to a replay loses exactly what the recorded one had lost.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from reenact.wire.dialects import dialect_named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reenact.wire.dialect import Dialect
    from reenact.wire.request import Request

_REMEMBERED = 20_000
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Cleaner:
    """Gives requests without their secrets; remembers the parts that had none."""

    def __init__(self, scrub: Callable[[str], str]) -> None:
        self._scrub = scrub
        self._clean: set[bytes] = set()

    def request(
        self, body: bytes, *, dialect: Dialect | None = None, method: str = "POST", path: str = ""
    ) -> Request:
        """Reads a request body as a recording of it would be read; Anthropic's where nothing tells."""
        read = dialect or dialect_named("anthropic")
        request = read.parse_request(body, path=path, method=method)
        if request.defect is not None:
            return read.parse_request(self._text(body), path=path, method=method)
        changed: dict[int, bytes] = {}
        for place, (name, raw) in enumerate(zip(request.digests, request.apart, strict=False)):
            if name not in self._clean and (other := self._part(name, bytes(raw))) is not None:
                changed[place] = other
        rest = self._rest(request)
        if not changed and rest is None:
            return request
        messages = [msgspec.Raw(changed.get(at, bytes(raw))) for at, raw in enumerate(request.apart)]
        fields = dict(request.fields if rest is None else rest)
        if changed:
            fields[request.layout.messages] = msgspec.Raw(msgspec.json.encode(messages))
        return read.parse_request(msgspec.json.encode(fields), path=path, method=method)

    def _rest(self, request: Request) -> Mapping[str, msgspec.Raw] | None:
        """Gives what is no message, cleaned as one; None where nothing changed."""
        raw = msgspec.json.encode(request.rest)
        name = hashlib.sha256(raw).digest()
        if name in self._clean or (clean := self._part(name, raw)) is None:
            return None
        listed = request.layout.messages
        kept = {listed: request.fields.get(listed, msgspec.Raw(b"[]"))} if request.is_listed else {}
        return {**_fields.decode(clean), **kept}

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

"""A recorded answer as it is served: byte for byte where it can be, else in the words of the actual run.

What changes is put together, mapped and cut again where it was cut; a message from a log is streamed
anew. A client that now asks without streaming (or with) gets the same message in the other form.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import msgspec

from reenact.replay.model import Chunk, Fidelity, Taped, Timing, Told
from reenact.wire import canonical
from reenact.wire.canonical import Object
from reenact.wire.dialect import Dialect
from reenact.wire.mapping import Mapper
from reenact.wire.reply import JSON_HEADERS, STREAM_HEADERS
from reenact.wire.request import Form

_NOT_SERVED = frozenset({"content-length", "content-encoding", "transfer-encoding", "connection", "date"})
_OK = 200


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How fast pieces are served: not held back, as recorded, or recorded times a factor."""

    timing: Timing = "none"
    scale: float = 1.0

    def delay(self, microseconds: int) -> int:
        """Gives how long to wait instead of a recorded time."""
        match self.timing:
            case "none":
                return 0
            case "recorded":
                return max(microseconds, 0)
            case "scaled":
                return max(round(microseconds * self.scale), 0)


class Rendered(msgspec.Struct, frozen=True, kw_only=True):
    """An answer ready to be sent."""

    status: int
    headers: dict[str, str]
    chunks: tuple[Chunk, ...]
    fidelity: Fidelity
    is_rewritten: bool


class Manner(msgspec.Struct, frozen=True, kw_only=True):
    """How an answer is to be given."""

    mapper: Mapper
    dialect: Dialect
    form: Form
    """The form in which the request wants it."""
    pace: Pace = Pace()
    keep_thinking: bool = False
    """True where the run may go on live: the provider refuses thinking that is not as it signed it."""


def render(response: Taped | Told, manner: Manner) -> Rendered:
    """Gives a recorded answer as the request wants it."""
    if isinstance(response, Told):
        return _told(response.message, manner)
    form = manner.dialect.form_of(response.headers, response.body)
    if form == manner.form and form != "json":
        return _stream(response, manner)
    message = _message(response, manner.dialect, form) if response.status == _OK else None
    if message is None or form == manner.form:
        return _whole(response, manner)
    wanted = STREAM_HEADERS if manner.form == "sse" else JSON_HEADERS
    kept = {name: value for name, value in _served(response.headers).items() if name not in wanted}
    return msgspec.structs.replace(_told(message, manner), headers={**kept, **wanted})


def _told(message: Object, manner: Manner) -> Rendered:
    mapped = manner.dialect.rewrite_message(message, manner.mapper, keep_thinking=manner.keep_thinking)
    pieces = manner.dialect.render(mapped, manner.form)
    return Rendered(
        status=_OK,
        headers=dict(STREAM_HEADERS if manner.form == "sse" else JSON_HEADERS),
        chunks=tuple(Chunk(data=piece) for piece in pieces),
        fidelity="synthesised",
        is_rewritten=mapped != message,
    )


def _stream(response: Taped, manner: Manner) -> Rendered:
    pieces: Sequence[bytes] = ()
    if not manner.mapper.is_identity:
        pieces = manner.dialect.rewrite_stream(
            response.body, manner.mapper, keep_thinking=manner.keep_thinking
        )
    is_rewritten = bool(pieces) and b"".join(pieces) != response.body
    cut = _events(pieces, response, manner.pace, manner.dialect) if is_rewritten else None
    return Rendered(
        status=response.status,
        headers=_served(response.headers),
        chunks=cut or _recorded(response, manner.pace),
        fidelity="wire",
        is_rewritten=is_rewritten,
    )


def _whole(response: Taped, manner: Manner) -> Rendered:
    """Serves an answer that is no stream (or an error); JSON in it is mapped where that changes it."""
    body = _mapped(response.body, manner)
    is_rewritten = body != response.body
    when = response.chunks[-1][0] if response.chunks else 0
    cuts = ((when, len(body)),) if is_rewritten else _cuts(response)
    return Rendered(
        status=response.status,
        headers=_served(response.headers),
        chunks=_cut(body, cuts, manner.pace),
        fidelity="wire",
        is_rewritten=is_rewritten,
    )


def _mapped(body: bytes, manner: Manner) -> bytes:
    if manner.mapper.is_identity:
        return body
    try:
        value = canonical.decode(body)
    except ValueError:
        return body
    if not isinstance(value, dict):
        return body
    mapped = manner.dialect.rewrite_message(value, manner.mapper, keep_thinking=manner.keep_thinking)
    return body if mapped == value else canonical.dump(mapped)


def _message(response: Taped, dialect: Dialect, form: Form) -> Object | None:
    if form == "json":
        return dialect.parse_reply(response.body, status=response.status).message
    stream = dialect.assemble(response.body)
    return stream.message if stream.is_complete else None


def _recorded(response: Taped, pace: Pace) -> tuple[Chunk, ...]:
    """Gives the recorded bytes in the recorded pieces; in one where nothing lies between them."""
    if pace.timing == "none":
        return (Chunk(data=response.body),) if response.body else ()
    return _cut(response.body, _cuts(response), pace)


def _cuts(response: Taped) -> tuple[tuple[int, int], ...]:
    """Gives the recorded chunks, made to fit the body (its last piece takes what they do not cover)."""
    size = len(response.body)
    cuts: list[tuple[int, int]] = []
    for when, length in response.chunks:
        fitting = min(length, size)
        if fitting > 0:
            cuts.append((when, fitting))
            size -= fitting
    if size:
        cuts.append((cuts[-1][0] if cuts else 0, size))
    return tuple(cuts)


def _cut(body: bytes, cuts: Sequence[tuple[int, int]], pace: Pace) -> tuple[Chunk, ...]:
    chunks: list[Chunk] = []
    place = before = 0
    for when, length in cuts:
        chunks.append(Chunk(data=body[place : place + length], delay=pace.delay(when - before)))
        place += length
        before = when
    return tuple(chunks)


def _events(pieces: Sequence[bytes], response: Taped, pace: Pace, dialect: Dialect) -> tuple[Chunk, ...]:
    """Gives each event at the time at which its last byte had come in the recording."""
    cuts = _cuts(response)
    ends = dialect.boundaries(response.body)
    arrived = list(zip(itertools.accumulate(length for _, length in cuts), cuts, strict=True))
    chunks: list[Chunk] = []
    before = at = 0
    for piece, end in zip(pieces, ends, strict=True):
        while at < len(arrived) - 1 and arrived[at][0] < end:
            at += 1
        when = arrived[at][1][0] if arrived else 0
        chunks.append(Chunk(data=piece, delay=pace.delay(when - before)))
        before = when
    return tuple(chunks)


def _served(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in _NOT_SERVED}

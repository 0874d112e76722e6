"""The request journal of Claude Code: which hash names a message, and how a request is rebuilt.

Since some version after 2.1.150 Claude Code logs every request it makes, by content: a shape
(system prompt and tools), parameters, and the hashes of the messages as a difference to an
earlier request. Read in 2.1.329 and checked against what went over the wire:

- a message's name is the SHA-256 of its canonical JSON, without `cache_control` in any depth, and
  with content that is text turned into one text block (it went over the wire in either form);
- a shape's name is that of the whole shape as logged; on the wire the system prompt has the
  billing line before it, which is not part of the shape;
- a message that has no row of its own is named by the same hash of `{role, content}` of the
  transcript's rows: the blocks of all assistant rows with one message id, or the tool results
  that stand together;
- `requestDigest` is the SHA-256 of the canonical JSON of the request with its cache marks and
  `betas`, without transport fields and billing line: it proves that a request was rebuilt exactly.

Not journaled: the request that asks for a compaction's summary.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence

import msgspec

from reenact.wire.canonical import Json, encode

Resolve = Callable[[str], "dict[str, Json] | None"]
"""Gives the message that goes by a hash, or None."""

BILLING_PREFIX = "x-anthropic-billing-header:"

_MARK = "cache_control"
_NOT_DIGESTED = frozenset({"metadata", "stream", "thread", "diagnostics", "safeguards", "data_flow"})


class JournalRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One `api-request` row, as far as the list of messages is concerned."""

    id: str
    base: str | None = None
    keep: int = 0
    tail: tuple[str, ...] = ()


class CacheMark(msgspec.Struct, frozen=True, kw_only=True):
    """Where a cache mark stood in the request (`["messages", 1, "content", 0]`) and what it said."""

    path: tuple[str | int, ...]
    value: dict[str, Json]


class MessageList(msgspec.Struct, frozen=True, kw_only=True):
    """The hashes of a request's messages in order.

    `defect` tells why the list may be short: the base is unknown, names itself, or is shorter
    than what should be kept of it.
    """

    hashes: tuple[str, ...]
    defect: str | None = None


class Rebuilt(msgspec.Struct, frozen=True, kw_only=True):
    """A request's messages; None stands where a hash could not be resolved."""

    hashes: tuple[str, ...]
    messages: tuple[dict[str, Json] | None, ...]
    unresolved: tuple[str, ...] = ()
    """The hashes without a message, each once, in order."""
    defect: str | None = None

    @property
    def is_complete(self) -> bool:
        """True when every message is there."""
        return not self.unresolved and self.defect is None


def message_hash(message: Mapping[str, Json]) -> str:
    """Gives the bare hex hash by which Claude Code's journal names a message."""
    data = encode(_as_blocks(dict(message)))
    if _MARK.encode() in data:  # hardly ever; looking for it in the bytes is cheaper than a copy without it
        data = encode(_as_blocks(_without_marks(message)))
    return hashlib.sha256(data).hexdigest()


def shape_hash(shape: Mapping[str, Json]) -> str:
    """Gives the bare hex hash by which the journal names a shape (`{system, tools, …}` as logged)."""
    return _digest(_without_marks(shape))


def candidate_hashes(message: Mapping[str, Json]) -> tuple[str, ...]:
    """Gives every hash under which a journal may name a message, that of 2.1.329 first.

    The others stand for forms not seen yet but one version away: content that stays text, cache
    marks that stay in. Look a message up by all of them.
    """
    plain = _without_marks(message)
    forms = [_as_blocks(plain), plain, _as_text(plain), dict(message), _as_blocks(dict(message))]
    return tuple(dict.fromkeys(map(_digest, forms)))


def request_digest(body: Mapping[str, Json], *, betas: Sequence[str] | None = None) -> str:
    """Gives the bare hex digest that the journal keeps of a whole request.

    Args:
        body: the request as it went out, or as `request_body` rebuilt it.
        betas: the items of the `anthropic-beta` header; the journal has them in its `params`.
    """
    told: dict[str, Json] = {name: value for name, value in body.items() if name not in _NOT_DIGESTED}
    if betas is not None:
        told["betas"] = list(betas)
    system, messages = told.get("system"), told.get("messages")
    if isinstance(system, list):
        told["system"] = [block for block in system if not is_billing_line(block)]
    if isinstance(messages, list):
        told["messages"] = [_as_blocks(item) if isinstance(item, dict) else item for item in messages]
    return _digest(told)


def is_billing_line(block: Json) -> bool:
    """Tells whether a block of the system prompt is the line that Claude Code adds for billing."""
    match block:
        case {"type": "text", "text": str(text)}:
            return text.startswith(BILLING_PREFIX)
    return False


def message_list(request: JournalRequest, base: Sequence[str] | None) -> MessageList:
    """Gives the hashes of a request's messages, given those of the request it builds on.

    For readers that go through a journal once: keep each result's `hashes` by request id and pass
    those of `request.base`. `base` is None when that request is not known; then only `tail` is.
    """
    if request.base is None:
        defect = f"keeps {request.keep} messages of no request" if request.keep > 0 else None
        return MessageList(hashes=request.tail, defect=defect)
    if base is None:
        return MessageList(hashes=request.tail, defect=f"base request {request.base} is not known")
    defect = None
    if request.keep > len(base):
        defect = f"keeps {request.keep} messages of {request.base}, which has {len(base)}"
    return MessageList(hashes=(*base[: max(request.keep, 0)], *request.tail), defect=defect)


def rebuild(request: JournalRequest, *, requests: Mapping[str, JournalRequest], resolve: Resolve) -> Rebuilt:
    """Rebuilds a request's messages from the journal.

    `requests` holds the journal's requests by id (at least the chain of bases); `resolve` gives a
    message by its hash. Nothing raises: what is missing is named in the result.
    """
    chain = [request]
    seen = {request.id}
    while (parent := chain[-1].base) is not None and parent in requests and parent not in seen:
        seen.add(parent)
        chain.append(requests[parent])
    hashes: tuple[str, ...] | None = None
    defects: list[str] = []
    for step in reversed(chain):
        found = message_list(step, hashes)
        hashes = found.hashes
        if found.defect:
            defects.append(found.defect)
    return _resolved(hashes or (), resolve, "; ".join(defects) or None)


def request_body(
    rebuilt: Rebuilt,
    *,
    shape: Mapping[str, Json],
    params: Mapping[str, Json],
    cache_marks: Sequence[CacheMark] = (),
) -> dict[str, Json]:
    """Gives the body of the request as it went out, without what the journal does not hold.

    Missing against the wire: `metadata`, `stream`, the billing line of the system prompt. `betas`
    is not part of it (it travels as a header). A message whose hash could not be resolved is left
    out, so compare `rebuilt.is_complete` first.
    """
    body: dict[str, Json] = {key: value for key, value in params.items() if key != "betas"}
    body.update(_copied(dict(shape)))  # type: ignore[arg-type]  # a copied object is an object
    messages = [message for message in rebuilt.messages if message is not None]
    body["messages"] = _copied(list(messages))
    for mark in cache_marks:
        _set_mark(body, mark)
    return body


def _resolved(hashes: tuple[str, ...], resolve: Resolve, defect: str | None) -> Rebuilt:
    messages = tuple(resolve(name) for name in hashes)
    missing = dict.fromkeys(name for name, message in zip(hashes, messages, strict=True) if message is None)
    return Rebuilt(hashes=hashes, messages=messages, unresolved=tuple(missing), defect=defect)


def _digest(value: Json) -> str:
    return hashlib.sha256(encode(value)).hexdigest()


def _as_blocks(message: dict[str, Json]) -> dict[str, Json]:
    content = message.get("content")
    return (
        {**message, "content": [{"type": "text", "text": content}]} if isinstance(content, str) else message
    )


def _as_text(message: dict[str, Json]) -> dict[str, Json]:
    match message.get("content"):
        case [{"type": "text", "text": str(text), **rest}] if not rest:
            return {**message, "content": text}
    return message


def _without_marks(value: Mapping[str, Json]) -> dict[str, Json]:
    """Removes cache marks in every depth, in a tool's input as well: so does Claude Code."""
    return {key: _unmarked(item) for key, item in value.items() if key != _MARK}


def _unmarked(value: Json) -> Json:
    if isinstance(value, dict):
        return _without_marks(value)
    return [_unmarked(item) for item in value] if isinstance(value, list) else value


def _copied(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value


def _set_mark(body: dict[str, Json], mark: CacheMark) -> None:
    """Puts a cache mark where it stood; a mark on a block of a text makes the text a block."""
    place: Json = body
    for step in mark.path:
        match place, step:
            case dict(), "content" if isinstance(place.get("content"), str):
                place["content"] = [{"type": "text", "text": place["content"]}]
                place = place["content"]
            case dict(), str() if step in place:
                place = place[step]
            case list(), int() if 0 <= step < len(place):
                place = place[step]
            case _:
                return
    if isinstance(place, dict):
        place[_MARK] = dict(mark.value)

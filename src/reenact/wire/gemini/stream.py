"""A streamed answer of Gemini, put together: every piece is an answer of its own, and they are joined.

The first part of a piece goes on with the last part before it where both are nothing but text of
one kind. There is no end mark; an answer has ended when its candidates say why. Both forms are
read: events, and a JSON array.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from reenact.wire import canonical, sse
from reenact.wire.gemini import arrays
from reenact.wire.gemini.message import candidates_of, failure_in, parts_in
from reenact.wire.reply import End, Failure, Stream, count, text_of
from reenact.wire.rewriting import Fragment

if TYPE_CHECKING:
    from reenact.wire.canonical import Json, Object

_TEXT = (frozenset({"text"}), frozenset({"text", "thought"}))


class Assembler:
    """Takes the pieces of an answer in order; `close` gives the result."""

    def __init__(self) -> None:
        self._decoder = sse.Decoder()
        self._frames: list[sse.Frame] = []
        self._top: Object | None = None
        self._candidates: dict[int, Object] = {}
        self._failure: Failure | None = None
        self._defects: list[str] = []

    def feed(self, data: bytes) -> None:
        """Takes the next bytes of a body that is events."""
        for frame in self._decoder.feed(data):
            self._frames.append(frame)
            if frame.data.strip():
                self.take(frame.data)

    def take(self, data: str | bytes) -> None:
        """Takes one piece of the answer, as JSON."""
        try:
            value = canonical.decode(data)
        except ValueError:
            self._defects.append("a piece of the stream is no JSON")
            return
        failure = failure_in(value)
        if failure is not None:
            self._failure = failure
        elif isinstance(value, dict):
            self._piece(value)
        else:
            self._defects.append("a piece of the stream is no object")

    def close(self) -> Stream:
        """Tells that nothing more comes, and gives the result."""
        torn = self._decoder.close()
        if torn is not None:
            self._frames.append(torn)
            self._defects.append("the stream ends inside an event")
        message = self._top
        if message is not None and self._candidates:
            candidates: list[Json] = [self._candidates[index] for index in sorted(self._candidates)]
            message = {**message, "candidates": candidates}
        return Stream(
            message=message,
            end=self._end(),
            failure=self._failure,
            defects=tuple(self._defects),
            frames=tuple(self._frames),
        )

    def note(self, defect: str) -> None:
        """Takes note of a defect that the bytes tell."""
        self._defects.append(defect)

    def _end(self) -> End:
        if self._failure is not None:
            return "error"
        feedback = (self._top or {}).get("promptFeedback")
        is_blocked = isinstance(feedback, dict) and feedback.get("blockReason") is not None
        ended = [candidate.get("finishReason") is not None for candidate in self._candidates.values()]
        return "complete" if is_blocked or (ended and all(ended)) else "truncated"

    def _piece(self, value: Object) -> None:
        top = self._top = self._top if self._top is not None else {}
        for name, item in value.items():
            if name == "candidates":
                top.setdefault(name, [])
            elif item is not None or name not in top:
                top[name] = item
        candidates = value.get("candidates")
        for candidate in candidates if isinstance(candidates, list) else ():
            if isinstance(candidate, dict):
                self._candidate(candidate)

    def _candidate(self, candidate: Object) -> None:
        place = count(candidate, "index") or 0
        known = self._candidates.setdefault(place, {})
        for name, item in candidate.items():
            before = known.get(name)
            if name == "content" and isinstance(item, dict):
                known[name] = _joined(before if isinstance(before, dict) else {}, item)
            elif item is not None or name not in known:
                known[name] = item


def _joined(content: Object, more: Object) -> Object:
    joined: Object = {**content, **{name: item for name, item in more.items() if name != "parts"}}
    before, after = content.get("parts"), more.get("parts")
    if not isinstance(after, list):
        return joined if before is None else {**joined, "parts": before}
    parts = list(before) if isinstance(before, list) else []
    rest = list(after)
    if parts and rest and (one := _grown(parts[-1], rest[0])) is not None:
        parts[-1] = one
        rest = rest[1:]
    return {**joined, "parts": parts + rest}


def _grown(last: Json, part: Json) -> Json:
    """Gives the part that two pieces of one text make; None where they are no such pieces."""
    if not isinstance(last, dict) or not isinstance(part, dict) or last.keys() != part.keys():
        return None
    if last.keys() not in _TEXT or last.get("thought") != part.get("thought"):
        return None
    one, other = last.get("text"), part.get("text")
    return {**last, "text": one + other} if isinstance(one, str) and isinstance(other, str) else None


class Fragmenter:
    """Tells which text the parts of a stream's events are pieces of, as the assembler joins them."""

    def __init__(self) -> None:
        self._last: dict[int, Json] = {}
        self._texts: dict[int, int] = {}
        self._number = 0

    def fragments(self, data: Object) -> Iterator[Fragment]:
        """Gives the pieces of texts in one event."""
        for place, candidate in enumerate(candidates_of(data)):
            index = count(candidate, "index") or 0
            for number, part in enumerate(parts_in(candidate)):
                is_more = number == 0 and index in self._last and _grown(self._last[index], part) is not None
                self._number += not is_more
                self._last[index] = part
                text = text_of(part, "text")
                if text is not None:
                    path = ("candidates", place, "content", "parts", number, "text")
                    yield Fragment(text_of=(index, self._of(index, is_more=is_more)), path=path, text=text)

    def _of(self, index: int, *, is_more: bool) -> int:
        if not is_more:
            self._texts[index] = self._number
        return self._texts[index]


def assemble(body: bytes | Iterable[bytes]) -> Stream:
    """Puts a whole streamed body together, whichever its form."""
    whole = body if isinstance(body, bytes) else b"".join(body)
    assembler = Assembler()
    if is_array(whole):
        pieces, is_ended = arrays.elements(whole)
        for piece in pieces:
            assembler.take(piece)
        if not is_ended:
            assembler.note("the stream ends inside its array")
    else:
        assembler.feed(whole)
    return assembler.close()


def is_array(body: bytes) -> bool:
    """Tells whether a body is an array."""
    return body.lstrip()[:1] == b"["

"""What every dialect can do, under one name each: recorder, replay and gateway speak to this alone.

A dialect is told by method, address and headers. A route of it is a call of the model, or stands
beside the conversation (counting, listing models); the route says what of the address counts.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

import msgspec

from reenact.wire import canonical, sse
from reenact.wire.fingerprint import fingerprint
from reenact.wire.reply import text_of
from reenact.wire.request import Form, Layout, Request, as_blocks, parts_of, read_request
from reenact.wire.rewriting import Event, Fragment, Further, mapped, rewritten, sse_event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from reenact.events import Tokens
    from reenact.events.blocks import AnyBlock
    from reenact.wire.canonical import Json, Object
    from reenact.wire.diff import Difference, Words
    from reenact.wire.fingerprint import Cache, Fingerprint, Part, Prepared
    from reenact.wire.mapping import Mapper
    from reenact.wire.normalise import Normaliser
    from reenact.wire.reply import Assembled, ErrorReply, Outline, Reply
    from reenact.wire.rules import Rules

STREAM = "text/event-stream"


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """What an address asks for."""

    name: str
    """What must be equal in two runs, whatever the body says."""
    purpose: str | None = None
    """None for a call of the model; else what the call is for."""
    is_kept: bool = True
    """False for what is passed on without being recorded."""
    told: dict[str, Json] = {}
    """What the address says in place of a field of the body."""
    form: Form | None = None
    """The form of the answer where the address tells it."""
    layout: Layout | None = None
    """Where this route's requests hold what, if not as the dialect's calls do."""


class Dialect(ABC):
    """One provider's language. Stateless; there is one object of each."""

    name: ClassVar[str]
    layout: ClassVar[Layout]
    rules: Rules
    """What varies from run to run in texts of this dialect's clients."""
    counted_as: ClassVar[str] = "resp"
    """The kind of the key under which an answer's tokens are counted, here and in logs of it."""
    refusal_status: ClassVar[int] = 400
    """The status at which this dialect's clients ask no more and say why."""
    sealed: frozenset[str] = frozenset()
    """Fields that only the provider can read; a changed byte makes them invalid."""
    further: ClassVar[Mapping[str, Further]] = {}
    """Fields in whose text more than strings is mapped."""

    # -- requests -------------------------------------------------------------------------------

    @abstractmethod
    def route(self, method: str, path: str) -> Route | None:
        """Gives what an address asks for; None for one that is not of this dialect."""

    def parse_request(self, body: bytes, *, path: str = "", method: str = "POST") -> Request:
        """Reads a request body; what cannot be read gives a request with a `defect`."""
        route = self.route(method, path)
        if route is None:
            return read_request(body, self.layout)
        return read_request(body, route.layout or self.layout, told=route.told, form=route.form)

    def request_of(self, value: Mapping[str, Json], *, path: str = "", method: str = "POST") -> Request:
        """Makes a request of its decoded body."""
        return self.parse_request(canonical.dump(dict(value)), path=path, method=method)

    @abstractmethod
    def prepare(self, part: Part) -> Prepared:
        """Reads a part of a request: the value as sent, and what of it counts."""

    @abstractmethod
    def words(self) -> Words:
        """Tells how the places of a request are named."""

    def fingerprint_request(
        self, request: Request, normaliser: Normaliser, *, cache: Cache | None = None
    ) -> Fingerprint:
        """Computes fp0, fp1, fp2 and the chain of a request."""
        return fingerprint(parts_of(request), self.prepare, normaliser, cache=cache)

    def diff_requests(
        self, recorded: Request, actual: Request, *, recorded_by: Normaliser, actual_by: Normaliser
    ) -> tuple[Difference, ...]:
        """Gives every located difference, the cause first."""
        from reenact.wire.diff import diff_requests

        return diff_requests(recorded, actual, self.words(), recorded_by=recorded_by, actual_by=actual_by)

    def user_text(self, message: Json) -> str:
        """Gives the last text of a message of the user; empty for other messages."""
        if not isinstance(message, dict) or message.get("role") != "user":
            return ""
        texts = [text_of(block, "text") or "" for block in as_blocks(message.get("content"))]
        return texts[-1] if texts else ""

    # -- answers --------------------------------------------------------------------------------

    def form_of(self, headers: Mapping[str, str], body: bytes) -> Form:
        """Tells in which form an answer came."""
        del body
        return "sse" if STREAM in headers.get("content-type", "") else "json"

    def read(self, body: bytes, *, form: Form, status: int) -> Assembled | Reply:
        """Reads an answer in the form in which it came."""
        return self.parse_reply(body, status=status) if form == "json" else self.assemble(body)

    def boundaries(self, body: bytes) -> tuple[int, ...]:
        """Gives the offsets where the events of a stream end."""
        return sse.boundaries(body)

    def has_ended(self, body: bytes) -> bool:
        """Tells whether a stream came to its own end."""
        return self.assemble(body).is_complete

    @abstractmethod
    def parse_reply(self, body: bytes, *, status: int = 200) -> Reply:
        """Reads an answer that is no stream."""

    @abstractmethod
    def assemble(self, body: bytes) -> Assembled:
        """Puts a streamed answer together."""

    @abstractmethod
    def render(self, message: Mapping[str, Json], form: Form) -> tuple[bytes, ...]:
        """Gives a message as an answer in this form, in pieces."""

    def fragments(self, data: Object) -> Iterable[Fragment]:
        """Gives the pieces of longer texts that an event of a stream holds."""
        del data
        return ()

    def fragmenter(self) -> Callable[[Object], Iterable[Fragment]]:
        """Gives what finds the pieces in one stream, event by event."""
        return self.fragments

    def rewrite_message(self, message: Object, mapper: Mapper, *, keep_thinking: bool = False) -> Object:
        """Maps a message; values that only the provider can read stay.

        `keep_thinking` leaves thinking as it was signed, where the provider checks that.
        """
        del keep_thinking
        changed = message if mapper.is_identity else mapped(message, mapper, self.sealed, self.further)
        return changed if isinstance(changed, dict) else message

    def rewrite_stream(
        self, body: bytes, mapper: Mapper, *, keep_thinking: bool = False
    ) -> tuple[bytes, ...]:
        """Maps a recorded stream; gives one value per event, the recorded one where nothing changes."""
        del keep_thinking
        ends = self.boundaries(body)
        pieces = tuple(body[start:end] for start, end in zip((0, *ends), ends, strict=False))
        if mapper.is_identity:
            return pieces
        return rewritten(list(map(self.event, pieces)), mapper, self.fragmenter(), self.sealed, self.further)

    def event(self, piece: bytes) -> Event:
        """Takes one event of a stream for rewriting."""
        return sse_event(piece)

    @abstractmethod
    def outline(self, message: Mapping[str, Json]) -> Outline:
        """Gives a message's id, model and the reason why it ended."""

    @abstractmethod
    def tokens(self, message: Mapping[str, Json]) -> Tokens | None:
        """Gives the tokens a message says it cost; None where it does not say."""

    @abstractmethod
    def blocks(self, message: Mapping[str, Json]) -> Iterator[AnyBlock]:
        """Gives a message's content as our own blocks; what we do not know stays as it is."""

    # -- made up --------------------------------------------------------------------------------

    @abstractmethod
    def error(self, status: int, *, kind: str, message: str, may_retry: bool = False) -> ErrorReply:
        """Gives an error as the provider would send it."""

    @abstractmethod
    def refusal(self, message: str, *, divergence: str | None = None) -> ErrorReply:
        """Gives the answer to a request that the recording has no answer for."""

    @abstractmethod
    def stub(self, model: str | None, text: str) -> Object:
        """Gives a made-up message that says this text and cost nothing."""

    def beside(self, purpose: str, request: Request) -> Object | None:
        """Gives a made-up answer to a call beside the conversation; None where there is none."""
        del purpose, request
        return None

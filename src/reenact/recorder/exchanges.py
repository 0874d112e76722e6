"""Model exchanges as they went over the wire: requests by content, answers byte for byte.

A request repeats the whole conversation, so its messages are kept once each and a request names
only what it adds to an earlier one of its lane. Secrets are taken out before anything is written;
what a message looks like without them is remembered, so that a long history is searched once.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from reenact.events import blob_hash
from reenact.events.blocks import Tape
from reenact.events.bodies import ModelFailed, ModelRequested, ModelResponded
from reenact.recorder.content import usage_of
from reenact.recorder.requests import SMALL, RequestKeeper
from reenact.wire import sse
from reenact.wire.dialects import dialect_named, dialect_of
from reenact.wire.mapping import Mapper
from reenact.wire.reply import Assembled, Failure, Outline, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reenact.events import AnyBody, Completeness, Event
    from reenact.recorder.recorder import Recorder
    from reenact.wire.dialect import Dialect

SESSION_HEADER = "x-claude-code-session-id"
"""Agents that send it keep a log of their own, which counts the tokens; others are counted here."""
KEPT_HEADERS = frozenset({
    "content-type", "request-id", "retry-after", "x-should-retry", "anthropic-organization-id",
    "anthropic-ratelimit-requests-reset", "anthropic-ratelimit-tokens-reset", "x-request-id",
    "openai-processing-ms",
})  # fmt: skip
_KEY_IN_QUERY = re.compile(r"([?&]key=)[^&]*")
"""Google's clients may send their secret in the address."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where in a session an exchange belongs."""

    loop: str | None = None
    turn: str | None = None
    lane: str | None = None


class ExchangeRecorder:
    """Writes exchanges into a session's recording.

    Args:
        recorder: what writes the events.
        scrub_text: gives a text without its secrets.
        is_clean: tells quickly that bytes hold none.
        keeper: what keeps the requests, where others keep theirs with it.
        place: where an exchange belongs that begins now; each is a turn of its own where None.
        is_logged: whether a log of the agent's own counts the tokens; then nobody does here.
    """

    def __init__(
        self,
        recorder: Recorder,
        *,
        scrub_text: Callable[[str], str],
        is_clean: Callable[[bytes], bool] | None = None,
        keeper: RequestKeeper | None = None,
        place: Callable[[str], Place] | None = None,
        is_logged: bool = False,
    ) -> None:
        self._recorder = recorder
        self._is_logged = is_logged
        self._scrub = scrub_text
        self._keeper = keeper or RequestKeeper(recorder, scrub_text=scrub_text, is_clean=is_clean)
        self._place = place or _alone
        self._places: dict[str, Place] = {}
        self._waiting: set[str] = set()
        self._logged: set[str] = set()
        self._spoken: dict[str, Dialect] = {}
        self._is_cut = False

    @property
    def is_cut(self) -> bool:
        """True where an answer is outstanding, or the latest one was not heard to its end."""
        return self._is_cut or bool(self._waiting)

    def requested(
        self, exchange: str, *, method: str, path: str, headers: Mapping[str, str], body: bytes, lane: str
    ) -> None:
        """Records a request the moment it came."""
        self._waiting.add(exchange)
        if self._is_logged or SESSION_HEADER in headers:
            self._logged.add(exchange)
        dialect = dialect_of(method, path, headers) or dialect_named("anthropic")
        self._spoken[exchange] = dialect
        route = dialect.route(method, path)
        parsed = dialect.parse_request(body, path=path, method=method)
        asked = self._keeper.ask(
            exchange,
            lane=lane,
            shape=msgspec.json.encode(parsed.rest) if parsed.defect is None else body,
            messages=[bytes(raw) for raw in parsed.apart],
            field=parsed.layout.messages,
        )
        self._places[exchange] = self._place(exchange)
        event = self._record(
            exchange,
            ModelRequested(
                exchange=exchange,
                dialect=dialect.name,
                model=parsed.model,
                params={
                    "method": method,
                    "path": _KEY_IN_QUERY.sub(r"\1removed", path),
                    "headers": _told(headers),
                },
                request=asked.reference,
                provenance=asked.provenance,
                history_len=len(parsed.raw_messages),
                tools_count=len(parsed.tools),
                purpose=route.purpose if route is not None else None,
            ),
            lane=lane,
        )
        if event is not None:
            self._keeper.kept(asked)

    def responded(
        self,
        exchange: str,
        *,
        status: int,
        headers: Mapping[str, str],
        body: bytes,
        chunks: Sequence[tuple[int, int]],
        end: str,
        lane: str,
    ) -> None:
        """Records an answer when it ended, however it ended. `chunks` are (µs since the request, length).

        Clients hang up at a stream's last event, before the connection ends: they heard all of it.
        """
        self._waiting.discard(exchange)
        dialect = self._spoken.pop(exchange, None) or dialect_named("anthropic")
        if end == "client_abort" and _says_its_end(dialect, headers, body):
            end = "complete"
        self._is_cut = end != "complete"
        clean = self._cleaned(dialect, body, headers)
        tape = Tape(
            status=status,
            headers={name: value for name, value in headers.items() if name in KEPT_HEADERS},
            **self._kept(clean),
            chunks=tuple(chunks) if len(clean) == len(body) else tuple(_recut(body, clean, chunks)),
            end=end,  # type: ignore[arg-type]  # the gateway gives one of the four words
        )
        answer = _read(dialect, clean, headers=headers, status=status)
        message = answer.message or {}
        outline = dialect.outline(message) if message else Outline()
        self._record(
            exchange,
            ModelResponded(
                exchange=exchange,
                blocks=tuple(dialect.blocks(message)),
                message=outline.id,
                model=outline.model,
                stop_reason=outline.stop_reason,
                usage=dialect.tokens(message),
                ttft=chunks[0][0] if chunks else None,
                duration=chunks[-1][0] if chunks else None,
                tape=tape,
                fidelity="wire",
            ),
            lane=lane,
            completeness="full" if end == "complete" else "partial",
        )
        if exchange not in self._logged and (spent := usage_of(dialect, message, exchange)) is not None:
            self._record(exchange, spent, lane=lane)
        if answer.failure is not None:
            self._failed(exchange, answer.failure, status=status, headers=headers, lane=lane)
        self._places.pop(exchange, None)

    def unanswered(self, exchange: str, *, error: str, lane: str, category: str = "unreachable") -> None:
        """Records that there was no answer: the provider could not be reached, unless told otherwise."""
        self._waiting.discard(exchange)
        self._spoken.pop(exchange, None)
        self._record(exchange, ModelFailed(exchange=exchange, error=error, category=category), lane=lane)
        self._places.pop(exchange, None)

    def _failed(
        self,
        exchange: str,
        failure: Failure,
        *,
        status: int,
        headers: Mapping[str, str],
        lane: str,
    ) -> None:
        self._record(
            exchange,
            ModelFailed(
                exchange=exchange,
                status=status,
                error=failure.message,
                retry_after=_seconds(headers.get("retry-after")),
                category=failure.type,
            ),
            lane=lane,
        )

    def _record(
        self, exchange: str, body: AnyBody, *, lane: str, completeness: Completeness = "full"
    ) -> Event | None:
        place = self._places.get(exchange) or self._place(exchange)
        return self._recorder.record(
            body,
            loop=place.loop,
            turn=place.turn,
            lane=lane or place.lane,
            source_kind="wire",
            completeness=completeness,
        )

    def _kept(self, clean: bytes) -> dict[str, str | None]:
        """Keeps the bytes of an answer: small ones in its event, others as a blob."""
        if len(clean) < SMALL:
            with contextlib.suppress(UnicodeDecodeError):
                return {"body": blob_hash(clean), "text": clean.decode()}
        return {"body": self._recorder.put(clean)}

    def _cleaned(self, dialect: Dialect, body: bytes, headers: Mapping[str, str]) -> bytes:
        """Gives an answer without its secrets, also without those that its pieces cut apart."""
        if dialect.form_of(headers, body) != "json":
            whole = msgspec.json.encode(dialect.assemble(body).message)
            if self._keeper.cleaned(whole) != whole:
                body = b"".join(dialect.rewrite_stream(body, _Scrubber(self._scrub)))
        return self._keeper.cleaned(body)


class _Scrubber(Mapper):
    """Takes secrets out where a mapper puts in other words: over the borders of pieces."""

    def __init__(self, scrub: Callable[[str], str]) -> None:
        super().__init__(())
        self.is_identity = False
        self._scrub = scrub

    def text(self, text: str) -> str:
        return self._scrub(text)

    def json_text(self, text: str) -> str:
        return self._scrub(text)


def _says_its_end(dialect: Dialect, headers: Mapping[str, str], body: bytes) -> bool:
    return dialect.form_of(headers, body) != "json" and dialect.has_ended(body)


def _read(dialect: Dialect, body: bytes, *, headers: Mapping[str, str], status: int) -> Assembled | Reply:
    return dialect.read(body, form=dialect.form_of(headers, body), status=status)


def _recut(body: bytes, clean: bytes, chunks: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Cuts a scrubbed answer where the original was cut, as far as event boundaries tell."""
    old, new = sse.boundaries(body), sse.boundaries(clean)
    cuts: list[tuple[int, int]] = []
    position = taken = 0
    for time, length in chunks:
        position += length
        count = sum(boundary <= position for boundary in old)
        end = new[min(count, len(new)) - 1] if count and new else 0
        if position >= len(body):
            end = len(clean)
        if end > taken:
            cuts.append((time, end - taken))
            taken = end
    return cuts


def _told(headers: Mapping[str, str]) -> dict[str, str]:
    """Gives the request headers that say something about the request and nothing about its sender."""
    kept = ("anthropic-version", "anthropic-beta", "x-claude-code-session-id", "x-claude-code-agent-id",
            "openai-beta", "x-openai-subagent", "x-stainless-retry-count", "user-agent")  # fmt: skip
    return {name: headers[name] for name in kept if name in headers}


def _seconds(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _alone(exchange: str) -> Place:
    return Place(turn=exchange)

"""Model exchanges as they went over the wire: requests by content, answers byte for byte.

A request repeats the whole conversation, so its messages are kept once each and a request names
only what it adds to an earlier one of its lane. Secrets are taken out before anything is written;
what a message looks like without them is remembered, so that a long history is searched once.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from reenact.events.blocks import RequestRef, Tape
from reenact.events.bodies import ModelFailed, ModelRequested, ModelResponded
from reenact.recorder.content import usage_of
from reenact.wire import sse
from reenact.wire.dialects import dialect_named, dialect_of
from reenact.wire.mapping import Mapper
from reenact.wire.reply import Assembled, Failure, Outline, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reenact.recorder.recorder import Recorder
    from reenact.wire.dialect import Dialect

SESSION_HEADER = "x-claude-code-session-id"
"""Agents that send it keep a log of their own, which counts the tokens; others are counted here."""
KEPT_HEADERS = frozenset({
    "content-type", "request-id", "retry-after", "x-should-retry", "anthropic-organization-id",
    "anthropic-ratelimit-requests-reset", "anthropic-ratelimit-tokens-reset", "x-request-id",
    "openai-processing-ms",
})  # fmt: skip
_REMEMBERED = 20_000
_KEY_IN_QUERY = re.compile(r"([?&]key=)[^&]*")
"""Google's clients may send their secret in the address."""


class _Lane(msgspec.Struct):
    exchange: str
    messages: list[str]


class ExchangeRecorder:
    """Writes exchanges into a session's recording."""

    def __init__(self, recorder: Recorder, *, scrub_text: Callable[[str], str]) -> None:
        self._recorder = recorder
        self._scrub = scrub_text
        self._names: OrderedDict[bytes, str] = OrderedDict()
        self._lanes: dict[str, _Lane] = {}
        self._waiting: set[str] = set()
        self._logged: set[str] = set()
        self._spoken: dict[str, Dialect] = {}
        self._is_cut = False
        self._lock = threading.Lock()

    @property
    def is_cut(self) -> bool:
        """True where an answer is outstanding, or the latest one was not heard to its end."""
        return self._is_cut or bool(self._waiting)

    def requested(
        self, exchange: str, *, method: str, path: str, headers: Mapping[str, str], body: bytes, lane: str
    ) -> None:
        """Records a request the moment it came."""
        self._waiting.add(exchange)
        if SESSION_HEADER in headers:
            self._logged.add(exchange)
        dialect = dialect_of(method, path, headers) or dialect_named("anthropic")
        self._spoken[exchange] = dialect
        route = dialect.route(method, path)
        parsed = dialect.parse_request(body, path=path, method=method)
        with self._lock:
            names = [self._keep(bytes(raw)) for raw in parsed.apart]
            shape = self._keep(msgspec.json.encode(parsed.rest) if parsed.defect is None else body)
            reference = self._reference(exchange, lane, shape, names)
        self._recorder.record(
            ModelRequested(
                exchange=exchange,
                dialect=dialect.name,
                model=parsed.model,
                params={
                    "method": method,
                    "path": _KEY_IN_QUERY.sub(r"\1removed", path),
                    "headers": _told(headers),
                },
                request=reference,
                history_len=len(parsed.raw_messages),
                tools_count=len(parsed.tools),
                purpose=route.purpose if route is not None else None,
            ),
            turn=exchange,
            lane=lane or None,
            source_kind="wire",
        )

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
        """Records an answer when it ended, however it ended. `chunks` are (µs since the request, length)."""
        self._waiting.discard(exchange)
        self._is_cut = end != "complete"
        dialect = self._spoken.pop(exchange, None) or dialect_named("anthropic")
        clean = self._cleaned(dialect, body, headers)
        tape = Tape(
            status=status,
            headers={name: value for name, value in headers.items() if name in KEPT_HEADERS},
            body=self._recorder.put(clean),
            chunks=tuple(chunks) if len(clean) == len(body) else tuple(_recut(body, clean, chunks)),
            end=end,  # type: ignore[arg-type]  # the gateway gives one of the four words
        )
        answer = _read(dialect, clean, headers=headers, status=status)
        message = answer.message or {}
        outline = dialect.outline(message) if message else Outline()
        self._recorder.record(
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
            turn=exchange,
            lane=lane or None,
            source_kind="wire",
            completeness="full" if end == "complete" else "partial",
        )
        if exchange not in self._logged and (spent := usage_of(dialect, message, exchange)) is not None:
            self._recorder.record(spent, turn=exchange, lane=lane or None, source_kind="wire")
        if answer.failure is not None:
            self._failed(exchange, answer.failure, status=status, headers=headers, lane=lane)

    def unreachable(self, exchange: str, *, error: str, lane: str) -> None:
        """Records that the provider could not be reached."""
        self._waiting.discard(exchange)
        self._spoken.pop(exchange, None)
        self._recorder.record(
            ModelFailed(exchange=exchange, error=error, category="unreachable"),
            turn=exchange,
            lane=lane or None,
            source_kind="wire",
        )

    def _failed(
        self,
        exchange: str,
        failure: Failure,
        *,
        status: int,
        headers: Mapping[str, str],
        lane: str,
    ) -> None:
        self._recorder.record(
            ModelFailed(
                exchange=exchange,
                status=status,
                error=failure.message,
                retry_after=_seconds(headers.get("retry-after")),
                category=failure.type,
            ),
            turn=exchange,
            lane=lane or None,
            source_kind="wire",
        )

    def _cleaned(self, dialect: Dialect, body: bytes, headers: Mapping[str, str]) -> bytes:
        """Gives an answer without its secrets, also without those that its pieces cut apart."""
        if dialect.form_of(headers, body) != "json":
            whole = msgspec.json.encode(dialect.assemble(body).message).decode()
            if self._scrub(whole) != whole:
                body = b"".join(dialect.rewrite_stream(body, _Scrubber(self._scrub)))
        return self._scrub(body.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")

    def _keep(self, raw: bytes) -> str:
        """Keeps a part of a request without its secrets; gives its name."""
        digest = hashlib.sha256(raw).digest()
        name = self._names.get(digest)
        if name is None:
            text = raw.decode("utf-8", "surrogateescape")
            clean = self._scrub(text).encode("utf-8", "surrogateescape")
            name = self._recorder.put(clean) or ""
            self._names[digest] = name
            if len(self._names) > _REMEMBERED:
                self._names.popitem(last=False)
        else:
            self._names.move_to_end(digest)
        return name

    def _reference(self, exchange: str, lane: str, shape: str, names: list[str]) -> RequestRef:
        before = self._lanes.get(lane)
        self._lanes[lane] = _Lane(exchange=exchange, messages=names)
        if before is None:
            return RequestRef(shape=shape, messages=tuple(names))
        keep = 0
        for old, new in zip(before.messages, names, strict=False):
            if old != new:
                break
            keep += 1
        if not keep:
            return RequestRef(shape=shape, messages=tuple(names))
        return RequestRef(shape=shape, messages=tuple(names[keep:]), base=before.exchange, keep=keep)


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

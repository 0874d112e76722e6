"""A script: the exchanges of a session, arranged for playing back.

It is a pure value, made from a recording or from an agent's own journal. Requests that the client
repeated because of a failure are one exchange with its failures before the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import msgspec

from reenact.events import Event, bodies
from reenact.replay import written
from reenact.replay.declared import declared_of_events
from reenact.replay.loading import load_request
from reenact.replay.model import Exchange, Fidelity, Kind, Taped, Told, Value
from reenact.replay.reading import spoken
from reenact.replay.rules import rules_of_events
from reenact.replay.written import Line
from reenact.wire import canonical
from reenact.wire.canonical import Json, Object
from reenact.wire.declared import Declared
from reenact.wire.dialect import Dialect
from reenact.wire.rules import Rule

Blobs = Callable[[str], bytes]
"""Gives the payload that goes by a name; raises LookupError or OSError where it is gone."""

_CALLS = "/v1/messages"
_LEFT = frozenset({"client_abort", "truncated"})
_FAILED = 400
_GATEWAY = 502


class Logged(Value, frozen=True, kw_only=True):
    """One call as an agent's own log tells it: the rebuilt request and the message that answered it.

    Without `message` nothing can be served for it; without `request` it is served by its order.
    """

    id: str
    lane: str = ""
    kind: Kind = "main"
    request: Object | None = None
    message: Object | None = None
    purpose: str | None = None
    unresolved: tuple[str, ...] = ()


class Script(Value, frozen=True, kw_only=True):
    """The recorded calls in order of arrival, and what the recorded run declared about itself."""

    exchanges: tuple[Exchange, ...]
    declared: Declared = Declared()
    past: tuple[Declared, ...] = ()
    """What the runs declared that this one branched off from, where its first calls are theirs."""
    rules: tuple[Rule, ...] = ()
    """Rules that somebody accepted for this recording."""
    fidelity: Fidelity = "wire"
    warnings: tuple[str, ...] = ()

    @staticmethod
    def from_recording(events: Iterable[Event], blobs: Blobs, *, declared: Declared | None = None) -> Script:
        """Arranges the recorded exchanges of a session (and of its children, if they are given too).

        Args:
            events: the events in order; all but calls, answers, rules and the start are passed over.
            blobs: gives a stored payload by name; raises LookupError for one that is gone.
            declared: what the recorded run was, where the caller knows better than its events.
        """
        kept = list(events)
        reader = _Recording(blobs)
        for event in kept:
            reader.take(event)
        exchanges = _collapsed(reader.exchanges())
        numbered = _numbered(exchanges)
        unheard = _unheard(numbered)
        told = (f"exchange {one}: the recording ends before its answer does" for one in sorted(unheard))
        return Script(
            exchanges=tuple(
                msgspec.structs.replace(one, response=None) if one.id in unheard else one for one in numbered
            ),
            declared=declared or declared_of_events(kept),
            rules=rules_of_events(kept),
            warnings=(*reader.warnings, *told),
        )

    @staticmethod
    def from_journal(
        calls: Iterable[Logged], *, declared: Declared | None = None, rules: Sequence[Rule] = ()
    ) -> Script:
        """Arranges calls that were rebuilt from an agent's own log; its answers are streamed anew."""
        exchanges = _answered([_logged(call, arrival) for arrival, call in enumerate(calls)])
        warnings: list[str] = []
        for one in exchanges:
            if one.unresolved:
                warnings.append(f"exchange {one.id}: {len(one.unresolved)} parts of it are not in the log")
            if one.response is None:
                warnings.append(f"exchange {one.id}: the log holds no answer")
        return Script(
            exchanges=_numbered(exchanges),
            declared=declared or Declared(),
            rules=tuple(rules),
            fidelity="synthesised",
            warnings=tuple(warnings),
        )

    @staticmethod
    def from_messages(
        lines: Iterable[Line], *, dialect: str = "openai-responses", model: str = "model"
    ) -> Script:
        """Gives a script written by hand: what the model answers, in this order, whatever it is asked.

        Args:
            lines: texts, blocks, assistant messages, `Said` (with usage), `Failed` (an error before the
                answer that follows it), `Dropped` (a stream that breaks off before it).
            dialect: the language of the client that it is for: `anthropic`, `openai-chat`,
                `openai-responses`, `gemini`.
            model: the model that answers.

        Raises:
            UsageError: a line is nothing that a model says in this dialect.
        """
        made = written.exchanges(lines, dialect=dialect, model=model)
        return Script(exchanges=_numbered(made), fidelity="synthesised")

    def after(self, before: Script, played: Collection[str]) -> Script:
        """Gives this script behind those calls of another that were played before it began."""
        calls = [one for one in before.exchanges if one.id in played]
        own = [msgspec.structs.replace(one, arrival=one.arrival + len(calls)) for one in self.exchanges]
        earlier = [msgspec.structs.replace(one, arrival=place) for place, one in enumerate(calls)]
        others = (before.declared, *before.past)
        return msgspec.structs.replace(
            self,
            exchanges=_numbered([*earlier, *own]),
            past=tuple(one for one in others if one != self.declared),
            rules=(*before.rules, *self.rules),
            fidelity=self.fidelity if before.fidelity == self.fidelity else "synthesised",
            warnings=(*before.warnings, *self.warnings),
        )


class _Recording:
    """Joins the events of each exchange."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._parts: dict[str, str] = {}
        self._values = _remembered(lambda name: canonical.decode(self._parts.get(name) or blobs(name)))
        self._asked: dict[str, Exchange] = {}
        self._names: dict[str, tuple[str, ...]] = {}
        self.warnings: list[str] = []

    def take(self, event: Event) -> None:
        match event.body:
            case bodies.ModelRequested() as body:
                self._request(body, event.lane)
            case bodies.ModelResponded() as body if body.exchange in self._asked:
                self._response(body)
            case bodies.ModelFailed(exchange=str(name)) as body if name in self._asked:
                if self._asked[name].response is None:
                    self._answer(name, response=_failure(body, self._dialect(name)))
            case _:
                pass

    def _dialect(self, name: str) -> Dialect:
        return spoken(self._asked[name].method, self._asked[name].path)

    def exchanges(self) -> list[Exchange]:
        return list(self._asked.values())

    def _request(self, body: bodies.ModelRequested, lane: str | None) -> None:
        name = body.exchange
        params = body.params or {}
        exchange = Exchange(
            id=name,
            lane=lane or "",
            arrival=len(self._asked),
            purpose=body.purpose,
            method=str(params.get("method", "POST")),
            path=str(params.get("path", _CALLS)),
        )
        if body.request is not None:
            self._parts.update(body.request.parts)
            loaded = load_request(body.request, self._values, self._names)
            self._names[name] = loaded.names
            if loaded.defect or loaded.unresolved:
                reason = loaded.defect or f"{len(loaded.unresolved)} parts of its request are not stored"
                self.warnings.append(f"exchange {name}: {reason}")
            exchange = msgspec.structs.replace(exchange, request=loaded.body, unresolved=loaded.unresolved)
        self._asked[name] = exchange

    def _response(self, body: bodies.ModelResponded) -> None:
        tape = body.tape
        if tape is None:
            return
        data = (tape.text or "").encode()
        if tape.body is not None and tape.text is None:
            try:
                data = self._blobs(tape.body)
            except (LookupError, OSError):
                self.warnings.append(f"exchange {body.exchange}: its answer is not stored")
                return
        taped = Taped(status=tape.status, headers=tape.headers, body=data, chunks=tape.chunks, end=tape.end)
        self._answer(body.exchange, response=taped, message=body.message)

    def _answer(self, name: str, *, response: Taped, message: str | None = None) -> None:
        self._asked[name] = msgspec.structs.replace(
            self._asked[name], response=response, message=message or message_id(response, self._dialect(name))
        )


def has_failed(response: Taped, dialect: Dialect) -> bool:
    """Tells whether an answer is one that a client asks again for: an error, or a stream broken off."""
    if response.status >= _FAILED or response.end != "complete":
        return True
    form = dialect.form_of(response.headers, response.body)
    return form != "json" and not dialect.has_ended(response.body)


def message_id(response: Taped, dialect: Dialect) -> str | None:
    """Gives the provider's id of the answer, where it has one."""
    form = dialect.form_of(response.headers, response.body)
    message = dialect.read(response.body, form=form, status=response.status).message
    return dialect.outline(message).id if message else None


def is_call(exchange: Exchange) -> bool:
    """Tells whether an exchange is a call of the model itself, not of a route beside it."""
    route = spoken(exchange.method, exchange.path).route(exchange.method, exchange.path)
    return route is not None and route.purpose is None


def _logged(call: Logged, arrival: int) -> Exchange:
    found = (call.message or {}).get("id")
    return Exchange(
        id=call.id,
        lane=call.lane,
        arrival=arrival,
        kind=call.kind,
        purpose=call.purpose,
        request=call.request,
        response=Told(message=call.message) if call.message is not None else None,
        message=found if isinstance(found, str) else None,
        fidelity="synthesised",
        unresolved=call.unresolved,
    )


def _failure(body: bodies.ModelFailed, dialect: Dialect) -> Taped:
    reply = dialect.error(
        body.status or _GATEWAY,
        kind=body.category or "api_error",
        message=body.error or "the upstream could not be reached",
        may_retry=True,
    )
    return Taped(status=reply.status, headers=reply.headers, body=reply.body, chunks=((0, len(reply.body)),))


def _collapsed(exchanges: Sequence[Exchange]) -> list[Exchange]:
    """Joins the tries of one request: a failed answer and the same request again, in the same lane."""
    kept: list[Exchange] = []
    failed: dict[str, dict[str, int]] = {}
    for exchange in exchanges:
        waiting = failed.get(exchange.lane)
        place = waiting.pop(_request_key(exchange), None) if waiting else None
        if place is None:
            place = len(kept)
            kept.append(exchange)
        else:
            kept[place] = _joined(kept[place], exchange)
        response = exchange.response
        if (
            isinstance(response, Taped)
            and exchange.request is not None
            and has_failed(response, spoken(exchange.method, exchange.path))
        ):
            failed.setdefault(exchange.lane, {})[_request_key(exchange)] = place
    return kept


def _answered(exchanges: Sequence[Exchange]) -> list[Exchange]:
    """Leaves out tries that the log holds no answer of, where the same request was answered later."""
    if all(exchange.response is not None for exchange in exchanges):
        return list(exchanges)
    kept: list[Exchange] = []
    answered: set[tuple[str, str]] = set()
    for exchange in reversed(exchanges):
        key = (exchange.lane, _request_key(exchange))
        if exchange.response is None and exchange.request is not None and key in answered:
            continue
        if exchange.response is not None:
            answered.add(key)
        kept.append(exchange)
    return kept[::-1]


def _joined(first: Exchange, again: Exchange) -> Exchange:
    before = (first.response,) if isinstance(first.response, Taped) else ()
    return msgspec.structs.replace(again, arrival=first.arrival, failures=(*first.failures, *before))


def _request_key(exchange: Exchange) -> str:
    request: Json = exchange.request
    if isinstance(request, dict):
        request = {name: value for name, value in request.items() if name not in ("stream", "metadata")}
    return canonical.content_hash([exchange.method, exchange.path.partition("?")[0], request])


def _unheard(exchanges: Sequence[Exchange]) -> frozenset[str]:
    """Names the calls whose answer the client did not wait for, where its lane ends with them.

    It was stopped there. Broken off again, such an answer would only make a client ask again.
    """
    last = {one.lane: one for one in exchanges if one.kind == "main"}
    return frozenset(
        one.id for one in last.values() if isinstance(one.response, Taped) and one.response.end in _LEFT
    )


def _numbered(exchanges: Sequence[Exchange]) -> tuple[Exchange, ...]:
    """Gives each exchange its place in its lane and the call before it."""
    steps: dict[str, int] = {}
    last: dict[str, str] = {}
    numbered: list[Exchange] = []
    for exchange in exchanges:
        if exchange.kind == "aux" or not is_call(exchange):
            numbered.append(msgspec.structs.replace(exchange, kind="aux"))
            continue
        step = steps[exchange.lane] = steps.get(exchange.lane, 0) + 1
        parent = last.get(exchange.lane)
        last[exchange.lane] = exchange.id
        numbered.append(msgspec.structs.replace(exchange, step=step, parent=parent))
    return tuple(numbered)


def _remembered(get: Callable[[str], Json]) -> Callable[[str], Json]:
    """Decodes each payload once: a history is the same for every request that holds it."""
    known: dict[str, Json] = {}

    def remembered(name: str) -> Json:
        if name not in known:
            known[name] = get(name)
        return known[name]

    return remembered


def answer_message(
    blocks: Sequence[Mapping[str, Json]],
    *,
    message: str | None,
    model: str | None,
    stop_reason: str | None,
    usage: Mapping[str, Json] | None = None,
) -> Object:
    """Puts an answer together from what a log holds of it, as the provider would have sent it whole."""
    told: Object = {"usage": dict(usage)} if usage is not None else {}
    return {
        "id": message,
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [dict(block) for block in blocks],
        "stop_reason": stop_reason,
        "stop_sequence": None,
        **told,
    }

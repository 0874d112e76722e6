"""A model call while it runs: the request as it was made, pieces of the answer if wanted, the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from reenact.events import blob_hash, blocks, bodies
from reenact.events.blocks import AnyBlock, Tape, Tokens
from reenact.recorder.content import blocks_of, spent
from reenact.recorder.here import Here
from reenact.recorder.hooks import DeniedError
from reenact.recorder.pieces import Pieces
from reenact.recorder.plain import plain
from reenact.recorder.requests import SMALL, Asked
from reenact.recorder.scopes import Scope
from reenact.wire.dialects import dialect_named, dialect_of
from reenact.wire.reply import Outline

if TYPE_CHECKING:
    from reenact.events import AnyBody
    from reenact.recorder.exchanges import Place
    from reenact.recorder.session import Session
    from reenact.wire.dialect import Dialect

Answer = Mapping[str, Any] | bytes | str | Sequence[AnyBlock] | None
"""What an agent has of a model's answer."""
_PATHS = {
    "anthropic": "/v1/messages",
    "openai-chat": "/v1/chat/completions",
    "openai-responses": "/v1/responses",
    "openai-embeddings": "/v1/embeddings",
    "gemini": "/v1beta/models/{model}:generateContent",
}
_JSON = {"content-type": "application/json"}
_OK = 200


class ExchangeScope(Scope):
    """One request to a model and its answer."""

    def __init__(
        self,
        session: Session,
        request: Mapping[str, Any] | bytes | None,
        *,
        dialect: str | None,
        model: str | None,
        lane: str | None,
        purpose: str | None,
        path: str | None,
        provenance: Sequence[str] | None,
        exchange: str | None,
    ) -> None:
        super().__init__(session)
        self.id = exchange or session.tools.minter.mint()
        self.request = request
        """What is to be sent: what was given, or what a hook put in its place."""
        self.injected = ""
        self._told = (dialect, model, lane, purpose, path)
        self._provenance = provenance
        self._begun = 0
        self._first: int | None = None
        self._pieces: Pieces | None = None
        self._dialect: Dialect | None = None
        self._asked: Asked | None = None
        self._held: tuple[bodies.ModelRequested, ...] = ()

    def start(self) -> ExchangeScope:
        """Records the request.

        Raises:
            DeniedError: a `before_model` hook denied the call; the recording says so.
        """
        self._begin()
        self._emit()
        self._begun = self.session.tools.clock.now()
        return self

    def tell(self, response: Answer, **told: Any) -> None:
        """Records a call that is over, request and answer at once; `told` is what `respond` takes.

        Raises:
            DeniedError: a `before_model` hook denied the call; the recording says so.
        """
        self._begin()
        try:
            self.respond(response, **told)
        except BaseException as error:
            self.abort(f"{type(error).__name__}: {error}")
            raise

    def _begin(self) -> None:
        """Begins the call; its request is written down with what comes first."""
        session = self.session
        self._place = self._placed()
        if session.hooks.has("before_model"):
            verdict = session.ask("before_model", name=self._told[1], value=self.request)
            self.request, self.injected = verdict.value, verdict.text
            if verdict.denied is not None:
                self._emit(bodies.ModelFailed(exchange=self.id, error=verdict.denied, category="denied"))
                raise DeniedError("the model call", verdict.denied, by=verdict.by or "a hook")
        try:
            self._held = (self._ask(),)
        except Exception as error:  # noqa: BLE001 - what cannot be read must not stop the agent
            self._asked = None
            self._held = (bodies.ModelRequested(exchange=self.id, params={"unread": repr(error)}),)
        self._begun = session.tools.clock.now()
        if session.deltas:
            self._pieces = Pieces(self.id, self._emit, session.tools.clock, session.tools.is_clean)
        self.is_open = True
        session.course.opened(self)

    def delta(self, text: str) -> None:
        """Takes a piece of the answer; kept only where the recording keeps pieces."""
        if self._first is None:
            self._first = self.session.tools.clock.now() - self._begun
        if self._pieces is not None:
            self._pieces.add(text)

    def flush(self) -> None:
        """Writes down the pieces so far."""
        if self._pieces is not None:
            self._pieces.flush()

    def respond(
        self,
        response: Answer = None,
        *,
        usage: Tokens | None = None,
        stop_reason: str | None = None,
        message: str | None = None,
        answered_by: str | None = None,
        status: int = _OK,
    ) -> None:
        """Records the answer.

        Args:
            response: the provider's answer as JSON, decoded or not (a client's own object is asked for
                its fields); or a text; or blocks.
            usage: what it cost, where the answer does not say it.
            stop_reason: why it ended, where the answer does not say it.
            message: the provider's id of it, where the answer does not say it.
            answered_by: the model that answered, where the answer does not say it.
            status: the status over the wire.
        """
        self.flush_all()
        told = bodies.ModelResponded(exchange=self.id, fidelity="journal")
        tokens = usage
        try:
            told, tokens = self._read(response, status, tokens)
        except Exception as error:  # noqa: BLE001 - what cannot be read must not stop the agent
            shown = (blocks.Other(raw={"unread": repr(error), "answer": plain(response)}),)
            told = told.__replace__(blocks=shown)
        model = told.model or answered_by or self._told[1]
        responded = told.__replace__(
            message=told.message or message,
            model=model,
            stop_reason=told.stop_reason or stop_reason,
            usage=tokens,
            ttft=self._first,
            duration=max(self.session.tools.clock.now() - self._begun, 0),
        )
        if tokens is None:
            self._emit(responded)
        else:
            key = responded.message or self.id
            self._emit(responded, spent(key, tokens, model=model, is_final=True))
        self._over()

    def fail(
        self,
        error: str,
        *,
        status: int | None = None,
        category: str | None = None,
        retry_after: float | None = None,
        attempt: int | None = None,
    ) -> None:
        """Records that the call failed."""
        self.flush_all()
        self._emit(
            bodies.ModelFailed(
                exchange=self.id,
                error=error,
                status=status,
                category=category,
                retry_after=retry_after,
                attempt=attempt,
            )
        )
        self._over()

    def abort(self, reason: str) -> None:
        """Records that the call was cut short."""
        if self.is_open:
            self.fail(reason, category="exception")

    def end(self) -> None:
        """Ends the exchange, whether it was answered or not."""
        if self.is_open:
            self.fail("no answer was recorded", category="unanswered")

    def flush_all(self) -> None:
        """Writes down all pieces, the held back ones too."""
        if self._pieces is not None:
            self._pieces.close()

    def _over(self) -> None:
        self.is_open = False
        self.session.course.closed(self)

    def _leave(self) -> None:
        self.end()

    def _here(self) -> Here:
        around = self._around()
        place = self._place
        return Here(session=self.session, loop=place.loop, turn=place.turn, lane=around.lane, above=around)

    def _placed(self) -> Place:
        """Gives the turn that the call makes: that of the running code, else one of its own."""
        place = self.session.course.exchange_place(self.id)
        lane = self._told[2]
        return place.__replace__(lane=lane) if lane else place

    def _emit(self, *body: AnyBody) -> None:
        """Writes down what happened, and the request before it where that is still to come."""
        told = (*self._held, *body)
        is_whole = len(self.session.emit_at(self._place, *told)) == len(told)
        if self._held:
            self._held = ()
            if is_whole and self._asked is not None:
                self.session.keeper.kept(self._asked)

    def _ask(self) -> bodies.ModelRequested:
        name, model, _, purpose, path = self._told
        body = self.request
        fields: Mapping[str, Any] | None = None
        if isinstance(body, bytes):
            fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        elif body is not None:
            fields = body
        dialect = self._dialect = _dialect(name, path, fields)
        field = dialect.layout.messages
        self._asked = asked = self._kept(fields, field) if fields is not None else None
        model = model or _text(fields, "model")
        params = {"method": "POST", "path": path or _PATHS.get(dialect.name, "/").format(model=model)}
        tools = (fields or {}).get("tools")
        self._told = (name, model, self._told[2], purpose, path)
        return bodies.ModelRequested(
            exchange=self.id,
            dialect=dialect.name,
            model=model,
            params=params,
            request=asked.reference if asked is not None else None,
            provenance=asked.provenance if asked is not None else (),
            history_len=len(asked.names) if asked is not None else None,
            tools_count=_count(tools),
            purpose=purpose,
        )

    def _kept(self, fields: Mapping[str, Any], field: str) -> Asked:
        listed = fields.get(field)
        keeper, lane = self.session.keeper, self._place.lane or ""
        if isinstance(listed, msgspec.Raw):
            listed = msgspec.json.decode(listed, type=list[msgspec.Raw])
        messages: list[bytes] = []
        rest = dict(fields)
        if isinstance(listed, (list, tuple)):
            del rest[field]
            is_raw = bool(listed) and isinstance(listed[0], msgspec.Raw)
            messages = [bytes(each) for each in listed] if is_raw else keeper.encoded(lane, listed, _json)
        return keeper.ask(
            self.id,
            lane=lane,
            shape=keeper.encoded_shape(lane, rest, _json),
            messages=messages,
            field=field,
            origins=self._provenance,
        )

    def _read(
        self, response: Any, status: int, tokens: Tokens | None
    ) -> tuple[bodies.ModelResponded, Tokens | None]:
        """Gives what an answer says, and what it cost."""
        plainly = bodies.ModelResponded(exchange=self.id, fidelity="journal")
        if response is None:
            return plainly, tokens
        if isinstance(response, (str, list, tuple)):
            return plainly.__replace__(blocks=blocks_of(response)), tokens
        data = bytes(response) if isinstance(response, (bytes, bytearray)) else _json(response)
        dialect = self._dialect or dialect_named("anthropic")
        reply = dialect.read(data, form=dialect.form_of(_JSON, data), status=status)
        message = reply.message or {}
        outline = dialect.outline(message) if message else Outline()
        clean = self.session.keeper.cleaned(data)
        small = clean.decode() if len(clean) < SMALL else None
        name = blob_hash(clean) if small is not None else self.session.keep(clean)
        tape = Tape(status=status, headers=_JSON, body=name, text=small, chunks=((0, len(clean)),))
        told = plainly.__replace__(
            blocks=tuple(dialect.blocks(message)),
            message=outline.id,
            model=outline.model,
            stop_reason=outline.stop_reason,
            tape=tape,
        )
        return told, tokens or dialect.tokens(message)


def _dialect(name: str | None, path: str | None, fields: Mapping[str, Any] | None) -> Dialect:
    """Gives the language of a request: as told, by its address, by what only one of them has."""
    if name is not None:
        return dialect_named(name)
    told = dialect_of("POST", path) if path is not None else None
    if told is not None:
        return told
    has = fields or {}
    if "contents" in has:
        return dialect_named("gemini")
    if "input" in has:
        return dialect_named("openai-responses")
    is_anthropic = "system" in has or "max_tokens" in has or "messages" not in has
    return dialect_named("anthropic" if is_anthropic else "openai-chat")


def _json(value: Any) -> bytes:
    try:
        return msgspec.json.encode(value)
    except (TypeError, ValueError, RecursionError):
        return msgspec.json.encode(plain(value))


def _text(fields: Mapping[str, Any] | None, name: str) -> str | None:
    value = (fields or {}).get(name)
    if isinstance(value, msgspec.Raw):
        value = msgspec.json.decode(value)
    return value if isinstance(value, str) else None


def _count(tools: Any) -> int | None:
    if isinstance(tools, msgspec.Raw):
        tools = msgspec.json.decode(tools)
    return len(tools) if isinstance(tools, (list, tuple)) else None

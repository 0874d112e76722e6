"""A model endpoint on loopback that answers real agent clients from a script and keeps books.

It speaks Anthropic Messages and OpenAI Responses over server-sent events. It knows nothing of the importer: what
it writes down is the independent witness that imported numbers are compared with.
"""

from __future__ import annotations

import json
import select
import threading
from typing import TYPE_CHECKING, Any, Literal

from tests.clients import messages, responses
from tests.clients.books import Books, Entry
from tests.clients.script import Asked, Chosen, Cut, Refuse, Say, Script, Usage
from tests.clients.serving import Handler, Served

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

Dialect = Literal["messages", "responses"]


class Endpoint(Served):
    """The server; a context manager. `pace` seconds pass before each answer (0 in tests).

    `hanging` is set while an answer hangs, so that a runner knows when to interrupt.
    """

    def __init__(self, script: Script, *, pace: float = 0.0) -> None:
        super().__init__(_Handler)
        self.script = script
        self.books = Books()
        self.pace = pace
        self.hanging = threading.Event()


class _Handler(Handler):
    door: Endpoint

    def answer(self) -> None:
        raw = self.asked()
        path = self.path.split("?")[0]
        if path == "/v1/messages":
            self._answer("messages", json.loads(raw))
        elif path == "/v1/responses":
            self._answer("responses", json.loads(raw))
        elif path == "/v1/messages/count_tokens":
            self._reply(200, {"input_tokens": len(raw) // 4})
        else:
            self.do_GET()

    def _answer(self, dialect: Dialect, body: dict[str, Any]) -> None:
        speak = messages if dialect == "messages" else responses
        headers = {key.lower(): value for key, value in self.headers.items()}
        asked = speak.read(headers, body, self.door.script.spawned)
        number = self.door.books.open(asked)
        chosen = self.door.script.choose(asked)
        if self.door.pace:
            self.door.closing.wait(self.door.pace)
        outcome: Literal["complete", "refused", "cut", "left"] = "complete"
        try:
            match chosen.answer:
                case Refuse() as refuse:
                    outcome = "refused"
                    extra = {} if refuse.retry_after is None else {"retry-after": str(refuse.retry_after)}
                    self._reply(refuse.status, speak.error(refuse), extra)
                case Cut() as cut:
                    outcome = "cut"
                    self._stream(speak.stream(asked, chosen), cut.how)
                case Say() if body.get("stream", False):
                    self._stream(speak.stream(asked, chosen), None)
                case Say():
                    self._reply(200, _whole(dialect, asked, chosen))
        except (BrokenPipeError, ConnectionResetError):
            outcome = "left"
            self.close_connection = True
        self.door.books.add(
            _entry(
                number=number,
                dialect=dialect,
                asked=asked,
                chosen=chosen,
                outcome=outcome,
                headers=headers,
                body=body,
            )
        )

    def _reply(self, status: int, body: dict[str, Any], extra: dict[str, str] | None = None) -> None:
        self.send(status, json.dumps(body).encode(), extra=extra)

    def _stream(self, events: Iterator[str], cut: Literal["drop", "error", "hang"] | None) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("cache-control", "no-cache")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        # In one piece after the first event: Claude Code 1.0.30 writes a row down before it knows the final
        # usage when the end of a message reaches it a moment later than its last block.
        first, rest = next(events).encode(), "".join(events).encode()
        for data in filter(None, (first, rest)):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()
        if cut == "hang":
            self.door.hanging.set()
            _wait_until_left(self.connection, self.door.closing)
        if cut in (None, "error"):
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.close_connection = True


def _wait_until_left(connection: socket.socket, closing: threading.Event) -> None:
    while not closing.is_set():
        readable, _, _ = select.select([connection], [], [], 0.1)
        if readable:
            return


def _whole(dialect: Dialect, asked: Asked, chosen: Chosen) -> dict[str, Any]:
    """An answer asked for without streaming: the client libraries' final message, read back from the stream."""
    if dialect == "responses":
        last = list(responses.stream(asked, chosen))[-1]
        found: dict[str, Any] = json.loads(last.split("data: ", 1)[1])["response"]
        return found
    assert isinstance(chosen.answer, Say)
    events = [json.loads(e.split("data: ", 1)[1]) for e in messages.stream(asked, chosen)]
    message: dict[str, Any] = events[0]["message"]
    final = next(e for e in events if e["type"] == "message_delta")
    message["content"] = [{"type": "text", "text": chosen.answer.text}]
    message["stop_reason"] = final["delta"]["stop_reason"]
    message["usage"] = final["usage"]
    return message


def _entry(
    *,
    number: int,
    dialect: Dialect,
    asked: Asked,
    chosen: Chosen,
    outcome: Literal["complete", "refused", "cut", "left"],
    headers: dict[str, str],
    body: dict[str, Any],
) -> Entry:
    speak = messages if dialect == "messages" else responses
    answer = chosen.answer
    say = answer.say if isinstance(answer, Cut) else answer if isinstance(answer, Say) else Say()
    stated = speak.start_output(chosen.usage)
    start = Usage() if dialect == "responses" else _replace_output(chosen.usage, stated)
    return Entry(
        number=number,
        dialect=dialect,
        lane=asked.lane,
        model=asked.model,
        session=asked.session,
        agent=asked.agent,
        parent=asked.parent,
        opening=asked.opening,
        response=speak.message_id(chosen),
        outcome=outcome,
        status=answer.status if isinstance(answer, Refuse) else 200,
        usage=chosen.usage,
        start=start,
        text=say.text,
        thinking=say.thinking,
        calls=tuple((c.name, speak.call_id(i)) for c, i in zip(say.calls, chosen.call_ids, strict=True)),
        server_calls=tuple(b["name"] for b in say.blocks if b["type"] == "server_tool_use"),
        talk=chosen.talk,
        headers={
            k: v
            for k, v in headers.items()
            if k.startswith(("x-", "thread", "session", "user-agent", "anthropic-beta"))
        },
        body=body,
    )


def _replace_output(usage: Usage, output: int) -> Usage:
    return Usage(
        input=usage.input,
        cache_read=usage.cache_read,
        cache_write_5m=usage.cache_write_5m,
        cache_write_1h=usage.cache_write_1h,
        output=output,
    )

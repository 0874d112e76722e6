"""A make-believe provider on loopback that answers as it is told, and remembers what it was asked."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

Answer = Callable[["Asked"], "Reply"]
FAREWELL = b"!"


class Asked:
    def __init__(self, method: str, path: str, headers: dict[str, str], body: bytes) -> None:
        self.method = method
        self.path = path
        self.headers = headers
        self.body = body


class Reply:
    """Pieces are sent one by one, each when `before` (if any) lets it; `torn` breaks the connection off."""

    def __init__(
        self,
        *pieces: bytes,
        status: int = 200,
        kind: str = "text/event-stream",
        before: Callable[[int], None] | None = None,
        torn: bool = False,
        headers: dict[str, str] | None = None,
    ) -> None:
        self.pieces = pieces
        self.status = status
        self.kind = kind
        self.before = before
        self.torn = torn
        self.headers = headers or {}


class Provider:
    """The server; a context manager."""

    def __init__(self, answer: Answer, *, tls: ssl.SSLContext | None = None) -> None:
        self.asked: list[Asked] = []
        self._scheme = "https" if tls else "http"
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _any(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(self.command, self.path, headers, body)
                provider.asked.append(asked)
                self._send(answer(asked))

            do_GET = do_POST = do_PUT = do_HEAD = _any  # noqa: N815 - the names that the library calls

            def _send(self, reply: Reply) -> None:
                self.send_response(reply.status)
                self.send_header("content-type", reply.kind)
                self.send_header("transfer-encoding", "chunked")
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command == "HEAD":
                    return
                for number, piece in enumerate(reply.pieces):
                    if reply.before is not None:
                        reply.before(number)
                    self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
                    self.wfile.flush()
                if reply.torn:
                    self.close_connection = True
                    return
                self.wfile.write(b"0\r\n\r\n")

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: Any) -> None:
                pass  # clients that leave are part of the tests

        self._server = Server(("127.0.0.1", 0), Handler)
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def address(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def streamed(text: str, *, message: str = "msg_1", model: str = "claude-opus-5-5") -> list[bytes]:
    """Gives the events of a streamed answer."""
    return [event(data) for data in _events(text, message, model)]


def event(data: dict[str, Any]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (data["type"].encode(), json.dumps(data).encode())


def _events(text: str, message: str, model: str) -> Iterator[dict[str, Any]]:
    usage = {"input_tokens": 11, "output_tokens": 1}
    yield {
        "type": "message_start",
        "message": {
            "id": message, "type": "message", "role": "assistant", "model": model, "content": [],
            "stop_reason": None, "stop_sequence": None, "usage": usage,
        },
    }  # fmt: skip
    yield {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    for start in range(0, len(text), 5):
        piece = {"type": "text_delta", "text": text[start : start + 5]}
        yield {"type": "content_block_delta", "index": 0, "delta": piece}
    yield {"type": "content_block_stop", "index": 0}
    yield {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn", "stop_sequence": None},
        "usage": {"output_tokens": 7},
    }
    yield {"type": "message_stop"}


def request(*texts: str, **fields: Any) -> dict[str, Any]:
    """Gives a request whose messages say these texts, user and assistant in turn."""
    roles = ("user", "assistant")
    messages = [{"role": roles[number % 2], "content": text} for number, text in enumerate(texts)]
    return {"model": "claude-opus-5-5", "max_tokens": 100, "stream": True, "messages": messages, **fields}

"""What the endpoints of the tests have in common: a server on loopback, and an answer in one piece."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from types import TracebackType


class Served:
    """A server on loopback; a context manager. Its handlers know it as their `door`."""

    def __init__(self, handler: type[Handler]) -> None:
        self.closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (handler,), {"door": self}))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """Address without a trailing slash."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class Handler(BaseHTTPRequestHandler):
    """Reads and answers what is posted; nothing else is here. Says nothing on the terminal."""

    door: Any
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        del format, args

    def do_HEAD(self) -> None:
        self.send(200, b"{}")

    def do_GET(self) -> None:
        self.send(404, b'{"error": {"message": "not here", "type": "not_found_error"}}')

    def do_POST(self) -> None:
        self.answer()

    def answer(self) -> None:
        """Answers what was posted."""
        raise NotImplementedError

    def asked(self) -> bytes:
        """Gives the body of the request."""
        return self.rfile.read(int(self.headers.get("content-length", "0")))

    def send(
        self, status: int, data: bytes, *, kind: str = "application/json", extra: dict[str, str] | None = None
    ) -> None:
        """Answers in one piece."""
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        for name, value in (extra or {}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

"""A scripted model on loopback: it asks for a file and says what it found there. It counts its calls."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class ScriptedModel:
    """A server; a context manager."""

    def __init__(self) -> None:
        self.calls = 0
        model = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("content-length", 0))
                asked = json.loads(self.rfile.read(length))
                model.calls += 1
                body = json.dumps(_answer(asked, model.calls)).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Says nothing: the demonstration speaks for itself."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _answer(asked: dict[str, Any], number: int) -> dict[str, Any]:
    last = asked["messages"][-1]["content"]
    if isinstance(last, str):
        content = [
            {"type": "text", "text": "I will read it."},
            {
                "type": "tool_use",
                "id": f"toolu_demo_{number:04d}",
                "name": "read_file",
                "input": {"path": "tasks.txt"},
            },
        ]
    else:
        lines = last[-1]["content"].splitlines()
        content = [{"type": "text", "text": f"There are {len(lines)} tasks; the first is “{lines[0]}”."}]
    return {
        "id": f"msg_demo_{number:04d}",
        "type": "message",
        "role": "assistant",
        "model": asked["model"],
        "content": content,
        "stop_reason": "tool_use" if isinstance(last, str) else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 40 * number, "output_tokens": 20},
    }

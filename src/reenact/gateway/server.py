"""Runs an app on loopback, in a thread of its own, until it is told to stop."""

from __future__ import annotations

import gc
import socket
import threading
from typing import TYPE_CHECKING, Any, Self, cast

import uvicorn

from reenact.errors import ReenactError

if TYPE_CHECKING:
    from types import TracebackType

    from reenact.gateway.http import App

_HOST = "127.0.0.1"
_START_SECONDS = 20.0


class Server:
    """A server on a free port of loopback; a context manager."""

    def __init__(self, app: App, *, port: int = 0) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((_HOST, port))
        except OSError as error:
            self._socket.close()
            raise ReenactError(
                f"port {port} cannot be used: {error.strerror}", hint="choose another"
            ) from error
        self.port: int = self._socket.getsockname()[1]
        config = uvicorn.Config(
            cast("Any", app),  # uvicorn's own name for the same protocol
            log_config=None,
            log_level="critical",  # an answer that breaks off, as recorded, is no news
            access_log=False,
            lifespan="on",
            timeout_keep_alive=15,
            timeout_graceful_shutdown=3,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            ws="websockets-sansio",
            ws_max_size=1 << 30,  # a request holds a whole history
            ws_ping_interval=None,
            ws_per_message_deflate=False,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="reenact-gateway", daemon=True)

    @property
    def address(self) -> str:
        """Where agents find it."""
        return f"http://{_HOST}:{self.port}"

    def __enter__(self) -> Self:
        gc.collect()
        gc.freeze()  # a script is many objects that stay: the collector need not walk them while serving
        self._socket.listen(1024)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=_START_SECONDS)
        gc.unfreeze()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])

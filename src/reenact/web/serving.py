"""Runs the page: takes the port before anything slow begins, serves until it is told to stop."""

from __future__ import annotations

import errno
import ipaddress
import secrets
import socket
from typing import TYPE_CHECKING, Any, cast

import msgspec
import uvicorn

from reenact.errors import ReenactError, UsageError
from reenact.web.guard import ENTER, Tokens

if TYPE_CHECKING:
    from reenact.web.guard import App

PORT = 7331
"""The usual port of the page."""
_TRIES = 20
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where the page is: its names, and the link to open."""

    host: str
    port: int
    hosts: tuple[str, ...]
    """What a browser may call it, port included."""
    is_local: bool

    def url(self, tokens: Tokens | None) -> str:
        """Gives the address to open; off loopback the link that works once."""
        shown = f"[{self.host}]" if ":" in self.host else self.host
        base = f"http://{shown}:{self.port}/"
        return base if tokens is None else f"{base[:-1]}{ENTER}?token={tokens.link}"


def listen(host: str, port: int | None) -> tuple[socket.socket, Address]:
    """Takes a port: the one named, else the usual one or the next that is free.

    Raises:
        UsageError: the host is no address of this machine.
        ReenactError: the port is taken.
    """
    wanted = [port] if port is not None else [*range(PORT, PORT + _TRIES)]
    for number in wanted:
        try:
            taken = _bind(host, number)
        except OSError as error:
            if error.errno not in {errno.EADDRINUSE, errno.EACCES}:
                raise UsageError(
                    f"{host} cannot be listened on: {error.strerror}", hint="--host 127.0.0.1"
                ) from error
            continue
        return taken, _address(host, taken.getsockname()[1])
    named = f"port {port} is" if port is not None else f"ports {PORT} to {PORT + _TRIES - 1} are"
    raise ReenactError(f"{named} taken", hint="is `reenact up` running already? else say --port")


def _bind(host: str, port: int) -> socket.socket:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, address = found[0]
    taken = socket.socket(family, kind, protocol)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(address)
        taken.listen(128)
    except OSError:
        taken.close()
        raise
    return taken


def _address(host: str, port: int) -> Address:
    is_local = is_loopback(host)
    names = [f"[{host}]" if ":" in host else host]
    if is_local:
        names = [*_LOOPBACK, *names]
    elif host in {"0.0.0.0", "::"}:  # noqa: S104 - the user asked for it, and needs the token
        names = [socket.gethostname(), socket.getfqdn(), *_own_addresses(), *_LOOPBACK]
        host = names[0]
    hosts = {f"{name}:{port}" for name in names} | ({*names} if port == 80 else set())
    return Address(host=host, port=port, hosts=tuple(sorted(hosts)), is_local=is_local)


def is_loopback(host: str) -> bool:
    """Tells whether only this machine can reach a host's name."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _own_addresses() -> list[str]:
    try:
        found = socket.getaddrinfo(socket.gethostname(), None)
    except OSError:
        return []
    names = {str(item[4][0]) for item in found}
    return [f"[{name}]" if ":" in name else name for name in sorted(names)]


def new_tokens() -> Tokens:
    """Gives a link's word and a cookie's word that nobody can guess."""
    return Tokens(secrets.token_urlsafe(32), secrets.token_urlsafe(32))


def config(app: App) -> uvicorn.Config:
    """Gives the settings of the page's server."""
    return uvicorn.Config(
        cast("Any", app),  # uvicorn's own name for the same protocol
        log_config=None,
        log_level="critical",
        access_log=False,
        lifespan="on",
        timeout_keep_alive=30,
        timeout_graceful_shutdown=1,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        ws="none",
        limit_concurrency=256,
    )

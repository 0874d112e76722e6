"""Who may ask: this machine by its own name, or who holds the token; nothing else gets an answer.

A page of another site can make a browser ask us, and a name that an attacker owns can point to
loopback. So the Host must be one of ours, a browser's Origin must be the same, and off loopback a
token is needed: a link that works once gives a cookie.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

import msgspec

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

COOKIE = "reenact"
ENTER = "/enter"
KEEP = "/api/keep"
WISH = (b"x-reenact", "keep")
"""A header that no form and no image of another site can send."""
_METHODS = {"GET", "HEAD"}
_LONGEST_QUERY = 8_192
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = (
    (b"content-security-policy", CSP.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)


class Door:
    """Lets requests in, and puts the safe headers on every answer."""

    def __init__(self, app: App, *, hosts: Iterable[str], tokens: Tokens | None = None) -> None:
        self._app = app
        self.routes: list[Any] = getattr(app, "routes", [])
        """All that lies behind it."""
        self._hosts = frozenset(host.lower() for host in hosts)
        self._tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        send = _with_headers(send)
        headers: dict[bytes, list[bytes]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.lower(), []).append(value)
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await _refuse(send, *refusal)
        elif self._tokens is not None and scope["path"] == ENTER:
            await self._enter(scope, send)
        else:
            await self._app(scope, receive, send)

    def _refusal(self, scope: Scope, headers: dict[bytes, list[bytes]]) -> tuple[int, str, str] | None:
        """Gives status, message and hint where a request gets no answer."""
        hosts = headers.get(b"host", [])
        if len(hosts) != 1 or _text(hosts[0]) not in self._hosts:
            return 403, "this page answers only under its own name", "open the address that reenact printed"
        origins = headers.get(b"origin", [])
        if any(not self._is_ours(_text(origin), _text(hosts[0])) for origin in origins):
            return 403, "another site asked for this page", "open the address that reenact printed"
        site = headers.get(b"sec-fetch-site", [])
        if any(_text(value) == "cross-site" for value in site) and scope["path"] not in {"/", ENTER}:
            return 403, "another site asked for this page", "open the address that reenact printed"
        if scope["method"] == "POST" and scope["path"] == KEEP:
            if not origins or [_text(value) for value in headers.get(WISH[0], [])] != [WISH[1]]:
                return 403, "only the page itself may ask for this", "open the address that reenact printed"
        elif scope["method"] not in _METHODS:
            return 405, "nothing can be changed from here", "only GET is answered"
        if len(scope.get("query_string", b"")) > _LONGEST_QUERY:
            return 414, "the request is too long", "ask for less"
        if self._tokens is not None and scope["path"] != ENTER and not self._holds_token(headers):
            return 401, "who are you?", "open the link that reenact printed; it works once"
        return None

    @staticmethod
    def _is_ours(origin: str, host: str) -> bool:
        return origin in {f"http://{host}", f"https://{host}"}

    def _holds_token(self, headers: dict[bytes, list[bytes]]) -> bool:
        assert self._tokens is not None
        for value in headers.get(b"cookie", []):
            try:
                morsel = SimpleCookie(value.decode("latin-1")).get(COOKIE)
            except CookieError:
                continue
            if morsel is not None and self._tokens.opens(morsel.value):
                return True
        return False

    async def _enter(self, scope: Scope, send: Send) -> None:
        """Takes the token of the link, gives the cookie, and goes on to the page."""
        assert self._tokens is not None
        given = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token", [""])[0]
        cookie = self._tokens.exchange(given)
        if cookie is None:
            await _refuse(send, 403, "this link was used already, or never was one", "start reenact up again")
            return
        value = f"{COOKIE}={cookie}; Path=/; HttpOnly; SameSite=Strict"
        await send({
            "type": "http.response.start",
            "status": 303,
            "headers": [(b"location", b"/"), (b"set-cookie", value.encode()), (b"content-length", b"0")],
        })  # fmt: skip
        await send({"type": "http.response.body", "body": b""})


class Tokens:
    """The word of the link, good for one use, and the word of the cookie."""

    def __init__(self, link: str, cookie: str) -> None:
        self.link = link
        self._cookie = cookie
        self._is_used = False

    def exchange(self, given: str) -> str | None:
        """Gives the cookie's word for the link's, once."""
        if self._is_used or not hmac.compare_digest(given.encode(), self.link.encode()):
            return None
        self._is_used = True
        return self._cookie

    def opens(self, given: str) -> bool:
        return hmac.compare_digest(given.encode("utf-8", "replace"), self._cookie.encode())


def _text(value: bytes) -> str:
    return value.decode("latin-1").strip().lower()


def _with_headers(send: Send) -> Send:
    """Adds the safe headers to an answer that does not bring stricter ones of its own."""

    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            own = list(message.get("headers", []))
            names = {name.lower() for name, _ in own}
            message["headers"] = [*own, *(header for header in HEADERS if header[0] not in names)]
        await send(message)

    return sending


async def _refuse(send: Send, status: int, message: str, hint: str) -> None:
    body = msgspec.json.encode({"error": {"message": message, "hint": hint}})
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

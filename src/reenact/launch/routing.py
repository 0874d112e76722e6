"""Several providers behind one gateway: each but the first has a prefix of its own in the address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reenact.gateway import RecordingApp, Upstream, http

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reenact.gateway.http import App, Receive, Scope, Send
    from reenact.launch.tools import Tools
    from reenact.recorder import Recorder


class Routes:
    """Hands each request to the app of its prefix, without the prefix; the app of none has the rest."""

    def __init__(self, apps: Mapping[str, App]) -> None:
        self._apps = sorted(((prefix, app) for prefix, app in apps.items() if prefix), reverse=True)
        self._rest = apps[""]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in {"http", "websocket"}:
            for prefix, app in self._apps:
                if scope["path"].startswith(prefix + "/"):
                    await app(_without(scope, prefix), receive, send)
                    return
        await self._rest(scope, receive, send)


class Wire:
    """The recording half of a gateway: one recorded way to each provider."""

    def __init__(
        self, tools: Tools, recorder: Recorder, origins: Mapping[str, str], *, is_logged: bool
    ) -> None:
        self._ways = {
            prefix: RecordingApp(
                Upstream(origin),
                tools.exchanges(recorder, is_logged=is_logged),
                minter=tools.minter,
            )
            for prefix, origin in origins.items()
        }
        self._routes = Routes(self._ways) if self._ways else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await http.lifespan(receive, send, close=self.close)
        elif self._routes is not None:
            await self._routes(scope, receive, send)

    async def close(self) -> None:
        """Closes the connections to the providers."""
        for way in self._ways.values():
            await way.close()

    @property
    def exchanges(self) -> int:
        """Model calls that passed."""
        return sum(way.exchanges for way in self._ways.values())

    @property
    def sessions(self) -> frozenset[str]:
        """The agent's own ids of the sessions that were seen."""
        return frozenset().union(*(tuple(way.sessions) for way in self._ways.values()))

    @property
    def is_cut(self) -> bool:
        """True where an answer is outstanding, or the latest one was not heard to its end."""
        return any(way.is_cut for way in self._ways.values())


def _without(scope: Scope, prefix: str) -> Scope:
    raw = scope.get("raw_path")
    shorter = {"path": scope["path"][len(prefix) :]}
    if isinstance(raw, bytes):
        shorter["raw_path"] = raw[len(prefix) :]
    return {**scope, **shorter}

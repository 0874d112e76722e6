"""What a replay does live: a session of its own that leaves the recording where its answers ended.

The session is opened when the first request goes live; a replay that never does leaves no trace.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from reenact.events.bodies import Custom
from reenact.gateway import RecordingApp, Upstream
from reenact.launch.providers import base_for
from reenact.launch.record import finish, open_recorder
from reenact.launch.tools import Tools
from reenact.launch.values import Provider

if TYPE_CHECKING:
    from reenact.events import Event
    from reenact.gateway.http import Asked, Receive, Send
    from reenact.recorder import Recorder
    from reenact.replay import Player

BRANCH = "reenact.branch"
"""Name of the event that tells which calls of its parent a session was played before it went live."""


class Branch:
    """Passes requests on to the provider and records them as a child of the session that was replayed."""

    def __init__(
        self,
        tools: Tools,
        command: Sequence[str],
        variables: Mapping[str, str],
        *,
        source: str,
        providers: Sequence[Provider],
    ) -> None:
        self._tools = tools
        self._providers = providers
        self._command = command
        self._variables = variables
        self._source = source
        self._recorder: Recorder | None = None
        self._ways: dict[str, RecordingApp] = {}
        self.player: Player | None = None
        """What plays; to be set before anything is passed on."""

    @property
    def session(self) -> str | None:
        """The session that holds the live part, once there is one."""
        return self._recorder.session if self._recorder else None

    async def pass_on(self, asked: Asked, receive: Receive, send: Send) -> None:
        """Sends one request to its provider and records it."""
        await self._way(base_for(asked.method, asked.path, asked.headers, self._providers)).pass_on(
            asked, receive, send
        )

    async def close(self) -> None:
        """Closes the connections to the providers."""
        for way in self._ways.values():
            await way.close()

    def finish(self, code: int | None) -> None:
        """Writes down how the run ended and which recorded calls it was played in all."""
        if self._recorder is not None:
            self._tell_played(self._recorder)
            seen = {native for way in self._ways.values() for native in way.sessions}
            is_cut = any(way.is_cut for way in self._ways.values())
            finish(self._recorder, seen=seen, is_cut=is_cut, code=code)

    def _way(self, base: str) -> RecordingApp:
        if base not in self._ways:
            exchanges = self._tools.exchanges(self._open())
            self._ways[base] = RecordingApp(Upstream(base), exchanges, minter=self._tools.minter)
        return self._ways[base]

    def _open(self) -> Recorder:
        if self._recorder is None:
            self._recorder = open_recorder(self._tools, self._command, self._variables, parent=self._source)
            self._tell_played(self._recorder)
        return self._recorder

    def _tell_played(self, recorder: Recorder) -> None:
        played = list(self.player.played) if self.player is not None else []
        recorder.record(Custom(name=BRANCH, data={"played": played}))


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """Which calls of its parent a session stands on."""

    played: frozenset[str]


def left_of(events: Iterator[Event]) -> Left | None:
    """Gives where a session left its parent; None for one that is no live part of a replay."""
    found: Left | None = None
    for event in events:
        if isinstance(event.body, Custom) and event.body.name == BRANCH:
            played = event.body.data.get("played")
            names = played if isinstance(played, list) else []
            found = Left(played=frozenset(name for name in names if isinstance(name, str)))
    return found

"""Mock models over what an archive holds: who plays, to whom, and how requests are read."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from reenact.errors import ReenactError, UsageError
from reenact.gateway.cleaning import Cleaner
from reenact.integrations.mock import Mock
from reenact.integrations.tool import ServedTools
from reenact.launch import playback, surroundings
from reenact.replay import Player, Script
from reenact.replay.tools import RecordedTools
from reenact.wire.dialects import dialect_of

if TYPE_CHECKING:
    from reenact.archive.facade import Archive
    from reenact.replay.model import Errors, Timing
    from reenact.wire.request import Request

_HOMES = {
    "httpx": ("httpx", "MockTransport"),
    "httpx2": ("httpx2", "MockTransport"),
    "openai-agents": ("openai_agents", "MockModel"),
}
"""What is mocked → where, and what it is called."""


def mock(
    archive: Archive,
    script: str | Script,
    client: str,
    *,
    errors: Errors | None,
    timing: Timing,
    policy: Literal["fail", "stub"],
) -> Any:
    """Gives what plays a script to a client or framework.

    Raises:
        UsageError: nothing of this name is mocked.
        ReenactError: the package that it is for is not installed.
    """
    found = _HOMES.get(client)
    if found is None:
        raise UsageError(f"there is no mock for {client!r}", hint=f"there is: {', '.join(_HOMES)}")
    home, name = found
    try:
        make: Callable[[Mock], Any] = getattr(import_module(f"reenact.integrations.{home}"), name)
    except ModuleNotFoundError as error:
        missing = error.name or client
        raise ReenactError(f"{missing} is not installed", hint=f"pip install 'reenact[{client}]'") from error
    actual = surroundings.declared(archive.variables, archive.clock, cwd=os.getcwd())
    played = archive.script(script) if isinstance(script, str) else script
    errors = errors or ("faithful" if played.fidelity == "synthesised" else "skip")
    player = Player(played, actual, errors=errors, timing=timing, policy=policy)
    return make(Mock(player, read=_reader(archive)))


def recorded_tools(archive: Archive, name: str) -> ServedTools:
    """Gives the results of a session's tools and of its sub-agents'; from what models were told, if need be.

    Raises:
        SessionNotFoundError: there is no such session.
    """
    events = list(playback.family_events(archive.store, archive.session(name)))
    found = RecordedTools.from_events(events)
    return ServedTools(found if found.results else RecordedTools.from_script(archive.script(name)))


def _reader(archive: Archive) -> Callable[[str, str, Mapping[str, str], bytes], Request]:
    cleaner = Cleaner(archive.guard.text)

    def read(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Request:
        return cleaner.request(body, dialect=dialect_of(method, path, headers), method=method, path=path)

    return read

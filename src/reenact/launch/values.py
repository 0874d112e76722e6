"""What passes between those who know an agent's ways and those who start it."""

from __future__ import annotations

import msgspec

NO_KEY = "replay-needs-no-key"
"""What an agent gets as its key where none is needed, and it would not start without."""


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """Whom an agent asks: a name, and the address that it asks at by itself."""

    name: str
    base: str


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """How an agent is started so that it talks to the gateway."""

    command: tuple[str, ...]
    environment: dict[str, str]

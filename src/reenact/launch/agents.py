"""How each agent is told to talk to the gateway: by its environment alone."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Literal

from reenact.errors import UsageError

Dialect = Literal["anthropic"]
ANTHROPIC = "https://api.anthropic.com"
_NAMES = {"claude": "claude_code"}

_OFFLINE = {
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_TELEMETRY": "1",
    "DISABLE_ERROR_REPORTING": "1",
}
"""What keeps Claude Code from asking for anything but its model (settings of Claude Code 1.0 to 2.1)."""


def agent_of(command: Sequence[str]) -> str:
    """Gives the name of the agent that a command starts; other programs are called by their own name."""
    name = os.path.basename(command[0]) if command else ""
    return _NAMES.get(name, name or "agent")


def dialect_of(command: Sequence[str]) -> Dialect:
    """Gives the dialect that a command's agent speaks.

    Raises:
        UsageError: no command was given.
    """
    if not command:
        raise UsageError("no command was given", hint="put it behind `--`: reenact record -- claude -p …")
    return "anthropic"


def upstream_of(variables: Mapping[str, str]) -> str:
    """Gives where the agent would send its requests by itself."""
    return variables.get("ANTHROPIC_BASE_URL") or ANTHROPIC


def environment_for(address: str, variables: Mapping[str, str], *, offline: bool) -> dict[str, str]:
    """Gives the environment in which an agent talks to the gateway at `address`.

    With `offline` the agent is kept from asking anyone else, and gets a key that is none where it
    has no key: a replay needs none.
    """
    environment = {**variables, "ANTHROPIC_BASE_URL": address}
    if offline:
        environment |= _OFFLINE
        if not (environment.get("ANTHROPIC_API_KEY") or environment.get("ANTHROPIC_AUTH_TOKEN")):
            environment["ANTHROPIC_API_KEY"] = "replay-needs-no-key"
    return environment

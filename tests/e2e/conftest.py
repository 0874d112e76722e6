"""The fixture `live`: a real client has just worked, offline, in a home of its own.

`live.home` is what an importer is pointed at, `live.expected` what it must say (the document of
`tests/clients/expect.py`, from the endpoint's books), `live.played` everything else that is known.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from tests.clients import expect, install, stories
from tests.clients.stage import Played, Story, perform

if TYPE_CHECKING:
    from pathlib import Path

# A handful of stories with the newest clients, and one with each older version.
CHOSEN = (
    "claude-2.1.329/tools",
    "claude-2.1.329/subagent",
    "claude-2.1.329/resume-fork",
    "claude-2.1.329/compact",
    "claude-2.1.329/rate-limit",
    "codex-0.169.0/tools",
    "codex-0.169.0/subagent",
    "codex-0.169.0/resume-fork",
    "codex-0.169.0/autocompact",
    "claude-2.1.50/tools",
    "claude-2.0.76/tools",
    "claude-1.0.30/tools",
    "codex-0.121.0/tools",
    "codex-0.42.0/tools",
)


class Live(msgspec.Struct, frozen=True, kw_only=True):
    """What a client left behind, and what the endpoint knows of it."""

    played: Played
    home: Path
    expected: dict[str, Any]

    @property
    def name(self) -> str:
        """Client and story."""
        return f"{self.played.client}/{self.played.story.name}"


def _chosen(name: str) -> tuple[str, Story]:
    return next((client, story) for client, story in stories.PLAYED if f"{client}/{story.name}" == name)


def _is_required(client: str) -> bool:
    """`REENACT_REQUIRE_CLIENTS=1` asks for the newest clients, `all` for the older ones too."""
    asked = os.environ.get("REENACT_REQUIRE_CLIENTS", "")
    return asked == "all" or (asked not in ("", "0") and client in install.NEWEST)


@pytest.fixture(scope="session", params=CHOSEN)
def live(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Live:
    """A story, just played by the real client; skipped where the client is not installed."""
    client, story = _chosen(request.param)
    if install.command(client) is None:
        missing = f"{client} is not installed: python tests/clients/install.py {client}"
        if _is_required(client):
            pytest.fail(missing)
        pytest.skip(missing)
    played = perform(story, client, tmp_path_factory.mktemp(story.name))
    home = played.machine.home
    return Live(played=played, home=home, expected=expect.expected(played, home))

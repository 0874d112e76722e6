"""Follows real clients while they work, and compares what came with what a later import gives."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from tests.ingest.machines import answers

from reenact.archive import open_archive

if TYPE_CHECKING:
    from collections.abc import Callable

QUIET = 5
"""Rounds without anything new after the client ended."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What came, what the archive then held and answers, and what a later import answers."""

    came: Counter[tuple[str, str]]
    early: int
    """Events that came while the client worked."""
    statuses: frozenset[str]
    """How main sessions stood while the client worked."""
    alive: frozenset[str]
    """Sessions that gave a sign of life."""
    kept: Counter[tuple[str, str]]
    followed: dict[str, Any]
    later: dict[str, Any]


def watched(play: Callable[[], object], home: Path, folder: Path, *, polled: bool = False) -> Seen:
    """Plays in a thread of its own while its home is followed."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            play()
        except BaseException as error:  # noqa: BLE001 - told by the test's own thread
            failed.append(error)

    variables = {"HOME": str(home), "TZ": "UTC"}
    came: list[tuple[str, str]] = []
    early, states, alive = 0, set[str](), set[str]()
    with (
        open_archive(folder / "archive", variables=variables) as archive,
        archive.follow(polled=polled) as live,
    ):
        player = threading.Thread(target=run)
        player.start()
        quiet = 0
        while player.is_alive() or quiet < QUIET:
            found = live.step(0.2)
            came += [(each.event.session, each.event.id) for each in found]
            if player.is_alive():
                early = len(came)
                alive |= archive.pulse.alive(archive.clock.now())
                states |= {row.status for row in archive.standing() if row.kind != "subagent"}
            else:
                quiet = 0 if found else quiet + 1
        player.join()
        assert failed == []
        kept = [(event.session, event.id) for row in archive.sessions() for event in archive.events(row.id)]
        followed = answers(archive)
    with open_archive(folder / "later", variables=variables) as archive:
        archive.catch_up()
        later = answers(archive)
    return Seen(
        came=Counter(came),
        early=early,
        statuses=frozenset(states),
        alive=frozenset(alive),
        kept=Counter(kept),
        followed=followed,
        later=later,
    )

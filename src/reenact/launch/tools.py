"""What recording a command needs of the archive, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from reenact.clock import Clock
from reenact.events import Header
from reenact.ids import Minter
from reenact.recorder import ExchangeRecorder, Recorder, Scrub
from reenact.sources import Environment, Source
from reenact.store import Store


class Tools(msgspec.Struct, frozen=True, kw_only=True):
    """What recording needs of the archive."""

    store: Store
    clock: Clock
    minter: Minter
    scrub: Scrub
    """For JSON values."""
    scrub_text: Callable[[str], str]
    is_clean: Callable[[bytes], bool]
    """Tells quickly that bytes hold no secret; False says nothing."""
    sources: tuple[Source, ...] = ()
    """Whose transcripts are followed while their agents run."""
    environment: Environment | None = None
    """Where these lie."""
    never: tuple[str, ...] = ()
    """Projects that are not imported."""

    def recorder(self, header: Header) -> Recorder:
        """Opens the recording of a session."""
        return Recorder(
            self.store,
            header,
            clock=self.clock,
            minter=self.minter,
            scrub=self.scrub,
            is_clean=self.is_clean,
        )

    def exchanges(self, recorder: Recorder, *, is_logged: bool = False) -> ExchangeRecorder:
        """Gives what writes model calls into a recording; `is_logged` as there."""
        return ExchangeRecorder(
            recorder, scrub_text=self.scrub_text, is_clean=self.is_clean, is_logged=is_logged
        )

    def source(self, agent: str) -> Source | None:
        """Gives the source of an agent, if it has one."""
        return next((source for source in self.sources if source.agent == agent), None)


class Choices(msgspec.Struct, frozen=True, kw_only=True):
    """What of a command is recorded."""

    wire: bool = True
    """Whether its model calls go through the gateway."""
    output: bool | None = None
    """Whether what it prints is kept; None: where it does not print to a terminal."""


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """What came of recording a command."""

    session: str
    exit_code: int
    exchanges: int
    native_sessions: tuple[str, ...]
    """The agent's own ids of the sessions it worked in."""
    degraded: str | None
    lost: int
    missing: tuple[str, ...] = ()
    """What the recording does not hold, in words; empty where it is whole."""
    behind: str | None = None
    """Why lists do not show it yet, where they do not."""

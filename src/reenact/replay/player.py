"""The player: takes requests as they come and gives the recorded answers, or tells why it cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reenact.replay.model import Answer, Errors, Incoming, Policy, Report, Timing
    from reenact.replay.script import Script
    from reenact.wire.declared import Declared


class Player:
    """Plays one script once. Not safe for threads; each call returns at once."""

    def __init__(
        self,
        script: Script,
        actual: Declared,
        *,
        policy: Policy = "fail",
        auxiliary: Policy = "stub",
        timing: Timing = "none",
        scale: float = 1.0,
        until: int | None = None,
        errors: Errors = "skip",
    ) -> None: ...

    def respond(self, request: Incoming) -> Answer:
        """Gives the answer to a request."""
        raise NotImplementedError

    def finish(self, ticket: int, *, delivered: bool) -> None:
        """Takes note that a served answer was sent to its end, or that the client left before it."""

    def report(self) -> Report:
        """Gives the books as they stand."""
        raise NotImplementedError

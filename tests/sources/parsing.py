"""What parsing a transcript gave, as the tests of the sources ask for it."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from reenact import usage
from reenact.events.blocks import Tokens
from reenact.events.bodies import UsageRecorded
from reenact.sources import Draft, Parsed

BodyT = TypeVar("BodyT")


class Parse(msgspec.Struct, frozen=True, kw_only=True):
    """What parsing gave."""

    parsed: tuple[Parsed, ...]

    @property
    def drafts(self) -> list[Draft]:
        return [draft for each in self.parsed for draft in each.drafts]

    def bodies(self, kind: type[BodyT]) -> list[BodyT]:
        return [draft.body for draft in self.drafts if isinstance(draft.body, kind)]

    def spent(self, session: str | None = None) -> Tokens:
        """Gives what the ledger would hold (for one session): each key once, the better record."""
        held: dict[str, UsageRecorded] = {}
        for draft in self.drafts:
            body = draft.body
            if isinstance(body, UsageRecorded) and session in (None, draft.session):
                held[body.key] = usage.better(held[body.key], body) if body.key in held else body
        return usage.total(body.tokens for body in held.values())

"""Rules for what varies from run to run without being told: as data, so that they can be kept and shown.

A rule names its place by the words around it. It is not a class of values: a date in a prompt of
the user is content until somebody declares it or accepts a rule for it.
"""

from __future__ import annotations

from typing import Literal

import msgspec

UUID = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """What varies at one place: group 1 of `pattern`, in a decoded string.

    `mask` puts a placeholder there. `id` says that an id is minted there: it is renamed by first
    use, here and wherever else it stands as a whole word.
    """

    name: str
    pattern: str
    does: Literal["mask", "id"] = "mask"
    hint: str = ""
    """A text without which the pattern cannot match; spares most searches."""


class IdShape(msgspec.Struct, frozen=True, kw_only=True):
    """Ids that show what they are by their shape, wherever they stand."""

    name: str
    pattern: str
    hint: str


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is normalised in one dialect for one client."""

    rules: tuple[Rule, ...] = ()
    shapes: tuple[IdShape, ...] = ()

    def plus(self, accepted: tuple[Rule, ...]) -> Rules:
        """Gives these rules and those that somebody accepted for a recording."""
        return msgspec.structs.replace(self, rules=(*self.rules, *accepted))


UUIDS = IdShape(name="uuid", pattern=UUID, hint="-")
CURRENT_DATETIME = Rule(
    name="current-datetime",
    pattern=r"<current_datetime>([^<]+)</current_datetime>",
    hint="<current_datetime>",
)
"""The time that Copilot puts before what a person says."""
LISTING_DATES = Rule(
    name="listing-date",
    # `ls -l`: owner, group and time; mode, links, size and name stay.
    pattern=(
        r"(?m)^[-bcdlps][-rwxsStT]{9}[.+@]?\s+\d+\s+(\S+\s+\S+)\s+[\d,]+\s+"
        r"(\w{3}\s+\d{1,2}\s+(?:\d\d:\d\d|\d{4})|\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d\S*(?: [+-]\d{4})?)?)(?=\s)"
    ),
    hint="r-",
)

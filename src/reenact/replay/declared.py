"""What the two runs declare about themselves, and the two ways in which both sides are compiled.

First each side's own values are taken out, then the values of both sides out of both: a value of
one run may be a fixed part of a prompt (`/tmp` in an instruction), and replacing it on one side
only would make equal requests differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec

from reenact.clock import to_datetime
from reenact.events import Event, bodies
from reenact.wire.declared import Declared, Named, ambiguities
from reenact.wire.normalise import Normaliser
from reenact.wire.rules import Rules

CONFIG_KEY = "declared"
"""Where `session.started.config` holds what the launcher knew of the run."""

_HOME = re.compile(r"/(?:home|Users|users)/[^/]+|/root(?=/|\Z)")
_LEAST_PROJECT = 4
"""A shorter directory name is too likely to be a word of its own."""


def declare(
    *,
    cwd: str | None = None,
    home: str | None = None,
    temp: str | None = None,
    dates: Iterable[str] = (),
    sessions: Iterable[str] = (),
    git_head: str | None = None,
    time_zone: str | None = None,
    user: str | None = None,
) -> Declared:
    """Gives what a run declares, with the values that follow from others (the project's name)."""
    further: list[Named] = []
    project = (cwd or "").rstrip("/").rpartition("/")[2]
    if len(project) >= _LEAST_PROJECT:
        further.append(Named(name="project", value=project))
    if time_zone:
        further.append(Named(name="time-zone", value=time_zone))
    if user:
        further.append(Named(name="user", value=user))
    return Declared(
        cwd=cwd,
        home=home,
        temp=temp,
        dates=tuple(dict.fromkeys(dates)),
        sessions=tuple(dict.fromkeys(sessions)),
        git_heads=(git_head,) if git_head else (),
        further=tuple(further),
    )


def to_config(declared: Declared) -> dict[str, object]:
    """Gives what the launcher puts into `session.started.config` for a recording."""
    return {CONFIG_KEY: msgspec.to_builtins(declared)}


def declared_of_events(events: Iterable[Event]) -> Declared:
    """Gives what a recorded session declared, else what its events allow to conclude."""
    started: bodies.SessionStarted | None = None
    day: str | None = None
    for event in events:
        if day is None and event.ts is not None:
            day = to_datetime(event.ts).date().isoformat()
        if started is None and isinstance(event.body, bodies.SessionStarted):
            started = event.body
    told = ((started.config if started else None) or {}).get(CONFIG_KEY)
    if told is not None:
        try:
            return msgspec.convert(told, Declared)
        except msgspec.ValidationError:
            pass  # a defect in the data; what the events say is the next best
    if started is None:
        return Declared(dates=(day,) if day else ())
    head = started.repo.head if started.repo is not None else None
    home = home_of(started.cwd)
    return declare(cwd=started.cwd, home=home, dates=(day,) if day else (), git_head=head)


def home_of(cwd: str | None) -> str | None:
    """Gives the home directory that a working directory lies in, where its path tells."""
    found = _HOME.match(cwd or "")
    return found.group() if found else None


def for_answers(declared: Declared) -> Declared:
    """Gives the values that may be put into answers: not the words, which stand in texts by chance."""
    return msgspec.structs.replace(declared, further=())


class Sides(msgspec.Struct, frozen=True, kw_only=True):
    """Both sides compiled: each with its own values, and either with the union."""

    recorded: Normaliser
    actual: Normaliser
    union: Normaliser
    warnings: tuple[str, ...] = ()


def compile_sides(recorded: Sequence[Declared], actual: Declared, rules: Rules) -> Sides:
    """Compiles what both runs declare; pairs of values that cannot be told apart are warnings.

    A recording that branched off from another was made by several runs, the latest first.
    """
    return Sides(
        recorded=Normaliser(rules, recorded),
        actual=Normaliser(rules, (actual,)),
        union=Normaliser(rules, (*recorded, actual)),
        warnings=tuple(found for one in recorded for found in ambiguities(one, actual)),
    )

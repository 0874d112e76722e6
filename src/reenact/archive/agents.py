"""Every agent that reenact knows: those that come with it, and those that other packages bring.

A package adds one through the entry point group `reenact.sources`, whose name is the agent and whose
object is its source (see `sources.protocol.Source`). A plug-in that cannot be loaded is left out, and
told of by its name; it never stops what the others do.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

from reenact.sources import Source
from reenact.sources.bundled import BUNDLED

GROUP = "reenact.sources"


class PluginWarning(UserWarning):
    """A source of another package cannot be used."""


def with_plugins(bundled: tuple[Source, ...], paths: Iterable[str]) -> tuple[Source, ...]:
    """Gives the bundled sources and, behind them, those of packages installed below some paths."""
    if not any(_names_a_source(path) for path in paths):
        return bundled
    return (*bundled, *_plugins({source.agent for source in bundled}))


def _names_a_source(path: str) -> bool:
    """Tells whether a package below a path may bring a source.

    Asking the library costs every command a tenth of a second; this costs a few milliseconds.
    """
    try:
        with os.scandir(path or ".") as entries:
            folders = [entry.path for entry in entries if entry.name.endswith((".dist-info", ".egg-info"))]
    except OSError:
        return False
    return any(_holds_group(Path(folder, "entry_points.txt")) for folder in folders)


def _holds_group(file: Path) -> bool:
    try:
        return GROUP.encode() in file.read_bytes()
    except OSError:
        return False


def _plugins(taken: set[str]) -> Iterator[Source]:
    from importlib.metadata import entry_points

    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        if point.name in taken:
            continue
        try:
            found = point.load()
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it, it is another package's
            _warn(point.name, f"{type(error).__name__}: {error}")
            continue
        if getattr(found, "agent", None) != point.name:
            _warn(point.name, "it goes by another name")
            continue
        taken.add(point.name)
        yield found


def _warn(name: str, reason: str) -> None:
    warnings.warn(f"the source {name} is left out: {reason}", PluginWarning, stacklevel=2)


SOURCES: tuple[Source, ...] = with_plugins(BUNDLED, sys.path)
"""Every agent that reenact knows."""

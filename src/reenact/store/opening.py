"""Opens an archive: made where there is none, upgraded where it is old, only read where it is newer."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from reenact.errors import ArchiveTooNewError
from reenact.store.layout import Card, Layout, make_directory, new_card, read_card, write_file
from reenact.store.local import LocalStore
from reenact.store.lock import locked
from reenact.store.upgrade import is_old, upgrade

if TYPE_CHECKING:
    from reenact.clock import Clock
    from reenact.store.pricing import Pricer


def open_store(
    path: Path | str,
    *,
    clock: Clock,
    pricer: Pricer,
    cache: Path | str | None = None,
    read_only: bool = False,
) -> LocalStore:
    """Opens the archive in a folder, made where it is absent; `cache` may lie elsewhere.

    An archive that a newer reenact wrote is opened for reading, an older one upgraded (see `upgrade`).

    Raises:
        ArchiveError: the folder holds something that is no archive that can be read.
    """
    root = Path(path)
    layout = Layout(root, Path(cache) if cache is not None else root / "cache")
    reason = "it was opened for reading" if read_only else None
    try:
        card = read_card(layout.card)
    except ArchiveTooNewError as error:
        card, reason = None, error.message
    if card is None and reason is None:
        card = _begin(layout)
    if reason is None and not os.access(root, os.W_OK):
        reason = "its folder is not writable"
    if reason is None and card is not None and is_old(card):
        card = upgrade(layout)
    return LocalStore(layout, clock=clock, pricer=pricer, card=card, read_only=reason)


def _begin(layout: Layout) -> Card:
    """Makes a new archive; of two processes that do so, both get the same."""
    make_directory(layout.root)
    with locked(layout.root):
        card = read_card(layout.card)
        if card is None:
            card = new_card()
            write_file(layout.card, msgspec.json.encode(card), durable=True)
    return card

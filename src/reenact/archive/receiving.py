"""Receives spans into an archive: a receiver on a server of its own, with its own door to the archive."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reenact.gateway import Server
from reenact.integrations import otlp
from reenact.integrations.otlp import Receiver, Spool

if TYPE_CHECKING:
    from reenact.archive.facade import Archive
    from reenact.store import Damage

_INCOMING = "incoming"


@contextmanager
def receive_otlp(archive: Archive, *, port: int) -> Iterator[str]:
    """Serves the receiver on loopback for as long as the block runs; gives the address for exporters."""
    with type(archive)(
        archive.path, settings=archive.settings, variables=archive.variables, clock=archive.clock
    ) as own:
        receiver = Receiver(own, Spool(own.path / _INCOMING, own.guard.value))
        try:
            with Server(receiver, port=port) as server:
                yield f"{server.address}/v1/traces"
        finally:
            receiver.close()
    archive.store.catch_up()


def pending(archive: Archive) -> otlp.Pending:
    """Gives how many acknowledged spans wait for the rest of their trace."""
    return otlp.pending(archive.path / _INCOMING)


def damages(archive: Archive) -> list[Damage]:
    """Gives what cannot be read of the spans that wait."""
    return otlp.damages(archive.path / _INCOMING)

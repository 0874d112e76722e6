"""A recorder over an archive in memory: what the gateway would have written, read back as a script."""

from __future__ import annotations

import json

from tests.store.builders import FlatPricer

from reenact.clock import ManualClock
from reenact.events import Event, Header
from reenact.ids import CountingMinter
from reenact.recorder import ExchangeRecorder, Recorder
from reenact.replay import Exchange, Script, Taped
from reenact.store import MemoryStore


class Room:
    """A recorder over an archive in memory."""

    def __init__(self) -> None:
        self.store = MemoryStore(clock=ManualClock(), pricer=FlatPricer())
        header = Header(id="session", agent="test", native_id="session")
        self.recorder = Recorder(
            self.store, header, clock=ManualClock(step=1), minter=CountingMinter(), scrub=lambda value: value
        )
        self.exchanges = ExchangeRecorder(self.recorder, scrub_text=lambda text: text)

    def keep(self, exchange: Exchange, answer: Taped | None, *, name: str | None = None) -> None:
        """Records a call as the gateway would."""
        self.exchanges.requested(
            name or exchange.id,
            method=exchange.method,
            path=exchange.path,
            headers={},
            body=json.dumps(exchange.request).encode(),
            lane=exchange.lane,
        )
        if answer is not None:
            self.exchanges.responded(
                name or exchange.id,
                status=answer.status,
                headers=answer.headers,
                body=answer.body,
                chunks=answer.chunks,
                end=answer.end,
                lane=exchange.lane,
            )

    def events(self) -> list[Event]:
        self.store.catch_up()
        return list(self.store.events("session"))

    def blob(self, name: str) -> bytes:
        data = self.store.blob(name)
        if data is None:
            raise LookupError(name)
        return data

    def script(self) -> Script:
        return Script.from_recording(self.events(), self.blob)

"""A worker of an import: keeps new transcripts and derives them, one order at a time, over pipes.

Started by `ingest.parallel` as a process of its own. It writes nothing but originals, which any number
of processes may do, and ends when its orders end: when the importer is done, or dead.
"""

from __future__ import annotations

import os
import sys
from contextlib import closing
from pathlib import Path
from typing import BinaryIO, cast

import msgspec

from reenact.ingest import content
from reenact.ingest.derive import derive, made_from
from reenact.sources import Source, Transcript
from reenact.sources.bundled import BUNDLED
from reenact.store import OriginalKey, Place, Store
from reenact.store.outwork import Parcel, Workshop

_LENGTH = 8


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A transcript to be kept and derived."""

    now: int
    key: OriginalKey
    place: Place
    transcript: Transcript


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of it; without a parcel the importer does it in its usual way, and tells what is wrong."""

    parcel: Parcel | None = None


def source_of(agent: str) -> Source | None:
    """Gives the bundled source of an agent; plug-ins are not looked for in a worker."""
    return next((source for source in BUNDLED if source.agent == agent), None)


def work(order: Order, shop: Workshop) -> Answer:
    """Keeps and derives one transcript."""
    source = source_of(order.key.agent)
    if source is None:
        return Answer()
    with closing(content.open_content(order.transcript, source)) as stream:
        beside = content.read_sidecars(order.transcript.sidecars, source)
        kept = shop.keep(order.key, stream, place=order.place, sidecars=beside, now=order.now)
    original = shop.original(order.key.id)
    if original is None or not kept.generation:
        return Answer()
    # the workshop is all of a store that deriving asks for
    outcome = derive(cast("Store", shop), source, original)
    wanted = made_from(source, original)
    return Answer(
        parcel=shop.parcel(kept, order.place, wanted, events=outcome.events, warnings=outcome.warnings)
    )


def send(stream: BinaryIO, message: bytes) -> None:
    stream.write(len(message).to_bytes(_LENGTH, "big"))
    stream.write(message)
    stream.flush()


def receive(stream: BinaryIO) -> bytes | None:
    """Gives the next message, or None where the other side is gone."""
    head = stream.read(_LENGTH)
    if len(head) < _LENGTH:
        return None
    length = int.from_bytes(head, "big")
    message = stream.read(length)
    return message if len(message) == length else None


def main(root: str, cache: str) -> None:
    """Works until no more orders come. What a source prints must not get between the answers."""
    shop = Workshop(Path(root), Path(cache))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    orders = sys.stdin.buffer
    while (message := receive(orders)) is not None:
        try:
            answer = work(msgspec.msgpack.decode(message, type=Order), shop)
        except Exception:  # noqa: BLE001 - whatever it is: the importer meets it again, and tells it
            answer = Answer()
        try:
            send(answers, msgspec.msgpack.encode(answer))
        except BrokenPipeError:
            os._exit(0)


if __name__ == "__main__":
    os.nice(1)  # the importer and the text index, of which there is one each, must not fall behind
    main(*sys.argv[1:])

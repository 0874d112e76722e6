"""What processes of ours do to an archive, each prepared, run, repeated and compared by `test_matrix`."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import msgspec
from tests.store.builders import (
    FlatPricer,
    answer,
    derive,
    event,
    header,
    keep,
    key,
    line,
    prompt,
    usage,
)

from reenact.clock import ManualClock, SystemClock
from reenact.events import Event, bodies
from reenact.store import (
    Filter,
    LocalStore,
    collect,
    compare,
    extend,
    memory_kept,
    open_store,
    originals,
    verify,
)

CHUNK = 64
"""In place of 4 MB, so that small transcripts cross it."""
Tell = Callable[[str], object]


def small_chunks(put: Callable[[object, str, int], None] = setattr) -> None:
    for module in (collect, compare, extend, memory_kept, originals, verify):
        put(module, "CHUNK", CHUNK)
    for name, value in (("_SMALL", CHUNK // 2), ("_MANY_SMALL", 3), ("CHECKPOINT", 3 * CHUNK)):
        put(extend, name, value)


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    prepare: Callable[[Path], None]
    run: Callable[[Path, Tell], None]
    """Tells `ack …` for what must not be lost from then on. Run again, it finishes what was begun."""


def opened(root: Path) -> LocalStore:
    return open_store(root, clock=ManualClock(SystemClock().now() + 10 * collect.GRACE), pricer=FlatPricer())


def held(store: LocalStore) -> dict[str, object]:
    """All that an archive answers, and the bytes that it kept."""
    store.catch_up()
    rows = store.sessions(Filter())
    kept = {original.key.key: original for original in store.originals()}
    return {
        "sessions": rows,
        "entries": list(store.entries(Filter())),
        "rollups": store.rollups(Filter()),
        "events": {row.id: list(store.events(row.id)) for row in rows},
        "contents": {name: contents(store, name) for name in sorted(kept)},
        "sidecars": {name: dict(store.sidecars(original.key.id)) for name, original in kept.items()},
        "removed": {name: store.is_removed(name) for name in ("one", "two", "rec")},
    }


def contents(store: LocalStore, name: str) -> list[bytes]:
    found = store.original(key(name).id)
    return [
        store.open_original(key(name).id, generation.number).read()
        for generation in (found.generations if found else ())
    ]


# -- what is done -------------------------------------------------------------------------------


def recorded(seq: int, *, blob: str = "") -> Event:
    text = f"event {seq} {blob} {'x' * (seq * 97 % 600)}"
    return event("rec", seq, usage(f"k{seq}", seq) if seq % 3 == 0 else prompt(text))


def nothing(root: Path) -> None:
    opened(root).close()


def torn(root: Path) -> None:
    """A session of two segments whose second one ends torn."""
    store = opened(root)
    write(root, lambda _: None, upto=3)
    os.utime(root / "live" / "rec.jsonl", (1, 1))
    store.seal(idle_before=2**62)
    writing = store.writer(header("rec"))
    writing.append(recorded(4))
    writing.close()
    with (root / "live" / "rec.jsonl").open("ab") as handle:
        handle.write(b'{"v":1,"seq":5,"torn')
    store.close()


def write(root: Path, tell: Tell, *, upto: int = 8) -> None:
    store = opened(root)
    writing = store.writer(header("rec"))
    for seq in range(writing.last + 1, upto + 1):
        blob = store.put_blob(f"payload {seq}".encode() * 50)
        writing.append(recorded(seq, blob=blob))
        tell(f"ack {seq}")
    writing.sync()
    writing.close()
    store.close()


def lines(name: str, count: int, *, mark: str = "L") -> bytes:
    return b"".join(f"{mark} {name} {n} {'x' * (n * 7 % 40)}\n".encode() for n in range(count))


def kept_before(root: Path) -> None:
    store = opened(root)
    keep(store, "one", lines("one", 3))
    store.close()


GROWING = [
    ("one", lines("one", 5), {}),
    ("two", lines("two", 12), {"meta": b"{}", "spilled": b"y" * 300}),
    ("one", lines("one", 9), {}),
    ("one", lines("one", 4) + lines("one", 4, mark="R"), {}),
    ("two", lines("two", 12), {"meta": b'{"a":1}'}),
]


def import_(root: Path, tell: Tell) -> None:
    store = opened(root)
    for number, (name, content, sidecars) in enumerate(GROWING):
        keep(store, name, content, path=f"/logs/{name}", sidecars=sidecars)
        tell(f"ack {number}")
    store.sync()
    store.close()


def sessions_of(name: str, count: int) -> list[Event]:
    made = [usage(f"shared-{n % 7}", n) if n % 2 else answer(f"{name} says {n}") for n in range(count)]
    return [event(name, seq, body) for seq, body in enumerate(made, 1)]


def derived_before(root: Path) -> None:
    store = opened(root)
    derive(store, "one", [(header("one"), sessions_of("one", 5))])
    write(root, lambda _: None, upto=5)
    store.close()


def index(root: Path, tell: Tell) -> None:
    store = opened(root)
    derive(store, "one", [(header("one"), sessions_of("one", 12))], fresh=False)
    tell("ack one")
    derive(store, "two", [(header("two", kind="subagent", parent="one"), sessions_of("two", 9))])
    tell("ack two")
    store.catch_up()
    store.index_text()
    store.close()


def ended_before(root: Path) -> None:
    store = opened(root)
    write(root, lambda _: None)
    writing = store.writer(header("rec"))
    writing.append(event("rec", 9, bodies.SessionEnded()))
    writing.close()
    store.catch_up()
    store.close()


def seal(root: Path, tell: Tell) -> None:
    del tell
    store = opened(root)
    store.seal(idle_before=2**62)
    store.catch_up()
    store.close()


def untidy(root: Path) -> None:
    """Loose frames, blobs that nothing names and one that is named, a removal that was cut short."""
    store = opened(root)
    for count in range(1, 14):
        keep(store, "one", lines("one", count))
    derive(store, "one", [(header("one"), sessions_of("one", 5))])
    for number in range(3):
        store.put_blob(f"nobody wants {number}".encode() * 40)
    write(root, lambda _: None)
    for path in root.glob("blobs/*/*"):
        os.utime(path, (1, 1))
    store.close()


def tidy(root: Path, tell: Tell) -> None:
    del tell
    store = opened(root)
    store.catch_up()
    store.gc()
    store.close()


def two_before(root: Path) -> None:
    store = opened(root)
    for name in ("one", "two"):
        derive(store, name, [(header(name), line(name, prompt("ask"), usage(f"of {name}")))])
    write(root, lambda _: None, upto=4)
    store.catch_up()
    store.close()


def remove(root: Path, tell: Tell) -> None:
    store = opened(root)
    store.catch_up()
    wanted = [name for name in ("one", "rec") if not store.is_removed(name)]
    if wanted:
        store.remove(wanted)
    tell("ack removed")
    store.gc()
    store.close()


OPERATIONS = {
    operation.name: operation
    for operation in (
        Operation(name="a new session", prepare=nothing, run=write),
        Operation(name="a torn session", prepare=torn, run=write),
        Operation(name="the importer", prepare=kept_before, run=import_),
        Operation(name="the indexer", prepare=derived_before, run=index),
        Operation(name="the sealer", prepare=ended_before, run=seal),
        Operation(name="the collector", prepare=untidy, run=tidy),
        Operation(name="the remover", prepare=two_before, run=remove),
    )
}

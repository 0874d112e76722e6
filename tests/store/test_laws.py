"""Laws of the store, against the plain model and against itself."""

from __future__ import annotations

import io
import itertools
import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.store.builders import (
    START,
    FlatPricer,
    answer,
    derive,
    event,
    header,
    key,
    place,
    prompt,
    warning,
)

from reenact.clock import ManualClock
from reenact.errors import ArchiveError
from reenact.events import Event, Header, Tokens, bodies
from reenact.store import (
    Filter,
    LocalStore,
    MemoryStore,
    Store,
    collect,
    compare,
    extend,
    memory_kept,
    open_store,
    originals,
    verify,
)


@contextmanager
def local() -> Iterator[LocalStore]:
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder) / "archive", clock=ManualClock(), pricer=FlatPricer())
        try:
            yield store
        finally:
            store.close()


def answers(store: Store) -> tuple[object, ...]:
    """All that a store says of its sessions."""
    return (
        store.sessions(Filter()),
        list(store.entries(Filter())),
        store.rollups(Filter()),
        {row.id: list(store.events(row.id)) for row in store.sessions(Filter())},
        store.drift(),
    )


# -- keep ---------------------------------------------------------------------------------------

CHUNK = 16
"""In place of 4 MB, so that small contents cross it."""


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (collect, compare, extend, memory_kept, originals, verify):
        monkeypatch.setattr(module, "CHUNK", CHUNK)
    monkeypatch.setattr(extend, "_SMALL", CHUNK // 2)
    monkeypatch.setattr(extend, "_MANY_SMALL", 3)
    monkeypatch.setattr(extend, "CHECKPOINT", 3 * CHUNK)


edits = st.lists(
    st.tuples(
        st.sampled_from(["append", "append", "truncate", "change", "other", "back"]),
        st.integers(0, 80),
        st.binary(min_size=1, max_size=50),
        st.sampled_from([1, 1, 2]),
    ),
    min_size=1,
    max_size=14,
)


def edited(content: bytes, edit: tuple[str, int, bytes, int], history: list[bytes]) -> bytes:
    what, at, data, _ = edit
    match what:
        case "append":
            return content + data
        case "truncate":
            return content[:at]
        case "change":
            return content[:at] + data + content[at + len(data) :]
        case "back":
            return history[at % len(history)] if history else content
        case _:
            return data * (at // 8 + 1)


@pytest.mark.usefixtures("small_chunks")
@settings(max_examples=60)
@given(edits)
def test_nothing_kept_is_ever_lost_and_generations_are_as_in_the_model(
    changes: list[tuple[str, int, bytes, int]],
) -> None:
    model = MemoryStore(clock=ManualClock(), pricer=FlatPricer())
    with local() as store:
        content, history = b"", list[bytes]()
        for number, change in enumerate(changes):
            content = edited(content, change, history)
            history.append(content)
            where = place("/p", content, inode=change[3], mtime=number)
            found, wanted = (each.keep(key("k"), io.BytesIO(content), place=where) for each in (store, model))
            assert found == wanted
            assert store.original(key("k").id) == model.original(key("k").id)
        original = store.original(key("k").id)
        generations = original.generations if original else ()
        held = [store.open_original(key("k").id, generation.number).read() for generation in generations]
        assert all(any(whole.startswith(past) for whole in held) for past in history if past)
        assert [len(whole) for whole in held] == [generation.length for generation in generations]
        assert list(store.verify()) == []
        store.gc()
        assert held == [store.open_original(key("k").id, g.number).read() for g in generations]
        assert list(store.verify()) == []


# -- derive -------------------------------------------------------------------------------------

KEYS = ["k1", "k2", "k3", "k4"]
SESSIONS = ["s1", "s2", "s3", "s4"]

usages = st.builds(
    bodies.UsageRecorded,
    key=st.sampled_from(KEYS),
    tokens=st.builds(Tokens, input=st.integers(0, 3), output=st.integers(0, 3)),
    model=st.sampled_from([None, "model-1", "unpriced"]),
    quality=st.sampled_from(["measured", "partial", "estimated"]),
    final=st.booleans(),
    inherited=st.sampled_from([False, False, True]),
    cost=st.sampled_from([None, "0.5"]),
)
anything = st.one_of(
    usages,
    usages,
    st.just(prompt("hello")),
    st.just(answer("hello")),
    st.just(warning()),
    st.builds(bodies.AgentSpawned, child=st.sampled_from(SESSIONS), call=st.sampled_from([None, "c1"])),
    st.builds(bodies.ToolFinished, call=st.just("c2"), child=st.sampled_from([None, *SESSIONS])),
    st.builds(bodies.SessionForked, parent=st.sampled_from(SESSIONS)),
    st.builds(bodies.SessionTagged, add=st.just(("t",))),
)


@st.composite
def transcripts(draw: st.DrawFn) -> list[tuple[str, Header, list[Event]]]:
    """Transcripts of one session each; some sessions are in two transcripts."""
    made = []
    for number, session in enumerate(draw(st.lists(st.sampled_from(SESSIONS), min_size=2, max_size=5))):
        told = Header(
            id=session,
            agent="agent_a",
            native_id=session,
            kind=draw(st.sampled_from(["main", "main", "subagent", "fork"])),
            parent=draw(st.sampled_from([None, None, *SESSIONS])),
        )
        start = draw(st.sampled_from([START, START, START + 1000]))
        shift = draw(st.integers(0, 3))
        events = [
            event(session, seq, body, name=f"r{seq + shift}", ts=draw(st.sampled_from([start + seq, None])))
            for seq, body in enumerate(draw(st.lists(anything, max_size=6)), 1)
        ]
        made.append((f"t{number}", told, events))
    return made


@settings(max_examples=40)
@given(transcripts(), st.randoms(use_true_random=False))
def test_answers_do_not_depend_on_the_order_of_imports_and_are_those_of_the_model(
    made: list[tuple[str, Header, list[Event]]], shuffler: random.Random
) -> None:
    model = MemoryStore(clock=ManualClock(), pricer=FlatPricer())
    for name, told, events in made:
        derive(model, name, [(told, events)], unknown={("row", "1"): 1})
    wanted = answers(model)
    shuffled = list(made)
    shuffler.shuffle(shuffled)
    for order in (made, shuffled):
        with local() as store:
            for name, told, events in order:
                derive(store, name, [(told, events)], unknown={("row", "1"): 1})
            assert answers(store) == wanted


@settings(max_examples=50)
@given(transcripts(), st.data())
def test_deriving_bit_by_bit_is_deriving_at_once(
    made: list[tuple[str, Header, list[Event]]], data: st.DataObject
) -> None:
    with local() as once, local() as bit_by_bit:
        for name, told, events in made:
            derive(once, name, [(told, events)])
        steps = [
            (cut, index)
            for index, (_, _, events) in enumerate(made)
            for cut in sorted(data.draw(st.lists(st.integers(0, len(events)), max_size=3)))
        ]
        for cut, index in sorted(steps):
            name, told, events = made[index]
            derive(bit_by_bit, name, [(told, events[:cut])], fresh=False)
        for name, told, events in made:
            derive(bit_by_bit, name, [(told, events)], fresh=False)
        assert answers(bit_by_bit) == answers(once)
        assert list(bit_by_bit.verify()) == []


@settings(max_examples=40)
@given(transcripts(), st.sampled_from(SESSIONS))
def test_a_removed_session_leaves_what_would_be_without_it(
    made: list[tuple[str, Header, list[Event]]], gone: str
) -> None:
    model = MemoryStore(clock=ManualClock(), pricer=FlatPricer())
    with local() as store:
        for each in (store, model):
            for name, told, events in made:
                derive(each, name, [(told, events)])
        removals = []
        for each in (store, model):
            try:
                removals.append(each.remove([gone], with_forks=True).sessions)
            except ArchiveError:
                raise
            except Exception as error:  # noqa: BLE001 - both must say the same, whatever it is
                removals.append((type(error).__name__,))
        assert removals[0] == removals[1]
        assert answers(store) == answers(model)
        store.readmit(removals[0])
        model.readmit(removals[0])
        for each in (store, model):
            for name, told, events in made:
                derive(each, name, [(told, events)])
        assert answers(store) == answers(model)


def test_every_order_of_three_copies_gives_one_answer() -> None:
    base = [
        event("s1", seq, bodies.UsageRecorded(key=f"k{seq}", tokens=Tokens(output=seq))) for seq in (1, 2)
    ]
    made = {
        name: (
            header(name),
            [event(name, seq, found.body, ts=START + shift) for seq, found in enumerate(base, 1)],
        )
        for name, shift in (("s1", 0), ("s2", 0), ("s3", 5))
    }
    seen = []
    for order in itertools.permutations(made):
        with local() as store:
            for name in order:
                derive(store, name, [made[name]])
            seen.append(answers(store)[:3])
    assert all(found == seen[0] for found in seen)


# -- recorded -----------------------------------------------------------------------------------


class Recording(RuleBasedStateMachine):
    """One session that is written, closed, cut, sealed and read, against a plain list."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.events: list[Event] = []

    @initialize()
    def open(self) -> None:
        self.root = Path(self._folder.name) / "archive"
        self.store = open_store(self.root, clock=ManualClock(), pricer=FlatPricer())
        self.writer = self.store.writer(header("s1"))
        self.is_open = True

    @rule(body=anything, size=st.sampled_from([1, 1, 100_000]))
    def append(self, body: bodies.AnyBody, size: int) -> None:
        if not self.is_open:
            self.writer = self.store.writer(header("s1"))
            self.is_open = True
            assert self.writer.last == len(self.events)
        if size > 1:
            body = prompt("x" * size)
        made = event("s1", len(self.events) + 1, body)
        self.writer.append(made)
        self.events.append(made)

    @rule()
    def close(self) -> None:
        if self.is_open:
            self.writer.sync()
        self.writer.close()
        self.is_open = False

    @precondition(lambda self: not self.is_open)
    @rule(garbage=st.sampled_from([b"{", b'{"v":1,"seq":9', b"\0" * 40, b"\0" * 20 + b"\n", b"nonsense\n"]))
    def tear(self, garbage: bytes) -> None:
        path = self.root / "live" / "s1.jsonl"
        if path.exists():
            with path.open("ab") as handle:
                handle.write(garbage)

    @precondition(lambda self: not self.is_open)
    @rule()
    def seal(self) -> None:
        self.store.seal(idle_before=2**62)

    @rule()
    def catch_up(self) -> None:
        self.store.catch_up()

    @rule()
    def forget(self) -> None:
        self.store.clear_cache()

    @rule()
    def reopen(self) -> None:
        self.writer.close()
        self.is_open = False
        self.store.close()
        self.store = open_store(self.root, clock=ManualClock(), pricer=FlatPricer())

    @invariant()
    def reads_as_written(self) -> None:
        if self.events and hasattr(self, "store"):
            self.store.catch_up()
            assert list(self.store.events("s1")) == self.events
            (row,) = self.store.sessions(Filter())
            assert row.events == len(self.events)
            assert (row.status == "running") == self.is_open
            model = MemoryStore(clock=ManualClock(), pricer=FlatPricer())
            writer = model.writer(header("s1"))
            for made in self.events:
                writer.append(made)
            if not self.is_open:
                writer.close()
            model.catch_up()
            assert answers(self.store) == answers(model)

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.writer.close()
            self.store.close()
        self._folder.cleanup()


class TestRecording(Recording.TestCase):  # type: ignore[misc,valid-type]  # hypothesis makes the base
    settings = settings(max_examples=25, stateful_step_count=15, deadline=None)

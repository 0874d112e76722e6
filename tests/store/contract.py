"""What every store must do. Each implementation inherits this class and gives the `store` fixture."""

from __future__ import annotations

from contextlib import closing

import msgspec
import pytest
from tests.store.builders import (
    AGENT,
    SECOND,
    START,
    answer,
    at,
    child_of,
    derive,
    event,
    header,
    keep,
    key,
    line,
    place,
    prompt,
    usage,
    warning,
)

from reenact import ids
from reenact.errors import (
    AmbiguousSessionError,
    ArchiveBusyError,
    ArchiveError,
    CorruptRecordError,
    SessionNotFoundError,
)
from reenact.events import Event, Tokens, blob_hash, blocks, bodies
from reenact.store import Derived, Filter, SessionRow, Store, Total
from reenact.usage import Span

ALL = Filter()


def row(store: Store, session: str) -> SessionRow:
    (found,) = [row for row in store.sessions(ALL) if row.id == session]
    return found


def record(store: Store, session: str, *made: Event) -> None:
    writer = store.writer(header(session))
    for each in made:
        writer.append(each)
    writer.sync()
    writer.close()
    store.catch_up()


class KeepingContract:
    """Originals."""

    def test_what_was_kept_reads_back(self, store: Store) -> None:
        kept = keep(store, "one", b"first\n")
        assert (kept.generation, kept.change, kept.added) == (1, "new", 6)
        with store.open_original(kept.original, 1) as stream:
            assert stream.read() == b"first\n"

    def test_an_append_extends_the_generation(self, store: Store) -> None:
        keep(store, "one", b"first\n")
        kept = keep(store, "one", b"first\nsecond\n")
        assert (kept.generation, kept.change, kept.added) == (1, "appended", 7)
        original = store.original(kept.original)
        assert original is not None
        assert [generation.length for generation in original.generations] == [13]
        assert original.generations[0].digest == blob_hash(b"first\nsecond\n")

    @pytest.mark.parametrize("content", [b"first\n", b"fir", b""], ids=["equal", "shorter", "empty"])
    def test_a_generation_or_the_beginning_of_one_adds_nothing(self, store: Store, content: bytes) -> None:
        keep(store, "one", b"first\n")
        kept = keep(store, "one", content)
        assert (kept.generation, kept.change, kept.added) == (1, "unchanged", 0)

    def test_a_rewrite_opens_the_next_generation_and_loses_nothing(self, store: Store) -> None:
        keep(store, "one", b"first\nsecond\n")
        kept = keep(store, "one", b"FIRST\n")
        assert (kept.generation, kept.change, kept.added) == (2, "rewritten", 6)
        with store.open_original(kept.original, 1) as old, store.open_original(kept.original, 2) as new:
            assert (old.read(), new.read()) == (b"first\nsecond\n", b"FIRST\n")

    def test_growth_of_an_older_generation_extends_that_one(self, store: Store) -> None:
        keep(store, "one", b"a1\n")
        keep(store, "one", b"b1\n")
        kept = keep(store, "one", b"a1\na2\n")
        assert (kept.generation, kept.change) == (1, "appended")
        assert keep(store, "one", b"b1\n").generation == 2

    def test_an_empty_transcript_keeps_nothing(self, store: Store) -> None:
        assert keep(store, "one", b"").change == "unchanged"
        assert store.original(key("one").id) is None
        assert list(store.originals()) == []

    def test_the_place_is_remembered_as_it_looked(self, store: Store) -> None:
        keep(store, "one", b"first\n", path="/a/b.jsonl")
        assert store.place("/a/b.jsonl") == place("/a/b.jsonl", b"first\n")
        assert store.place("/a/c.jsonl") is None

    def test_places_are_told_latest_last(self, store: Store) -> None:
        for path in ("/a", "/b", "/a"):
            keep(store, "one", b"first\n", path=path)
        original = store.original(key("one").id)
        assert original is not None
        assert original.places == ("/b", "/a")

    def test_sidecars_have_their_newest_content(self, store: Store) -> None:
        keep(store, "one", b"x\n", sidecars={"meta": b"1", "spill": b"long"})
        kept = keep(store, "one", b"x\n", sidecars={"meta": b"2"})
        assert kept.change == "sidecar"
        assert store.sidecars(kept.original) == {"meta": b"2", "spill": b"long"}
        keep(store, "one", b"x\n", sidecars={"meta": b"1"})
        assert store.sidecars(kept.original)["meta"] == b"1"
        original = store.original(kept.original)
        assert original is not None
        assert original.sidecars == {"meta": blob_hash(b"1"), "spill": blob_hash(b"long")}

    def test_the_key_is_kept_with_the_content(self, store: Store) -> None:
        keep(store, "one", b"x\n")
        keep(store, "two", b"y\n")
        found = {original.key.key: original.key for original in store.originals()}
        assert found == {"one": key("one"), "two": key("two")}

    def test_a_stream_can_be_read_from_any_place(self, store: Store) -> None:
        kept = keep(store, "one", b"0123456789")
        with store.open_original(kept.original, 1) as stream:
            stream.seek(4)
            assert stream.read(3) == b"456"
            stream.seek(0)
            assert stream.read(2) == b"01"
            stream.seek(100)
            assert stream.read() == b""

    def test_what_is_not_there_cannot_be_opened(self, store: Store) -> None:
        with pytest.raises(ArchiveError):
            store.open_original(key("one").id, 1)
        keep(store, "one", b"x\n")
        with pytest.raises(CorruptRecordError):
            store.open_original(key("one").id, 2)


class DerivingContract:
    """Events of imports."""

    def test_events_read_back_in_order_and_by_range(self, store: Store) -> None:
        events = line("s1", *(prompt(f"{n}") for n in range(20)))
        derive(store, "one", [(header("s1"), events)])
        assert list(store.events("s1")) == events
        assert list(store.events("s1", start=5, stop=8)) == events[4:7]
        assert list(store.events("s1", start=21)) == []
        assert list(store.events("nobody")) == []

    def test_what_the_events_were_made_from_is_remembered(self, store: Store) -> None:
        assert store.derived(key("one").id) is None
        derive(store, "one", [(header("s1"), line("s1", prompt("hi")))])
        assert store.derived(key("one").id) == Derived(parser="agent_a/1", lengths=(4,))
        assert store.dispositions(key("one").id) == {"events": 1}
        assert store.dispositions(key("two").id) == {}

    def test_added_events_continue_those_held(self, store: Store) -> None:
        events = line("s1", prompt("a"), usage("k1"), answer("b"), usage("k2"))
        derive(store, "one", [(header("s1"), events[:2])])
        derive(store, "one", [(header("s1"), events)], fresh=False)
        assert list(store.events("s1")) == events
        assert row(store, "s1").own.tokens == Tokens(input=20, output=10)

    def test_a_fresh_derivation_replaces(self, store: Store) -> None:
        derive(
            store, "one", [(header("s1"), line("s1", usage("k1"))), (header("s2"), line("s2", usage("k2")))]
        )
        derive(store, "one", [(header("s1"), line("s1", prompt("only this")))], parser="agent_a/2")
        assert [found.id for found in store.sessions(ALL)] == ["s1"]
        assert list(store.entries(ALL)) == []
        assert list(store.events("s2")) == []

    def test_a_fresh_derivation_can_hold_quite_other_sessions(self, store: Store) -> None:
        derive(store, "one", [(header("s1"), line("s1", usage("k1")))])
        derive(store, "one", [(header("s2"), line("s2", prompt("x")))])
        assert [found.id for found in store.sessions(ALL)] == ["s2"]
        assert len(list(store.events("s2"))) == 1

    def test_an_error_inside_leaves_all_as_it_was(self, store: Store) -> None:
        derive(store, "one", [(header("s1"), line("s1", usage("k1")))])
        before = (store.sessions(ALL), list(store.entries(ALL)), store.derived(key("one").id))

        def fail_midway() -> None:
            made_from = Derived(parser="agent_a/9", lengths=(1,))
            with store.derive(key("one").id, made_from, fresh=True) as deriving:
                deriving.header(header("s9"))
                deriving.add(event("s9", 1, prompt("never seen")))
                raise RuntimeError

        with pytest.raises(RuntimeError):
            fail_midway()
        assert (store.sessions(ALL), list(store.entries(ALL)), store.derived(key("one").id)) == before

    @pytest.mark.parametrize("seq", [2, 0])
    def test_events_come_one_after_the_other(self, store: Store, seq: int) -> None:
        with pytest.raises(ValueError, match="seq"):
            derive(store, "one", [(header("s1"), [event("s1", seq, prompt("x"))])])

    def test_an_event_needs_its_header(self, store: Store) -> None:
        with pytest.raises(ValueError, match="header"):
            derive(store, "one", [(header("s2"), [event("s1", 1, prompt("x"))])])

    def test_only_what_is_kept_can_be_derived(self, store: Store) -> None:
        with (
            pytest.raises(ArchiveError),
            store.derive(key("one").id, Derived(parser="p", lengths=()), fresh=True),
        ):
            pass

    def test_a_later_header_completes_an_earlier_one(self, store: Store) -> None:
        keep(store, "one", b"x")
        with store.derive(key("one").id, Derived(parser="p", lengths=(1,)), fresh=True) as deriving:
            deriving.header(header("s1"))
            deriving.add(event("s1", 1, prompt("x")))
            deriving.header(child_of("s1", "s0", parent_call="call-1", hidden=True))
            deriving.header(header("s1"))
        found = row(store, "s1")
        assert (found.kind, found.parent, found.parent_call, found.hidden) == (
            "subagent",
            "s0",
            "call-1",
            True,
        )

    def test_an_event_is_found_by_its_id(self, store: Store) -> None:
        derive(store, "one", [(header("s1"), line("s1", *(prompt(f"{n}") for n in range(9))))])
        found = store.find_event(ids.event_id("s1", "r7"))
        assert found is not None
        assert (found.session, found.seq) == ("s1", 7)
        assert store.find_event(ids.event_id("s1", "r7"), session="s1") == found
        assert store.find_event(ids.event_id("s1", "r7"), session="s2") is None
        assert store.find_event("nobody") is None

    def test_drift_is_told_with_count_and_place(self, store: Store) -> None:
        for name in ("two", "one"):
            derive(store, name, [(header(name), line(name, prompt("x")))], unknown={("new-row", "2.1"): 2})
        (found,) = store.drift()
        assert (found.agent, found.name, found.version, found.count) == (AGENT, "new-row", "2.1", 4)
        assert found.path == "/logs/one.jsonl"

    def test_warnings_say_where(self, store: Store) -> None:
        made = [event("s1", 1, prompt("x")), event("s1", 2, warning("torn"), origin=at("one", 77))]
        derive(store, "one", [(header("s1"), made)])
        (found,) = store.warnings()
        assert (found.session, found.seq, found.message, found.offset) == ("s1", 2, "torn", 77)
        assert found.path == "/logs/one.jsonl"
        assert store.warnings(limit=0) == []
        assert row(store, "s1").warnings == 1

    def test_what_a_rewrite_removed_is_told(self, store: Store) -> None:
        derive(store, "one", [(header("s1"), line("s1", prompt("x")))], removed={"s1": 3, "s7": 1})
        assert row(store, "s1").removed_at_source == 3

    def test_a_session_in_two_transcripts_has_each_event_once(self, store: Store) -> None:
        events = line("s1", prompt("a"), usage("k1"), answer("b"), usage("k2"))
        derive(store, "late", [(header("s1"), [*events[:2], *_renumbered(events[3:], 3)])])
        derive(store, "early", [(header("s1"), events[:3])])
        names = {found.id for found in store.events("s1")}
        assert names == {found.id for found in events}
        assert [found.seq for found in store.events("s1")] == [1, 2, 3, 4]
        assert row(store, "s1").own.tokens == Tokens(input=20, output=10)
        derive(store, "late", [])
        assert list(store.events("s1")) == events[:3]
        assert row(store, "s1").own.tokens == Tokens(input=10, output=5)


def _renumbered(events: list[Event], first: int) -> list[Event]:
    return [
        event("s1", seq, found.body, name=f"r{found.seq}", ts=found.ts)
        for seq, found in enumerate(events, first)
    ]


class SummaryContract:
    """What lists show."""

    def test_a_session_is_summed_up(self, store: Store) -> None:
        made = line(
            "s1",
            bodies.SessionStarted(cwd="/w", model="model-1", agent_version="2.0"),
            prompt("fix  the\ntests"),
            answer("sure", stop_reason="tool_use", model="model-2"),
            bodies.ToolCalled(call="c1", name="Bash"),
            bodies.ToolFinished(call="c1", ok=True),
            answer("done", stop_reason="end_turn", model="model-2"),
            usage("k1"),
            bodies.SessionTagged(add=("b", "a")),
        )
        derive(store, "one", [(header("s1"), made)])
        found = row(store, "s1")
        assert found.title == "fix the tests"
        assert found.models == ("model-1", "model-2")
        assert (found.started_at, found.ended_at) == (START + SECOND, START + 8 * SECOND)
        assert (found.events, found.tool_calls, found.status) == (8, 1, "completed")
        assert (found.cwd, found.project, found.agent_version) == ("/w", "/w", "2.0")
        assert (found.tags, found.native_id, found.source_path) == (
            ("a", "b"),
            "native-s1",
            "/logs/one.jsonl",
        )
        assert found.own.cost == found.own.cost_known == 15_000

    @pytest.mark.parametrize(
        ("made", "status"),
        [
            ([prompt("x")], "unknown"),
            ([prompt("x"), answer("y")], "completed"),
            ([answer("y", stop_reason="tool_use")], "unknown"),
            ([answer("y"), bodies.ToolCalled(call="c", name="n")], "unknown"),
            ([answer("y", error="overloaded")], "failed"),
            ([bodies.ModelFailed(status=529), answer("y")], "completed"),
            ([answer("y"), bodies.ModelFailed(status=529)], "failed"),
            ([answer("y"), prompt("stop", human=False, origin="interrupt")], "interrupted"),
            ([answer("y"), bodies.SessionEnded(status="aborted"), usage("k")], "aborted"),
            ([bodies.SessionEnded(), prompt("again")], "unknown"),
            ([prompt("x"), bodies.LoopEnded(status="aborted", reason="interrupted")], "interrupted"),
            ([prompt("x"), bodies.LoopEnded(status="aborted", reason="budget")], "aborted"),
            ([prompt("x"), bodies.LoopEnded()], "completed"),
            (
                [
                    bodies.AssistantMessage(
                        blocks=(blocks.Text(text="a"), blocks.ToolCall(call="c", name="n"))
                    )
                ],
                "unknown",
            ),
        ],
    )
    def test_the_status_is_what_happened_last(
        self, store: Store, made: list[bodies.AnyBody], status: str
    ) -> None:
        derive(store, "one", [(header("s1"), line("s1", *made))])
        assert row(store, "s1").status == status

    @pytest.mark.parametrize(
        ("made", "title"),
        [
            ([prompt("first"), prompt("second")], "first"),
            ([prompt("/clear", origin="command"), prompt("real")], "real"),
            ([prompt("/clear", origin="command")], "/clear"),
            ([prompt("not said by one", human=False)], None),
            ([prompt("x"), bodies.SessionTitled(title="sum", by="summary")], "sum"),
            (
                [bodies.SessionTitled(title="a", by="agent"), bodies.SessionTitled(title="s", by="summary")],
                "a",
            ),
            ([bodies.SessionTitled(title="u", by="user"), bodies.SessionTitled(title="a")], "u"),
            ([bodies.SessionTitled(title="a1"), bodies.SessionTitled(title="a2")], "a2"),
            ([bodies.SessionStarted(task="the task")], "the task"),
            ([prompt("x" * 300)], "x" * 199 + "…"),
        ],
    )
    def test_the_title_is_the_best_that_was_said(
        self, store: Store, made: list[bodies.AnyBody], title: str | None
    ) -> None:
        derive(store, "one", [(header("s1"), line("s1", *made))])
        assert row(store, "s1").title == title

    def test_loops_and_turns_are_counted_by_their_ids(self, store: Store) -> None:
        made = [event("s1", seq, prompt("x"), loop=f"l{seq // 3}", turn=f"t{seq % 2}") for seq in range(1, 7)]
        derive(store, "one", [(header("s1"), made)])
        assert (row(store, "s1").loops, row(store, "s1").turns) == (3, 2)

    def test_completeness_is_that_of_the_poorest_event(self, store: Store) -> None:
        made = [event("s1", 1, prompt("x"), completeness="partial"), event("s1", 2, prompt("y"))]
        derive(store, "one", [(header("s1"), made)])
        assert row(store, "s1").completeness == "partial"

    def test_a_project_is_remembered_for_good(self, store: Store) -> None:
        derive(store, "one", [(header("s1"), line("s1", bodies.SessionStarted(cwd="/w/sub")))])
        assert row(store, "s1").project == "/w/sub"
        store.remember_project("/w/sub", "/w")
        store.remember_project("/w/sub", "/other")
        assert store.project_of("/w/sub") == "/w"
        assert store.project_of("/w") is None
        assert row(store, "s1").project == "/w"

    def test_sessions_without_a_time_come_last(self, store: Store) -> None:
        derive(store, "one", [(header("s1"), [event("s1", 1, prompt("x"), ts=None)])])
        derive(store, "two", [(header("s2"), line("s2", prompt("x")))])
        derive(store, "three", [(header("s3"), line("s3", prompt("x"), prompt("y")))])
        assert [found.id for found in store.sessions(ALL)] == ["s3", "s2", "s1"]


class LedgerContract:
    """Every response once."""

    def test_the_larger_output_of_a_response_replaces(self, store: Store) -> None:
        made = line("s1", usage("k1", 1), usage("k1", 9, final=True), usage("k1", 3))
        derive(store, "one", [(header("s1"), made)])
        (entry,) = store.entries(ALL)
        assert (entry.tokens.output, entry.event, entry.ts) == (9, made[1].id, made[1].ts)

    def test_the_earliest_session_owns_what_two_hold(self, store: Store) -> None:
        derive(store, "fork", [(header("s2"), line("s2", usage("k1"), usage("k2"), start=START + SECOND))])
        derive(store, "first", [(header("s1"), line("s1", usage("k1", 7)))])
        assert {entry.key: (entry.session, entry.tokens.output) for entry in store.entries(ALL)} == {
            "k1": ("s1", 7),
            "k2": ("s2", 5),
        }
        assert row(store, "s2").inherited == Tokens(input=10, output=5)
        assert row(store, "s2").own.tokens == Tokens(input=10, output=5)

    def test_the_owner_shows_the_best_record_at_its_own_time(self, store: Store) -> None:
        derive(store, "first", [(header("s1"), line("s1", usage("k1", 1)))])
        derive(store, "fork", [(header("s2"), line("s2", usage("k1", 8), start=START + SECOND))])
        (entry,) = store.entries(ALL)
        assert (entry.session, entry.tokens.output, entry.ts, entry.cost) == (
            "s1",
            8,
            START + SECOND,
            18_000,
        )
        store.remove(["s2"])
        (entry,) = store.entries(ALL)
        assert entry.tokens.output == 1

    def test_of_sessions_that_begin_together_the_declared_fork_comes_later(self, store: Store) -> None:
        derive(store, "b", [(child_of("a", "z", kind="fork"), line("a", usage("k1")))])
        derive(store, "a", [(header("z"), line("z", usage("k1"), prompt("goes on")))])
        (entry,) = store.entries(ALL)
        assert entry.session == "z"

    def test_of_sessions_that_begin_together_the_one_that_ended_first_owns(self, store: Store) -> None:
        derive(store, "a", [(header("a"), line("a", usage("k1"), prompt("goes on"), usage("k2")))])
        derive(store, "z", [(header("z"), line("z", usage("k1")))])
        assert {entry.key: entry.session for entry in store.entries(ALL)} == {"k1": "z", "k2": "a"}
        assert (row(store, "a").kind, row(store, "a").parent) == ("fork", "z")

    def test_what_a_source_proves_inherited_is_never_owned(self, store: Store) -> None:
        derive(store, "one", [(header("s1"), line("s1", usage("k1", inherited=True), usage("k2")))])
        assert [entry.key for entry in store.entries(ALL)] == ["k2"]
        assert row(store, "s1").inherited == Tokens(input=10, output=5)

    def test_an_unknown_price_makes_the_sum_unknown(self, store: Store) -> None:
        derive(store, "one", [(header("s1"), line("s1", usage("k1"), usage("k2", model="unpriced")))])
        found = row(store, "s1").own
        assert (found.cost, found.cost_known) == (None, 15_000)

    def test_what_the_source_states_fills_in_for_an_unknown_price(self, store: Store) -> None:
        made = line(
            "s1",
            usage("k1", model="unpriced", cost="0.25"),
            usage("k2", cost="0.25"),
            usage("k3", model="unpriced", cost="much"),
            usage("k4", 0, input=0, model="unpriced"),
        )
        derive(store, "one", [(header("s1"), made)])
        assert [entry.cost for entry in store.entries(ALL)] == [250_000_000_000, 15_000, None, 0]

    def test_the_worst_quality_is_told(self, store: Store) -> None:
        derive(store, "one", [(header("s1"), line("s1", usage("k1"), usage("k2", quality="partial")))])
        assert row(store, "s1").own.quality == "partial"

    def test_rollups_sum_by_session_model_and_quarter_of_an_hour(self, store: Store) -> None:
        quarter = 900 * SECOND
        first = START // quarter * quarter
        made = [
            event("s1", 1, usage("k1"), ts=first),
            event("s1", 2, usage("k2"), ts=first + quarter - 1),
            event("s1", 3, usage("k3", model="model-2"), ts=first + 5),
            event("s1", 4, usage("k4"), ts=first + quarter),
            event("s1", 5, usage("k5"), ts=None),
        ]
        derive(store, "one", [(header("s1"), made)])
        found = [(row.bucket, row.model, row.responses, row.tokens.output) for row in store.rollups(ALL)]
        assert found == [
            (first, "model-1", 2, 10),
            (first, "model-2", 1, 5),
            (first + quarter, "model-1", 1, 5),
            (None, "model-1", 1, 5),
        ]
        later = store.rollups(Filter(since=first + quarter))
        assert [row.bucket for row in later] == [first + quarter]
        assert [row.responses for row in store.rollups(Filter(model="model-2"))] == [1]
        assert {row.bucket for row in store.rollups(Filter(until=first + quarter))} == {first}

    def test_totals_sum_by_main_session_and_model_within_spans(self, store: Store) -> None:
        quarter = 900 * SECOND
        first = START // quarter * quarter
        made = [
            event("s1", 1, usage("k1"), ts=first),
            event("s1", 2, usage("k2"), ts=first + quarter - 1),
            event("s1", 3, usage("k3", model="unpriced"), ts=first + 5),
            event("s1", 4, usage("k4"), ts=first + quarter),
            event("s1", 5, usage("k5"), ts=None),
        ]
        derive(store, "one", [(header("s1"), made)])

        def halves(low: int, high: int) -> list[Span]:
            assert (low, high) == (first, first + quarter)
            return [
                Span(start=low, stop=high, key="one"),
                Span(start=high, stop=high + quarter, key="two"),
            ]

        def told(found: list[Total] | None) -> set[tuple[str | None, str | None, int, int, int | None]]:
            assert found is not None
            return {(row.key, row.model, row.responses, row.tokens.output, row.cost) for row in found}

        assert told(store.totals(ALL)) == {
            (None, "model-1", 4, 20, 60_000),
            (None, "unpriced", 1, 5, None),
        }
        assert told(store.totals(ALL, spans=halves)) == {
            ("one", "model-1", 2, 10, 30_000),
            ("one", "unpriced", 1, 5, None),
            ("two", "model-1", 1, 5, 15_000),
            (None, "model-1", 1, 5, 15_000),
        }
        assert told(store.totals(Filter(since=first + quarter))) == {(None, "model-1", 1, 5, 15_000)}
        assert told(store.totals(Filter(model="unpriced"))) == {(None, "unpriced", 1, 5, None)}

    def test_totals_do_not_answer_what_quarters_cannot(self, store: Store) -> None:
        derive(store, "one", [(header("s1"), [event("s1", 1, usage("k1"), ts=START)])])
        assert store.totals(Filter(since=START + 1)) is None
        assert store.totals(Filter(until=START + 1)) is None
        assert store.totals(Filter(limit=1)) is None
        assert store.totals(ALL, spans=lambda _low, _high: None) is None
        derive(store, "two", [(header("s2"), [event("s2", 1, usage("k2"), ts=-5)])])
        assert store.totals(ALL) is None

    def test_entries_can_be_chosen(self, store: Store) -> None:
        derive(store, "one", [(header("s1"), line("s1", usage("k1"), usage("k2", model="model-2")))])
        derive(store, "two", [(header("s2", agent="agent_b"), line("s2", usage("k3")))])

        def keys(**wanted: object) -> list[str]:
            return [entry.key for entry in store.entries(Filter(**wanted))]  # type: ignore[arg-type]  # table

        assert keys(agent="agent_b") == ["k3"]
        assert keys(model="model-2") == ["k2"]
        assert keys(sessions=("s1",)) == ["k1", "k2"]
        assert keys(since=START + 2 * SECOND) == ["k2"]
        assert sorted(keys(until=START + 2 * SECOND)) == ["k1", "k3"]
        assert keys(limit=1) == ["k1"]


class LineageContract:
    """Who comes from whom."""

    @pytest.mark.parametrize("order", [("main", "sub"), ("sub", "main")])
    def test_a_parent_tells_of_its_sub_agents(self, store: Store, order: tuple[str, str]) -> None:
        made = {
            "main": (header("s1"), line("s1", prompt("x"), bodies.AgentSpawned(child="s2", call="c1"))),
            "sub": (header("s2"), line("s2", usage("k1"))),
        }
        for name in order:
            derive(store, name, [made[name]])
        sub, main = row(store, "s2"), row(store, "s1")
        assert (sub.kind, sub.parent, sub.parent_call) == ("subagent", "s1", "c1")
        assert sub.parent_event == made["main"][1][1].id
        assert main.children == ("s2",)
        assert (main.own.tokens.total, main.total.tokens.total) == (0, 15)
        assert [entry.main_session for entry in store.entries(ALL)] == ["s1"]

    def test_a_finished_tool_tells_of_a_sub_agent_too(self, store: Store) -> None:
        derive(store, "main", [(header("s1"), line("s1", bodies.ToolFinished(call="c1", child="s2")))])
        derive(store, "sub", [(child_of("s2", "s1"), line("s2", prompt("x")))])
        assert row(store, "s2").parent_call == "c1"

    def test_totals_reach_down_to_the_last_sub_agent(self, store: Store) -> None:
        derive(store, "c", [(child_of("s3", "s2"), line("s3", usage("k3")))])
        derive(store, "b", [(child_of("s2", "s1"), line("s2", usage("k2", model="unpriced")))])
        derive(store, "a", [(header("s1"), line("s1", usage("k1")))])
        found = row(store, "s1")
        assert (found.total.tokens.total, found.total.cost, found.total.cost_known) == (45, None, 30_000)
        assert row(store, "s2").total.tokens.total == 30
        assert {entry.main_session for entry in store.entries(ALL)} == {"s1"}

    def test_a_session_says_itself_that_it_is_a_fork(self, store: Store) -> None:
        derive(store, "a", [(header("s1"), line("s1", usage("k1")))])
        forked = line("s2", bodies.SessionForked(parent="s1", at="e7"), usage("k2"))
        derive(store, "b", [(header("s2"), forked)])
        derive(store, "c", [(header("s3"), line("s3", bodies.SessionStarted(forked="s1"), usage("k3")))])
        found = row(store, "s2")
        assert (found.kind, found.parent, found.parent_event) == ("fork", "s1", "e7")
        assert (row(store, "s3").kind, row(store, "s3").parent) == ("fork", "s1")
        assert row(store, "s1").children == ("s2", "s3")
        assert row(store, "s1").total.tokens.total == 15

    def test_forks_and_hidden_helpers_are_not_counted_as_sub_agents(self, store: Store) -> None:
        derive(store, "a", [(header("s1"), line("s1", usage("k1")))])
        derive(store, "b", [(header("s2"), line("s2", bodies.SessionForked(parent="s1", at="e7")))])
        derive(store, "c", [(child_of("s3", "s1"), line("s3", usage("k3")))])
        hidden = msgspec.structs.replace(child_of("s4", "s1"), hidden=True)
        derive(store, "d", [(hidden, line("s4", usage("k4")))])
        found = row(store, "s1")
        assert (set(found.children), found.agents) == ({"s2", "s3", "s4"}, 1)
        assert found.total.tokens.total == 45

    def test_a_session_that_repeats_anothers_responses_was_forked_from_it(self, store: Store) -> None:
        copied = line("s2", usage("k1"), usage("k2"), usage("k9"), start=START + SECOND)
        derive(store, "b", [(header("s2"), copied)])
        first = line("s1", usage("k1"), usage("k2"), usage("k3"))
        derive(store, "a", [(header("s1"), first)])
        found = row(store, "s2")
        assert (found.kind, found.parent, found.parent_event) == ("fork", "s1", first[1].id)
        derive(store, "a", [(header("s1"), line("s1", prompt("nothing shared")))])
        assert (row(store, "s2").kind, row(store, "s2").parent) == ("main", None)

    def test_a_fork_of_another_agent_is_not_guessed(self, store: Store) -> None:
        derive(store, "a", [(header("s1", agent="agent_b"), line("s1", usage("k1")))])
        derive(store, "b", [(header("s2"), line("s2", usage("k1"), start=START + SECOND))])
        assert row(store, "s2").kind == "main"

    def test_lineage_in_a_ring_does_no_harm(self, store: Store) -> None:
        derive(store, "a", [(child_of("s1", "s2"), line("s1", usage("k1")))])
        derive(store, "b", [(child_of("s2", "s1"), line("s2", usage("k2")))])
        derive(store, "c", [(child_of("s3", "s3"), line("s3", usage("k3")))])
        assert {found.total.tokens.total for found in store.sessions(ALL)} == {30, 15}
        assert len({entry.main_session for entry in store.entries(Filter(sessions=("s1", "s2")))}) == 1


class QueryContract:
    """Sessions by filter and by name."""

    @pytest.fixture
    def filled(self, store: Store) -> Store:
        derive(
            store,
            "a",
            [
                (
                    header("alpha1"),
                    line("alpha1", bodies.SessionStarted(cwd="/home/me/proj_x"), usage("k1"), answer("y")),
                ),
                (child_of("alpha2", "alpha1", native_id="native-alpha1/sub"), line("alpha2", prompt("x"))),
            ],
        )
        other = line("beta1", usage("k2", model="model-2"), start=START + 100 * SECOND)
        derive(store, "b", [(header("beta1", agent="agent_b", hidden=True), other)])
        return store

    @pytest.mark.parametrize(
        ("wanted", "found"),
        [
            (Filter(), ["beta1", "alpha1", "alpha2"]),
            (Filter(agent="agent_b"), ["beta1"]),
            (Filter(project="/home/me/proj_x"), ["alpha1"]),
            (Filter(project="proj_x"), ["alpha1"]),
            (Filter(project="projAx"), []),
            (Filter(project="roj_x"), []),
            (Filter(model="model-2"), ["beta1"]),
            (Filter(status="completed"), ["alpha1"]),
            (Filter(status="running"), []),
            (Filter(since=START + 100 * SECOND), ["beta1"]),
            (Filter(until=START + 2 * SECOND), ["alpha2"]),
            (Filter(sessions=("alpha2", "gone")), ["alpha2"]),
            (Filter(hidden=False), ["alpha1", "alpha2"]),
            (Filter(limit=1), ["beta1"]),
            (Filter(limit=1, offset=1), ["alpha1"]),
            (Filter(offset=2), ["alpha2"]),
            (Filter(offset=3), []),
            (Filter(order="started"), ["beta1", "alpha1", "alpha2"]),
            (Filter(order="tokens", limit=2), ["alpha1", "beta1"]),
            (Filter(order="cost", limit=2), ["alpha1", "beta1"]),
            (Filter(order="turns", agent="agent_b"), ["beta1"]),
            (Filter(order="tools", hidden=False), ["alpha1", "alpha2"]),
            (Filter(agent="agent_b", status="completed"), []),
        ],
    )
    def test_all_that_a_filter_says_must_fit(self, filled: Store, wanted: Filter, found: list[str]) -> None:
        assert [row.id for row in filled.sessions(wanted)] == found
        everything = msgspec.structs.replace(wanted, limit=None, offset=0)
        assert filled.count(wanted) == len(filled.sessions(everything))

    @pytest.mark.parametrize(
        ("name", "found"),
        [
            ("alpha1", "alpha1"),
            ("alpha2", "alpha2"),
            ("native-beta1", "beta1"),
            ("beta", "beta1"),
            ("native-a", "alpha1"),
            ("alpha", "alpha1"),
            ("last", "alpha1"),
        ],
    )
    def test_a_name_means_one_session(self, filled: Store, name: str, found: str) -> None:
        assert filled.resolve(name) == found

    @pytest.mark.parametrize("name", ["", "gamma", "ALPHA1", "%", "alpha1x"])
    def test_a_name_that_nobody_has_is_an_error(self, filled: Store, name: str) -> None:
        with pytest.raises(SessionNotFoundError):
            filled.resolve(name)

    def test_a_prefix_of_several_is_an_error_that_names_them(self, filled: Store) -> None:
        derive(filled, "c", [(header("alpha9"), line("alpha9", prompt("x")))])
        with pytest.raises(AmbiguousSessionError) as caught:
            filled.resolve("alpha")
        assert list(caught.value.candidates) == ["alpha1", "alpha2", "alpha9"]

    def test_a_native_prefix_of_several_is_an_error_that_names_what_fits(self, filled: Store) -> None:
        derive(filled, "c", [(header("gamma"), line("gamma", prompt("x")))])
        with pytest.raises(AmbiguousSessionError, match=r"native-beta1 \(beta1\), native-gamma \(gamma\)"):
            filled.resolve("native-")

    def test_there_is_no_last_session_in_an_empty_archive(self, store: Store) -> None:
        with pytest.raises(SessionNotFoundError):
            store.resolve("last")


class RecordingContract:
    """Sessions that the archive recorded itself."""

    def test_recorded_events_read_back(self, store: Store) -> None:
        made = line("s1", prompt("x"), usage("k1"), answer("y"))
        record(store, "s1", *made)
        assert list(store.events("s1")) == made
        assert list(store.events("s1", start=2, stop=3)) == made[1:2]
        assert row(store, "s1").own.tokens.total == 15
        assert store.resolve("native-s1") == "s1"

    def test_a_recording_goes_on_where_it_was(self, store: Store) -> None:
        made = line("s1", *(prompt(f"{n}") for n in range(6)), usage("k1"))
        record(store, "s1", *made[:3])
        writer = store.writer(header("s1"))
        assert writer.last == 3
        writer.close()
        record(store, "s1", *made[3:])
        assert list(store.events("s1")) == made
        assert row(store, "s1").events == 7

    def test_a_tail_gives_what_is_written_once_and_needs_no_catch_up(self, store: Store) -> None:
        made = line("s1", *(prompt(f"{n}") for n in range(7)))
        assert list(store.tail("s1").read()) == []
        with closing(store.writer(header("s1"))) as writer:
            writer.append(made[0])
            tail = store.tail("s1")
            assert list(tail.read()) == made[:1]
            for each in made[1:5]:
                writer.append(each)
            assert next(tail.read()) == made[1]
            assert list(tail.read()) == made[2:5]
            assert (tail.last, list(tail.read())) == (5, [])
        store.seal(idle_before=2**62)
        with closing(store.writer(header("s1"))) as writer:
            for each in made[5:]:
                writer.append(each)
        assert list(tail.read()) == made[5:]
        assert list(store.tail("s1").read()) == made
        assert list(store.tail("s1", after=3).read()) == made[3:]

    def test_there_is_one_writer(self, store: Store) -> None:
        writer = store.writer(header("s1"))
        with pytest.raises(ArchiveBusyError):
            store.writer(header("s1"))
        writer.close()
        store.writer(header("s1")).close()

    def test_a_session_is_running_while_somebody_writes(self, store: Store) -> None:
        writer = store.writer(header("s1"))
        writer.append(event("s1", 1, answer("x")))
        store.catch_up()
        assert row(store, "s1").status == "running"
        assert [found.id for found in store.sessions(Filter(status="running"))] == ["s1"]
        assert store.sessions(Filter(status="completed")) == []
        writer.close()
        assert row(store, "s1").status == "completed"

    def test_an_event_of_another_session_or_of_the_past_is_refused(self, store: Store) -> None:
        writer = store.writer(header("s1"))
        writer.append(event("s1", 1, prompt("x")))
        for wrong in (event("s2", 2, prompt("x")), event("s1", 1, prompt("x"))):
            with pytest.raises(ArchiveError):
                writer.append(wrong)
        writer.close()

    def test_what_belongs_together_is_written_together_or_not_at_all(self, store: Store) -> None:
        made = line("s1", *(prompt(f"{n}") for n in range(4)))
        writer = store.writer(header("s1"))
        writer.append(*made[:3])
        for wrong in (event("s2", 5, prompt("x")), made[3]):
            with pytest.raises(ArchiveError):
                writer.append(made[3], wrong)
        assert writer.last == 3
        writer.append(made[3])
        writer.close()
        assert list(store.tail("s1").read()) == made

    def test_an_ended_session_is_sealed_and_reads_the_same(self, store: Store) -> None:
        made = line("s1", *(prompt("long " * 200) for _ in range(600)), usage("k"), bodies.SessionEnded())
        record(store, "s1", *made)
        before = store.sessions(ALL)
        store.seal(idle_before=0)
        assert list(store.events("s1", start=300, stop=303)) == made[299:302]
        store.catch_up()
        assert list(store.events("s1")) == made
        assert store.sessions(ALL) == before

    def test_a_sealed_session_can_go_on(self, store: Store) -> None:
        made = line("s1", prompt("x"), bodies.SessionEnded(), prompt("again"), bodies.SessionEnded())
        record(store, "s1", *made[:2])
        store.seal(idle_before=0)
        record(store, "s1", *made[2:])
        assert list(store.events("s1")) == made
        store.seal(idle_before=0)
        store.catch_up()
        assert list(store.events("s1")) == made

    def test_blobs_are_kept_once_under_their_hash(self, store: Store) -> None:
        name = store.put_blob(b"payload")
        assert store.put_blob(b"payload") == name == blob_hash(b"payload")
        assert store.blob(name) == b"payload"
        assert store.blob(blob_hash(b"other")) is None
        assert store.blob("../../etc/passwd") is None


class CareContract:
    """Verify, clear, remove, readmit, collect."""

    def test_a_healthy_store_has_no_damage(self, store: Store) -> None:
        derive(store, "one", [(header("s1"), line("s1", prompt("x"), usage("k1")))])
        record(store, "s2", *line("s2", prompt("x"), usage("k2")))
        store.put_blob(b"x" * 5000)
        assert list(store.verify()) == []

    def test_what_is_noted_of_a_session_stays_and_its_tags_are_those_of_the_session(
        self, store: Store
    ) -> None:
        with closing(store.writer(header("s1"))) as writer:
            writer.append(event("s1", 1, bodies.SessionTagged(add=("slow", "todo"))))
        store.annotate("s1", text="look at this", target="e1")
        store.annotate("s1", add=("good",), remove=("todo", "never"))
        store.annotate("s2", add=("good",))
        store.catch_up()
        (row,) = store.sessions(Filter())
        assert row.tags == ("good", "slow")
        told = store.annotations("s1")
        assert [(each.text, each.target, each.add, each.remove) for each in told] == [
            ("look at this", "e1", (), ()),
            (None, None, ("good",), ("todo", "never")),
        ]
        assert store.annotations("s3") == ()

    def test_sessions_are_asked_for_by_their_tags(self, store: Store) -> None:
        for name, tags in (("s1", ("a",)), ("s2", ("b",)), ("s3", ())):
            with closing(store.writer(header(name))) as writer:
                writer.append(event(name, 1, bodies.SessionTagged(add=tags)))
        store.annotate("s3", add=("a",))
        store.annotate("s1", remove=("a",))
        store.annotate("s2", add=("a",))
        store.catch_up()
        assert {row.id for row in store.sessions(Filter(tag="a"))} == {"s2", "s3"}
        assert {row.id for row in store.sessions(Filter(tag="a", sessions=("s1", "s2")))} == {"s2"}
        assert store.count(Filter(tag="a")) == 2
        assert store.sessions(Filter(tag="c")) == []

    def test_what_all_was_derived_with_is_forgotten_with_what_was_derived(self, store: Store) -> None:
        assert store.derived_by() is None
        store.note_derived_by("claude_code/1")
        assert store.derived_by() == "claude_code/1"
        store.clear_cache()
        assert store.derived_by() is None
        assert store.read_only is None

    def test_an_empty_cache_is_built_again_to_equal_answers(self, store: Store) -> None:
        made = [(header("s1"), line("s1", prompt("x"), usage("k1")))]
        derive(store, "one", made)
        record(store, "s2", *line("s2", prompt("x"), usage("k2")))
        before = (store.sessions(ALL), list(store.entries(ALL)), store.rollups(ALL))
        store.clear_cache()
        assert store.sessions(ALL) == []
        assert store.derived(key("one").id) is None
        derive(store, "one", made)
        store.catch_up()
        assert (store.sessions(ALL), list(store.entries(ALL)), store.rollups(ALL)) == before

    def test_what_was_removed_does_not_come_back_by_itself(self, store: Store) -> None:
        made = [(header("s1"), line("s1", usage("k1")))]
        derive(store, "one", made)
        removal = store.remove(["s1"])
        assert removal.sessions == ("s1",)
        assert removal.bytes_freed > 0
        assert (store.sessions(ALL), list(store.entries(ALL))) == ([], [])
        assert store.original(key("one").id) is None
        assert store.place("/logs/one.jsonl") is None
        assert store.is_removed("s1")
        assert store.is_removed(key("one").id)
        derive(store, "one", made)
        assert store.sessions(ALL) == []

    def test_a_tombstone_can_be_lifted(self, store: Store) -> None:
        made = [(header("s1"), line("s1", usage("k1"))), (header("s2"), line("s2", usage("k2")))]
        derive(store, "one", made)
        store.remove(["s1"])
        assert [found.id for found in store.sessions(ALL)] == ["s2"]
        assert not store.is_removed(key("one").id)
        before = store.derived(key("one").id)
        assert store.readmit(["s1", "s1", "s2"]) == 1
        assert store.derived(key("one").id) != before
        derive(store, "one", made)
        assert {found.id for found in store.sessions(ALL)} == {"s1", "s2"}
        assert store.readmit(["s1"]) == 0

    def test_lifting_a_tombstone_lifts_that_of_its_original(self, store: Store) -> None:
        derive(store, "one", [(header("s1"), line("s1", usage("k1")))])
        store.remove(["s1"])
        assert store.readmit(["s1"]) == 1
        assert not store.is_removed(key("one").id)

    def test_sub_agents_go_with_their_session_and_forks_stop_it(self, store: Store) -> None:
        derive(store, "a", [(header("s1"), line("s1", usage("k1")))])
        derive(store, "b", [(child_of("s2", "s1"), line("s2", usage("k2")))])
        derive(store, "c", [(child_of("s3", "s1", kind="fork"), line("s3", usage("k3")))])
        with pytest.raises(ArchiveError):
            store.remove(["s1"])
        assert len(store.sessions(ALL)) == 3
        assert store.remove(["s1", "s3"]).sessions == ("s1", "s2", "s3")
        assert store.sessions(ALL) == []

    def test_forks_go_too_when_told(self, store: Store) -> None:
        derive(store, "a", [(header("s1"), line("s1", usage("k1")))])
        derive(store, "c", [(child_of("s3", "s1", kind="fork"), line("s3", usage("k3")))])
        assert store.remove(["s1"], with_forks=True).sessions == ("s1", "s3")

    def test_only_sessions_that_are_there_can_be_removed(self, store: Store) -> None:
        with pytest.raises(SessionNotFoundError):
            store.remove(["nobody"])

    def test_a_recorded_session_is_removed_with_its_segments(self, store: Store) -> None:
        record(store, "s1", *line("s1", prompt("x"), bodies.SessionEnded()))
        store.seal(idle_before=0)
        record(store, "s1", *[event("s1", 3, prompt("y"))])
        store.remove(["s1"])
        store.catch_up()
        assert store.sessions(ALL) == []
        with pytest.raises(ArchiveError):
            store.writer(header("s1"))

    def test_a_session_that_is_being_recorded_is_not_removed(self, store: Store) -> None:
        writer = store.writer(header("s1"))
        writer.append(event("s1", 1, prompt("x")))
        store.catch_up()
        with pytest.raises(ArchiveBusyError):
            store.remove(["s1"])
        writer.close()

    def test_collecting_loses_nothing(self, store: Store) -> None:
        content = b""
        for n in range(40):
            content += f"line {n}\n".encode()
            keep(store, "one", content)
        record(store, "s2", *line("s2", prompt("x")))
        assert store.gc() >= 0
        with store.open_original(key("one").id, 1) as stream:
            assert stream.read() == content
        assert keep(store, "one", content + b"more\n").change == "appended"
        assert list(store.verify()) == []

    def test_sizes_are_told_by_part(self, store: Store) -> None:
        keep(store, "one", b"x" * 1000)
        sizes = {size.part: size for size in store.sizes()}
        assert sizes["originals"].apparent > 0
        store.sync()


class StoreContract(
    KeepingContract,
    DerivingContract,
    SummaryContract,
    LedgerContract,
    LineageContract,
    QueryContract,
    RecordingContract,
    CareContract,
):
    """All of it."""

"""What the index finds is what the plain matcher finds, whatever was imported in whatever order."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.store.builders import (
    START,
    FlatPricer,
    answer,
    child_of,
    derive,
    event,
    header,
    keep,
    prompt,
    usage,
)

from reenact.clock import ManualClock
from reenact.errors import UsageError
from reenact.events import AnyBody, Event, blocks, bodies
from reenact.query import parse
from reenact.store import Filter, Hit, LocalStore, MemoryStore, Store, open_store, text_index
from reenact.store.text_shard import Shard

SECOND = 1_000_000


def opened(folder: str | Path) -> LocalStore:
    return open_store(Path(folder) / "archive", clock=ManualClock(), pricer=FlatPricer())


@contextmanager
def local() -> Iterator[LocalStore]:
    with tempfile.TemporaryDirectory() as folder:
        store = opened(folder)
        try:
            yield store
        finally:
            store.close()


def memory() -> MemoryStore:
    return MemoryStore(clock=ManualClock(), pricer=FlatPricer())


def found(store: Store, text: str, **told: Any) -> list[Hit]:
    return store.search(parse(text, now=START, timezone="UTC"), **{"limit": 10_000, **told})


def places(hits: list[Hit]) -> list[tuple[str, int]]:
    return sorted((hit.session, hit.seq) for hit in hits)


def listed(store: Store, text: str) -> list[str]:
    return [row.id for row in store.sessions(Filter(query=parse(text, now=START, timezone="UTC")))]


# -- generated archives -------------------------------------------------------------------------

words = st.lists(
    st.sampled_from(["alpha", "Beta", "gamma_ray", "delta2", "al", "x.y", "-", "BETA!"]), max_size=5
)
texts = words.map(" ".join)
files = st.sampled_from(["src/a.py", "src/b/a.py", "docs/alpha.md"])
tags = st.sampled_from([(), ("Alpha",), ("beta gamma",), ("alphabet", "other")])


bodies_drawn: st.SearchStrategy[AnyBody] = st.one_of(
    texts.map(prompt),
    st.builds(answer, texts, model=st.sampled_from([None, "model-1", "big-model-2"])),
    st.builds(
        bodies.ToolCalled,
        call=st.sampled_from(["c1", "c2"]),
        name=st.sampled_from(["Bash", "Edit", "mcp__git__push"]),
        input=st.one_of(
            st.builds(lambda command, text: {"command": command, "description": text}, texts, texts),
            st.builds(lambda path, text: {"file_path": path, "new_string": text}, files, texts),
            texts,
        ),
    ),
    st.builds(
        bodies.ToolFinished,
        call=st.sampled_from(["c1", "c2"]),
        ok=st.sampled_from([True, False, None]),
        output=texts,
    ),
    st.builds(bodies.FileChanged, path=files),
    st.builds(bodies.SessionTagged, add=tags, remove=tags),
    st.builds(bodies.WorkspaceChanged, branch=st.sampled_from(["main", "feature/alpha"])),
    st.builds(
        bodies.SessionStarted,
        cwd=st.sampled_from([None, "/home/me/alpha", "/home/me/beta"]),
        model=st.sampled_from([None, "model-1"]),
        repo=st.sampled_from([None, blocks.Repository(branch="main")]),
    ),
    st.builds(
        usage,
        st.sampled_from(["k1", "k2", "k3"]),
        st.sampled_from([5, 5000]),
        model=st.sampled_from(["model-1", "unpriced"]),
    ),
)
notes = st.lists(st.tuples(st.sampled_from(["s1", "s2", "s3"]), tags, tags), max_size=3)
moments = st.sampled_from([None, START, START, START + SECOND, START + 2 * SECOND, START + 60 * SECOND])
sessions_drawn = st.lists(st.tuples(bodies_drawn, moments), max_size=8)
SESSIONS = (
    header("s1"),
    header("s2", agent="other_agent"),
    child_of("s3", "s1"),
    child_of("s4", "s1", kind="fork"),
)

leaf_texts = st.one_of(
    st.sampled_from(["alpha", "beta", "al*", "gamma_ray", "gamma", "delta2", '"alpha beta"', '"beta gamma"', '"alpha be"*', "x.y", "nowhere"]),
    st.sampled_from(
        ["agent:agent_a", "agent:other*", "project:alpha", "project:me/beta", "project:al*", "model:model", "model:big-model",
         "tool:bash", "tool:mcp__git", "tool:ed*", "kind:tool", "kind:message.user", "file:a.py", "file:src/b", "file:alpha*",
         "command:alpha", 'command:"alpha beta"', "role:user", "role:tool", "role:as*", "branch:main", "branch:alpha",
         "tag:alpha", "tag:al*", 'tag:"beta gamma"', "tag:nowhere"]
    ),
    st.sampled_from(["is:error", "is:subagent", "is:fork", "is:live", "cost:>0", "cost:<0.000001", "cost:>=0.000000015", "tokens:>0", "tokens:<=15",
                     'since:"2023-11-14 22:13:21Z"', 'until:"2023-11-14 22:13:21Z"', 'since:"2023-11-14 22:13:22Z"']),
)  # fmt: skip
queries = st.recursive(
    leaf_texts,
    lambda inner: st.one_of(
        inner.map(lambda text: f"-({text})"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]} {pair[1]})"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]} or {pair[1]})"),
    ),
    max_leaves=5,
)


def events_of(session: str, drawn: list[tuple[AnyBody, int | None]]) -> list[Event]:
    return [event(session, seq, body, ts=ts) for seq, (body, ts) in enumerate(drawn, 1)]


steps = st.lists(
    st.tuples(
        st.integers(0, 3),
        sessions_drawn,
        st.sampled_from(["fresh", "longer", "longer", "other"]),
        st.booleans(),
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=60, deadline=None)
@given(steps, notes, st.lists(queries, min_size=1, max_size=6), st.sampled_from([1, 3, 10_000]))
def test_the_index_finds_what_the_plain_matcher_finds(
    changes: list[tuple[int, list[tuple[AnyBody, int | None]], str, bool]],
    noted: list[tuple[str, tuple[str, ...], tuple[str, ...]]],
    asked: list[str],
    rows: int,
) -> None:
    model = memory()
    kept: dict[str, list[tuple[AnyBody, int | None]]] = {}
    with pytest.MonkeyPatch.context() as patch, local() as store:
        patch.setattr(text_index, "BATCH_ROWS", rows)
        patch.setattr(text_index, "SHARD_ROWS", rows * 5)
        for number, drawn, how, indexed in changes:
            told = SESSIONS[number]
            name = f"o{number}" if how != "other" else f"o{number}b"
            kept[name] = [*kept.get(name, []), *drawn] if how == "longer" else drawn
            for each in (store, model):
                derive(each, name, [(told, events_of(told.id, kept[name]))], fresh=how != "longer")
            if indexed:
                assert store.index_text()
        assert store.index_text()
        for session, add, remove in noted:
            for each in (store, model):
                each.annotate(session, add=add, remove=remove)
        for text in asked:
            hits = found(store, text)
            assert places(hits) == places(found(model, text)), text
            assert [hit.moment for hit in hits] == sorted((hit.moment for hit in hits), reverse=True)
            assert places(found(store, text, rank=True)) == places(hits)
            assert listed(store, text) == listed(model, text), text


@settings(max_examples=30, deadline=None)
@given(st.lists(sessions_drawn, min_size=1, max_size=4), st.integers(1, 5))
def test_pages_joined_are_the_whole_list(drawn: list[list[tuple[AnyBody, int | None]]], size: int) -> None:
    for store in (memory(), None):
        with local() if store is None else _same(store) as each:
            for number, bodies_made in enumerate(drawn):
                told = SESSIONS[number]
                derive(each, f"o{number}", [(told, events_of(told.id, bodies_made))])
            each.index_text()
            whole = found(each, "")
            paged: list[Hit] = []
            while page := found(each, "", limit=size, before=paged[-1].cursor if paged else None):
                paged += page
            assert paged == whole


@contextmanager
def _same(store: Store) -> Iterator[Store]:
    yield store


# -- beyond generated ASCII ---------------------------------------------------------------------

UNICODE = {
    "accents fold": ("Crème brûlée", "creme BRULEE", True),
    "combining accents": ("Cre\u0300me", "crème", True),
    "umlauts": ("Überprüfung", "uberprufung", True),
    "sharp s is not ss": ("Straße", "strasse", False),
    "cyrillic case": ("Привет Мир", "МИР", True),
    "final sigma": ("Σίσυφος", "ΣΊΣΥΦΟΣ", True),
    "chinese whole runs": ("修复测试。好", "修复测试", True),
    "part of a chinese run": ("修复测试", "测试", False),
    "beginning of a chinese run": ("修复测试", "修复*", True),
    "emoji part words": ("done🎉 🤖bot", "done bot", True),
    "other digits": ("٣ items", "٣", True),
    "a lone surrogate is no letter": ("a\ud800b", "a b", True),
    "a nul parts words": ("a\x00b", '"a b"', True),
    "a long text": ("x " * 30_000 + "needle", "needle", True),
    "what lies beyond the limit": ("x " * 40_000 + "needle", "needle", False),
}


@pytest.mark.parametrize(("text", "asked", "is_found"), UNICODE.values(), ids=UNICODE)
def test_texts_beyond_ascii_are_found_as_the_table_says_in_both_stores(
    text: str, asked: str, is_found: bool
) -> None:
    with local() as store:
        for each in (store, memory()):
            derive(each, "o", [(header("s1"), [event("s1", 1, prompt(text))])])
            each.index_text()
            assert bool(found(each, asked)) is is_found


# -- what hits show -----------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LocalStore]:
    made = opened(tmp_path)
    yield made
    made.close()


def filled(store: Store, *texts: str, name: str = "s1") -> None:
    derive(
        store, name, [(header(name), [event(name, seq, prompt(text)) for seq, text in enumerate(texts, 1)])]
    )
    store.index_text()


def test_a_hit_says_where_the_words_stand(store: LocalStore) -> None:
    filled(store, "word " * 100 + "here is the Needle, and another needle. " + "word " * 100)
    (hit,) = found(store, "needle -haystack")
    assert [hit.snippet[start:end] for start, end in hit.marks] == ["Needle", "needle"]
    assert len(hit.snippet) <= 200
    assert (hit.session, hit.seq, hit.kind) == ("s1", 1, "message.user")


def test_a_word_asked_without_its_accents_is_marked_where_it_stands(store: LocalStore) -> None:
    filled(store, "une crème brûlée")
    (hit,) = found(store, "brulee")
    assert [hit.snippet[start:end] for start, end in hit.marks] == ["brûlée"]


def test_a_scan_finds_expressions_signs_and_parts_of_words(store: LocalStore) -> None:
    filled(store, "修复测试", 'call f(x) -> "y"', "ABC\nnext", "x " * 40_000 + "needle")
    for asked, seqs in {
        "测试": [1],
        '"f(x) ->"': [2],
        "/f\\(.\\)/": [2],
        "abc": [3],
        "/c\\nn/": [3],
        "EEDL": [4],
        "-x": [1],
        "kind:message eedl": [4],
        "kind:tool eedl": [],
    }.items():
        for each in (store, memory()):
            if each is not store:
                filled(each, "修复测试", 'call f(x) -> "y"', "ABC\nnext", "x " * 40_000 + "needle")
            query = parse(asked, now=START, timezone="UTC", scan=True)
            assert sorted(hit.seq for hit in each.scan(query, limit=10)) == seqs, asked


def test_a_pattern_is_refused_by_the_index(store: LocalStore) -> None:
    for each in (store, memory()):
        with pytest.raises(UsageError):
            each.search(parse("/a/", now=START, timezone="UTC", scan=True))


# -- the cache ----------------------------------------------------------------------------------


def test_removed_sessions_are_not_found(store: LocalStore) -> None:
    filled(store, "needle", name="s1")
    filled(store, "needle", name="s2")
    store.remove(["s1"])
    assert places(found(store, "needle")) == [("s2", 1)]
    store.index_text()
    assert places(found(store, "needle")) == [("s2", 1)]
    assert listed(store, "needle") == ["s2"]


def test_after_gc_no_word_of_a_removed_session_is_left_in_the_index(
    tmp_path: Path, store: LocalStore
) -> None:
    filled(store, "zanzibarquux hay", name="s1")
    filled(store, "needle hay", name="s2")
    shards = sorted((tmp_path / "archive/cache").glob("text-*"))
    assert any(b"zanzibarquux" in path.read_bytes() for path in shards)
    store.remove(["s1"])
    store.gc()
    assert not any(b"zanzibarquux" in path.read_bytes() for path in shards)
    assert places(found(store, "hay")) == [("s2", 1)]


def test_a_cleared_cache_finds_the_same_again(store: LocalStore) -> None:
    filled(store, "needle", "hay")
    before = found(store, "needle or hay")
    store.clear_cache()
    assert found(store, "needle") == []
    filled(store, "needle", "hay")
    assert found(store, "needle or hay") == before


def test_shards_of_another_index_are_dropped(tmp_path: Path, store: LocalStore) -> None:
    filled(store, "needle")
    (tmp_path / "archive/cache/core.db").replace(tmp_path / "core.old")
    store.close()
    fresh = opened(tmp_path)
    assert found(fresh, "needle") == []
    filled(fresh, "thread")
    assert found(fresh, "needle") == []
    assert len(found(fresh, "thread")) == 1
    fresh.close()


def test_a_damaged_shard_is_made_again(tmp_path: Path, store: LocalStore) -> None:
    filled(store, "needle")
    store.close()
    (shard,) = (tmp_path / "archive/cache").glob("text-*.db")
    shard.write_bytes(b"no database" * 1000)
    fresh = opened(tmp_path)
    assert found(fresh, "needle") == []
    assert fresh.index_text()
    assert len(found(fresh, "needle")) == 1
    fresh.close()


def test_a_deleted_shard_is_made_again(tmp_path: Path, store: LocalStore) -> None:
    filled(store, "needle")
    store.close()
    for path in (tmp_path / "archive/cache").glob("text-*.db"):
        path.unlink()
    fresh = opened(tmp_path)
    assert fresh.index_text()
    assert len(found(fresh, "needle")) == 1
    fresh.close()


@pytest.mark.crash
@pytest.mark.parametrize("rows", [1, 2, 5])
@pytest.mark.parametrize("broken", ["add", "hold", "drop"])
def test_an_index_run_that_dies_anywhere_is_finished_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int, broken: str
) -> None:
    monkeypatch.setattr(text_index, "BATCH_ROWS", rows)
    wanted = [("s1", 1), ("s1", 2), ("s1", 3), ("s2", 1), ("s2", 2)]
    for death in range(12):
        store = opened(tmp_path / str(death))
        filled(store, "old", "needle", name="s2")
        for name, count in (("s1", 3), ("s2", 2)):
            lines = [event(name, seq, prompt("needle")) for seq in range(1, count + 1)]
            derive(store, name, [(header(name), lines)])
        calls = 0
        whole = getattr(Shard, broken)

        def dying(self: Shard, given: Any, whole: Any = whole, death: int = death) -> None:
            nonlocal calls
            whole(self, given)
            calls += 1
            if calls > death:
                raise KeyboardInterrupt

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Shard, broken, dying)
            with contextlib.suppress(KeyboardInterrupt):
                store.index_text()
        store.close()
        store = opened(tmp_path / str(death))
        assert store.index_text()
        assert places(found(store, "needle")) == wanted
        assert found(store, "old") == []
        store.close()


def test_an_index_run_that_is_out_of_time_goes_on_where_it_stopped(store: LocalStore) -> None:
    for number in range(4):
        keep(store, f"s{number}", b"x")
        derive(store, f"s{number}", [(header(f"s{number}"), [event(f"s{number}", 1, prompt("needle"))])])
    rounds = 0
    while not store.index_text(seconds=0):
        rounds += 1
        assert rounds < 5
    assert len(found(store, "needle")) == 4


def test_while_another_process_writes_the_index_is_read_as_it_is(tmp_path: Path, store: LocalStore) -> None:
    filled(store, "needle")
    other = opened(tmp_path)
    filled(other, "needle", name="s2")
    assert places(found(store, "needle")) == [("s1", 1), ("s2", 1)]
    other.close()


@pytest.mark.parametrize("field", ["agent", "project", "model", "branch", "tool", "kind", "role", "file"])
def test_the_values_of_a_field_are_counted_by_sessions_in_both_stores(field: str) -> None:
    def counted(store: Store) -> dict[str, int]:
        for name in ("s1", "s2"):
            started = bodies.SessionStarted(cwd="/home/me/x", model="model-1")
            called = bodies.ToolCalled(call="c", name="Bash", tool_kind="shell", input={"command": "ls"})
            told = [event(name, 1, started), event(name, 2, prompt("words")), event(name, 3, called)]
            derive(store, name, [(header(name), told)])
        store.index_text()
        return store.values(field)

    with local() as kept:
        found = counted(kept)
    assert found == counted(memory())
    assert bool(found) is (field not in {"branch", "file"})

"""Several generations of one transcript: each event once, each loop under its first name."""

from reenact.events import bodies
from reenact.ingest.merge import Merge
from reenact.sources import Draft


def start(loop: str, *, after: str | None = None) -> Draft:
    return Draft(session="s", record=f"loop:{loop}", loop=loop, body=bodies.LoopStarted(parent_loop=after))


def end(loop: str) -> Draft:
    return Draft(session="s", record=f"end:{loop}", loop=loop, body=bodies.LoopEnded())


def note(record: str, loop: str) -> Draft:
    return Draft(session="s", record=record, loop=loop, body=bodies.SessionNote(text=record))


def taken(merge: Merge, *lines: list[Draft]) -> list[tuple[str, str | None]]:
    """Record and loop of what one more generation of these lines adds."""
    merge.begin()
    return [(draft.record, draft.loop) for line in lines for _, draft in merge.new(line)]


def test_a_loop_that_seems_to_begin_at_a_known_row_keeps_its_first_name() -> None:
    merge = Merge()
    assert len(taken(merge, [start("ask")], [note("a", "ask")], [end("ask")])) == 3
    assert taken(merge, [start("a"), note("a", "a")], [note("b", "a")], [end("a")]) == [("b", "ask")]
    assert merge.removed() == {"s": 2}


def test_the_loop_after_one_with_two_names_follows_the_first_name() -> None:
    merge = Merge()
    taken(merge, [start("ask")], [note("a", "ask")])
    merge.begin()
    (_, added) = merge.new([start("a"), note("a", "a"), end("a"), start("next", after="a")])
    assert added[1].loop == "next"
    assert isinstance(added[1].body, bodies.LoopStarted)
    assert added[1].body.parent_loop == "ask"


def test_a_loop_of_rows_that_nobody_knew_is_one() -> None:
    merge = Merge()
    taken(merge, [start("ask")], [note("a", "ask")])
    assert taken(merge, [start("more"), note("b", "more")]) == [("loop:more", "more"), ("b", "more")]


def test_each_generation_names_its_loops_by_itself() -> None:
    merge = Merge()
    taken(merge, [start("ask")], [note("a", "ask")])
    taken(merge, [start("x"), note("a", "x")])
    assert taken(merge, [start("x"), note("c", "x")]) == [("loop:x", "x"), ("c", "x")]

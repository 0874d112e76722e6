"""What every parser must do with any rows in any order, also with rows that no agent ever wrote.

Each source inherits this class and gives a row of every kind that its agent writes.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any, ClassVar

from hypothesis import given, settings
from hypothesis import strategies as st

from reenact.events import FORMAT, Event, decode, encode
from reenact.ingest.lines import cut, document
from reenact.sources import Draft, Parsed, Setting, Source

Row = dict[str, Any]

junk = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def as_bytes(rows: Sequence[Row]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def drafts_of(parsed: Sequence[Parsed]) -> list[Draft]:
    return [draft for each in parsed for draft in each.drafts]


def event_of(draft: Draft) -> Event:
    return Event(v=FORMAT, seq=1, id="x", session=draft.session, recorded_at=0, body=draft.body)


def parsed_by(source: Source, data: bytes, setting: Setting) -> list[Parsed]:
    """Gives what a source's parser makes of a file."""
    parser = source.parser(setting)
    into_lines = document if setting.hints.get("layout") == "document" else cut
    return [parser.feed(line) for line in into_lines(io.BytesIO(data))]


class ParserLaws:
    """The laws of a parser of rows."""

    source: ClassVar[Source]
    pool: ClassVar[Sequence[Row]]
    """A row of every kind, in the order in which its agent would write them."""
    beside: ClassVar[Sequence[Setting]]
    """What a parser may be told before its first line."""

    def parse(self, data: bytes, setting: Setting) -> list[Parsed]:
        return parsed_by(self.source, data, setting)

    @property
    def some(self) -> st.SearchStrategy[tuple[bytes, Setting]]:
        rows = st.lists(st.sampled_from(self.pool), max_size=40).map(as_bytes)
        return st.tuples(rows, st.sampled_from(self.beside))

    def test_the_pool_makes_events_of_many_kinds(self) -> None:
        drafts = drafts_of(self.parse(as_bytes(self.pool), self.beside[0]))
        assert len({draft.body.kind for draft in drafts}) >= 8

    def test_drafts_of_a_prefix_are_a_prefix_of_the_drafts(self) -> None:
        @settings(max_examples=150, deadline=None)
        @given(some=self.some, share=st.floats(0, 1))
        def law(some: tuple[bytes, Setting], share: float) -> None:
            data, setting = some
            whole = drafts_of(self.parse(data, setting))
            part = drafts_of(self.parse(data[: int(len(data) * share)], setting))
            assert part == whole[: len(part)]

        law()

    def test_every_line_is_accounted_for_and_every_record_named_once(self) -> None:
        @settings(max_examples=150, deadline=None)
        @given(some=self.some)
        def law(some: tuple[bytes, Setting]) -> None:
            data, setting = some
            parsed = self.parse(data, setting)
            assert len(parsed) == data.count(b"\n")
            assert all(bool(each.drafts) <= (each.disposition == "events") for each in parsed)
            names = [(draft.session, draft.record) for draft in drafts_of(parsed)]
            assert len(names) == len(set(names))
            told: set[str] = set()
            for each in parsed:
                told.update(header.id for header in each.headers)
                assert {draft.session for draft in each.drafts} <= told

        law()

    def test_parsing_again_gives_the_same(self) -> None:
        @settings(max_examples=60, deadline=None)
        @given(some=self.some)
        def law(some: tuple[bytes, Setting]) -> None:
            assert self.parse(*some) == self.parse(*some)

        law()

    def test_every_draft_can_be_written_and_read_back(self) -> None:
        @settings(max_examples=100, deadline=None)
        @given(some=self.some)
        def law(some: tuple[bytes, Setting]) -> None:
            for draft in drafts_of(self.parse(*some)):
                assert decode(encode(event_of(draft))).body == draft.body

        law()

    def test_a_row_with_anything_anywhere_never_raises(self) -> None:
        @settings(max_examples=300, deadline=None)
        @given(row=st.sampled_from(self.pool), setting=st.sampled_from(self.beside), data=st.data())
        def law(row: Row, setting: Setting, data: st.DataObject) -> None:
            value = odd(row, data)
            for rows in ([*self.pool[:12], value, value, *self.pool[-6:]], [value]):
                for draft in drafts_of(self.parse(as_bytes(rows), setting)):
                    assert encode(event_of(draft))

        law()


def odd(row: Row, data: st.DataObject) -> Row:
    """Gives a copy of a row with anything in one of its places."""
    value: Row = json.loads(json.dumps(row))
    place: Any = value
    while True:
        names = sorted(place) if isinstance(place, dict) else range(len(place))
        name = data.draw(st.sampled_from(names))
        if isinstance(place[name], dict | list) and place[name] and data.draw(st.booleans()):
            place = place[name]
            continue
        place[name] = data.draw(junk)
        return value

"""Every parser and codec on damaged and hostile bytes: a value or the one documented error, and no line lost."""

from __future__ import annotations

import contextlib
import io
import itertools
import tempfile
import unicodedata
from collections import Counter
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.fuzz.mutations import DATA, damaged, seeds, transcripts
from tests.store.builders import FlatPricer, header

from reenact import config, redact
from reenact.cli import text as terminal
from reenact.clock import ManualClock
from reenact.errors import ArchiveError, ConfigError, CorruptRecordError, ReenactError
from reenact.events import decode, decode_record, encode
from reenact.ingest import lines as cutting
from reenact.replay import Script
from reenact.sources import (
    Disposition,
    Setting,
    Source,
    claude_code,
    codex,
    copilot,
    gemini,
    opencode,
    pi,
    qwen,
)
from reenact.store import OriginalKey, Place, manifest, open_store, segment
from reenact.store.journal import Journal
from reenact.wire import sse
from reenact.wire.anthropic import message, stream
from reenact.wire.anthropic.request import parse_request

KEY = b"k" * 32
FLOWS: dict[str, Source] = {
    "claude_code": claude_code.SOURCE,
    "codex": codex.SOURCE,
    "copilot": copilot.SOURCE,
    "gemini": gemini.SOURCE,
    "opencode": opencode.SOURCE,
    "pi": pi.SOURCE,
    "qwen": qwen.SOURCE,
}


# -- events -------------------------------------------------------------------------------------


@settings(max_examples=400)
@given(damaged(seeds("event")))
def test_an_event_reads_back_or_is_corrupt(data: bytes) -> None:
    for read in (decode, decode_record):
        try:
            found = read(data)
        except CorruptRecordError:
            continue
        assert decode(encode(found)) == found


# -- sources ------------------------------------------------------------------------------------


def feed(source: Source, data: bytes, *, limit: int) -> None:
    parser = source.parser(Setting(agent=source.agent, key="11111111-1111-4111-8111-111111111111"))
    booked: Counter[str] = Counter()
    length = 0
    for number, line in enumerate(cutting.cut(io.BytesIO(data), max_record=limit), 1):
        assert line.number == number
        assert line.offset == length
        length += line.length + line.terminated
        parsed = parser.feed(line)
        booked[parsed.disposition] += 1
        for draft in parsed.drafts:
            assert msgspec.json.encode(draft)
    assert length == len(data)
    assert booked.keys() <= set(get_args(Disposition))
    assert sum(booked.values()) == data.count(b"\n") + (not data.endswith(b"\n") and bool(data))


@pytest.mark.parametrize("agent", FLOWS)
def test_every_line_of_a_damaged_transcript_has_one_outcome(agent: str) -> None:
    @settings(max_examples=60)
    @given(damaged(transcripts(agent), most=6), st.sampled_from([200, 1 << 20]))
    def law(data: bytes, limit: int) -> None:
        feed(FLOWS[agent], data, limit=limit)

    law()


@settings(max_examples=120)
@given(damaged(seeds("gemini_document"), most=5))
def test_a_damaged_document_is_one_line_with_one_outcome(data: bytes) -> None:
    setting = Setting(agent="gemini", key="k", hints={"layout": "document"})
    for line in cutting.document(io.BytesIO(data)):
        parsed = gemini.SOURCE.parser(setting).feed(line)
        assert parsed.disposition in get_args(Disposition)
        assert all(msgspec.json.encode(draft) for draft in parsed.drafts)
        records = [draft.record for draft in parsed.drafts]
        assert len(set(records)) == len(records)


# -- the wire -----------------------------------------------------------------------------------


@settings(max_examples=200)
@given(damaged(seeds("stream")), st.lists(st.integers(0, 2000), max_size=4))
def test_a_stream_gives_the_same_however_it_is_cut(data: bytes, cuts: list[int]) -> None:
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    pieces = [data[begin:end] for begin, end in itertools.pairwise(places)]
    assert sse.decode(pieces) == sse.decode(data)
    assert stream.assemble(pieces) == stream.assemble(data)
    ends = sse.boundaries(data)
    assert list(ends) == sorted(set(ends))
    assert (ends[-1] if ends else 0) == len(data)


@settings(max_examples=200)
@given(damaged(seeds("request")), damaged(seeds("reply")), st.sampled_from([200, 400, 529]))
def test_requests_and_answers_of_any_shape_are_values(request: bytes, reply: bytes, status: int) -> None:
    found = parse_request(request)
    assert isinstance(found.messages, tuple)
    assert isinstance(found.params, dict)
    assert all(isinstance(block, dict) for block in (*found.system, *found.tools))
    answer = message.parse_reply(reply, status=status)
    if answer.message is not None:
        message.tokens(answer.message)


@settings(max_examples=60)
@given(st.lists(damaged(seeds("event"), most=2), max_size=6))
def test_a_script_is_made_of_whatever_events_there_are(records: list[bytes]) -> None:
    found = []
    for data in records:
        try:
            found.append(decode_record(data))
        except CorruptRecordError:
            continue
    assert isinstance(Script.from_recording(found, dict[str, bytes]().__getitem__), Script)


# -- settings and secrets -----------------------------------------------------------------------


@settings(max_examples=150)
@given(damaged(seeds("config")))
def test_settings_are_read_or_refused(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.toml"
        path.write_bytes(data)
        with contextlib.suppress(ConfigError):
            assert isinstance(config.load(path), config.Config)


@settings(max_examples=150)
@given(damaged(seeds("text")))
def test_scrubbing_twice_is_scrubbing_once(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    once = redact.scrub(text, key=KEY).text
    assert redact.scrub(once, key=KEY).text == once
    assert len(once) <= 40 * len(text) + 40


# -- the archive --------------------------------------------------------------------------------


@settings(max_examples=150)
@given(damaged(seeds("manifest")), damaged(seeds("journal")))
def test_manifests_and_journals_are_read_or_told(held: bytes, noted: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / manifest.NAME).write_bytes(held)
        with contextlib.suppress(CorruptRecordError):
            manifest.load(Path(folder))
        path = Path(folder) / "journal.jsonl"
        path.write_bytes(noted)
        journal = Journal(path, read_only=True)
        assert journal.count_damaged() <= noted.count(b"\n") + 1
        assert all(isinstance(name, str) for name in journal.removed())


@settings(max_examples=60)
@given(damaged(seeds("segment")), damaged(seeds("sealed")))
def test_an_archive_with_damaged_segments_is_read_told_and_written_to(live: bytes, sealed: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "archive"
        store = open_store(root, clock=ManualClock(), pricer=FlatPricer())
        for name, data in (("live/s1.jsonl", live), ("sealed/s2-1.jsonl.zst", sealed)):
            (root / name).parent.mkdir(exist_ok=True)
            (root / name).write_bytes(data)
        try:
            table = segment.read_table(root / "sealed" / "s2-1.jsonl.zst")
            assert all(
                isinstance(piece, bytes)
                for piece in segment.read_sealed(root / "sealed" / "s2-1.jsonl.zst", table)
            )
        except CorruptRecordError:
            pass
        store.catch_up()
        for session in ("s1", "s2"):
            seqs = [event.seq for event in store.events(session)]
            assert seqs == sorted(set(seqs))
        list(store.verify())
        writing = store.writer(header("s1"))
        assert writing.last >= 0
        writing.close()
        store.seal(idle_before=2**62)
        store.gc()
        store.catch_up()
        store.close()


NAMES = st.sampled_from(
    [
        "../x",
        "/etc/x",
        "a/b",
        "..",
        ".",
        "",
        "a\0b",
        "x" * 5000,
        "~",
        "a\nb",
        "CON",
        "é",
        "\ud800",
        "-rf",
        "a b",
    ]
) | st.text(max_size=20)


@settings(max_examples=80)
@given(NAMES, NAMES, NAMES)
@example("../../escape", "../../escape", "../../escape")
def test_no_name_leads_out_of_the_archive(session: str, original: str, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "in" / "archive"
        store = open_store(root, clock=ManualClock(), pricer=FlatPricer())
        place = Place(path="/logs/x", size=1, mtime_ns=1, inode=1)
        for agent, identity in ((original, "fine"), ("agent_a", original)):
            key = OriginalKey(id=identity, agent=agent, key="k")
            with contextlib.suppress(ArchiveError):
                store.keep(key, io.BytesIO(b"x"), place=place, sidecars={name: b"{}"})
        for call in (
            lambda: store.writer(header(session)).close(),
            lambda: store.original(original),
            lambda: store.open_original(original, 1).close(),
            lambda: store.sidecars(original),
            lambda: store.blob(name),
            lambda: store.blob(f"sha256:{name}"),
            lambda: store.remove([session]),
            lambda: list(store.events(session)),
            lambda: store.find_event(name, session=session),
        ):
            with contextlib.suppress(ReenactError):
                call()
        store.seal(idle_before=2**62)
        store.close()
        outside = [path for path in Path(folder).rglob("*") if root not in (path, *path.parents)]
        assert outside == [root.parent]
        assert all(len(path.name) <= 255 and ".." not in path.parts for path in root.rglob("*"))


# -- the terminal -------------------------------------------------------------------------------


@settings(max_examples=300)
@given(damaged(seeds("text")), st.integers(1, 120))
def test_what_reaches_a_terminal_moves_nothing(data: bytes, width: int) -> None:
    text = data.decode("utf-8", "surrogateescape")
    shown = [
        terminal.safe(text),
        terminal.line(text, width=width),
        *terminal.wrap(terminal.safe(text), width),
    ]
    shown += list(terminal.safe_lines(text))
    for each in shown:
        for character in each:
            assert unicodedata.category(character) not in {"Cc", "Cs", "Zl", "Zp"}, repr(each)
            assert character not in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f", (
                repr(each)
            )


def test_the_corpus_is_small_and_ours() -> None:
    sizes = [path.stat().st_size for path in (DATA / "fuzz").rglob("*") if path.is_file()]
    assert sum(sizes) < 100_000

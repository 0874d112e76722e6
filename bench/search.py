"""How fast events are found among a million, and what the text index adds to an import.

The archive is made by importing transcripts from `bench.generate` (about 880 events a megabyte). Every
query is asked many times with other words, drawn from the texts by a seed; the figure is the 95th
percentile over all of them, snippets included.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from bench.figures import Figure
from bench.generate import SEED, make

from reenact.archive import Archive, open_archive
from reenact.query import searchable, tokens
from reenact.store import Filter

MEGABYTES = 1_150
EACH = 40
"""Queries of each sort."""
LIMIT = 20


def measure(*, megabytes: int = MEGABYTES) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        made = make(home, megabytes=megabytes)
        archive = opened(home, home / "archive")
        begun = time.process_time()
        archive.catch_up(everything=True)
        plain = time.process_time() - begun
        archive.texts.index()
        whole = time.process_time() - begun
        decode = decoding(home)
        events = sum(row.events for row in archive.sessions())
        data = f"{events:,} events, {made.size / 1e6:,.0f} MB, seed {SEED}"
        yield Figure(
            name="import, one process, without text, against decoding the same lines",
            value=decode / plain, unit="times its speed", bound=0.16, rule="at least", detail=data,
        )  # fmt: skip
        yield Figure(
            name="import, one process, with text, against decoding the same lines",
            value=decode / whole, unit="times its speed", bound=0.08, rule="at least", detail=data,
        )  # fmt: skip
        yield from searches(archive, data)
        archive.close()


def opened(home: Path, path: Path) -> Archive:
    return open_archive(path, variables={"HOME": str(home), "CLAUDE_CONFIG_DIR": str(home / ".claude")})


def decoding(home: Path) -> float:
    """Gives the processor time that decoding every line takes, and nothing else."""
    decoder = msgspec.json.Decoder()
    spent = 0.0
    for path in sorted(home.glob(".claude/projects/*/*.jsonl")):
        lines = path.read_bytes().splitlines()
        begun = time.process_time()
        for line in lines:
            decoder.decode(line)
        spent += time.process_time() - begun
    return spent


def searches(archive: Archive, data: str) -> Iterator[Figure]:
    asked = queries(archive)
    for kind, texts in asked.items():
        for text in texts[:2]:
            archive.store.search(archive.texts.query(text), limit=LIMIT)  # the page cache is warm then
        took = sorted(timed(archive, text) for text in texts)
        print(
            f"    {kind:<16} p50 {took[len(took) // 2]:7.2f}   p95 {p95(took):7.2f}   most {took[-1]:7.2f} ms"
        )
    everything = [timed(archive, text) for texts in asked.values() for text in texts]
    yield Figure(
        name="search, all sorts, with snippets, p95",
        value=p95(everything), unit="ms", bound=20, rule="at most",
        detail=f"{len(everything)} queries, {LIMIT} hits each; {data}",
    )  # fmt: skip
    ranked = [timed(archive, text, rank=True) for texts in asked.values() for text in texts]
    yield Figure(
        name="ranked search, all sorts, with snippets, p95",
        value=p95(ranked), unit="ms", bound=50, rule="at most",
        detail=f"{len(ranked)} queries; {data}",
    )  # fmt: skip


def timed(archive: Archive, text: str, *, rank: bool = False) -> float:
    """Gives the milliseconds of one search, from text to hits with snippets."""
    begun = time.perf_counter()
    archive.store.search(archive.texts.query(text), limit=LIMIT, rank=rank)
    return (time.perf_counter() - begun) * 1000


def p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


def queries(archive: Archive) -> dict[str, list[str]]:
    """Draws queries of every sort from texts of the archive itself."""
    chance = random.Random(SEED)
    rows = archive.sessions(Filter())
    drawn = chance.sample(rows, min(60, len(rows)))
    texts = [
        tokens(searchable(event).text[:4000]) for row in drawn for event in archive.events(row.id, stop=400)
    ]
    texts = [words for words in texts if len(words) > 20]
    counted = Counter(word for words in texts for word in set(words) if len(word) > 2)
    ordered = [word for word, _ in counted.most_common()]
    common, medium = ordered[:40], ordered[200:2000]
    rare = [word for word, count in counted.items() if count == 1]
    projects = sorted({row.project.rpartition("/")[2] for row in rows if row.project})

    def some(make_one: Callable[[], str]) -> list[str]:
        return [make_one() for _ in range(EACH)]

    def run(length: int) -> str:
        words = chance.choice(texts)
        at = chance.randrange(len(words) - length)
        return " ".join(words[at : at + length])

    return {
        "rare": some(lambda: chance.choice(rare)),
        "medium": some(lambda: f'"{chance.choice(medium)}"'),
        "common": some(lambda: f'"{chance.choice(common)}"'),
        "and of three": some(
            lambda: " ".join(f'"{word}"' for word in chance.sample(common + medium[:200], 3))
        ),
        "phrase": some(lambda: f'"{run(chance.choice((2, 3)))}"'),
        "prefix": some(lambda: f"{chance.choice(medium)[:4]}*"),
        "common + project": some(lambda: f'"{chance.choice(common)}" project:{chance.choice(projects)}'),
        "without": some(lambda: f'"{chance.choice(common)}" -"{chance.choice(medium)}"'),
    }

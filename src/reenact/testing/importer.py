"""The importer harness: a fixture in, expected events out, and the laws that every source keeps.

`check(SOURCE, path)` compares what a fixture becomes with `<path>.expected.jsonl` beside it, which
`python -m reenact.testing MODULE:SOURCE PATH… --generate` writes. Read what it wrote before you keep it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from reenact import ingest
from reenact.clock import ManualClock
from reenact.errors import ReenactError
from reenact.events import Tokens
from reenact.ingest import content
from reenact.ingest.lines import cut
from reenact.sources import Setting
from reenact.store import Filter, MemoryStore

if TYPE_CHECKING:
    from reenact.sources import Draft, Source, Transcript

_NOT_SAID = frozenset({"recorded_at", "origin", "v"})
"""Members of events that tell of the import, not of what happened."""
_SHOWN = 40


class FixtureMismatchError(ReenactError):
    """A fixture did not become what was expected of it; the message shows the first differences."""


def check(source: Source, path: str | Path, *, generate: bool = False) -> None:
    """Checks a fixture, a file or a folder as the agent lays it out, against what is expected of it.

    Args:
        source: what reads it.
        path: the fixture; what is expected stands in `<path>.expected.jsonl`.
        generate: writes what is expected instead of comparing with it. The laws are checked all the same.

    Raises:
        FixtureMismatchError: the events differ, nothing is expected yet, or a law is broken: importing twice
            changes nothing; the drafts of the first lines are the first drafts of all lines.
    """
    fixture = Path(path)
    told = describe(source, fixture)
    if describe(source, fixture, times=2) != told:
        raise FixtureMismatchError(
            f"{fixture}: importing it twice gives something else than importing it once"
        )
    for item in _found(source, fixture):
        _check_prefixes(source, item.transcript)
    expected = fixture.with_name(f"{fixture.name}.expected.jsonl")
    if generate:
        expected.write_text("".join(f"{line}\n" for line in told), encoding="utf-8")
        return
    if not expected.exists():
        raise FixtureMismatchError(
            f"nothing is expected of {fixture} yet", hint="generate it, read it, keep it: --generate"
        )
    kept = expected.read_text(encoding="utf-8").splitlines()
    if kept != told:
        difference = list(difflib.unified_diff(kept, told, expected.name, "now", lineterm="", n=0))
        raise FixtureMismatchError(f"{fixture} became something else:\n" + "\n".join(difference[:_SHOWN]))


def describe(source: Source, path: str | Path, *, times: int = 1) -> list[str]:
    """Gives what a fixture becomes as lines of JSON: each session's header and sums, then its events.

    Raises:
        FixtureMismatchError: the source found nothing there, or failed.
    """
    store = MemoryStore(clock=ManualClock(), pricer=_NoPrices())
    found = _found(source, Path(path))
    for _ in range(times):
        report = ingest.Backfill(store, workers=1).run(found)
        if report.problems:
            reasons = "; ".join(f"{problem.path}: {problem.reason}" for problem in report.problems)
            raise FixtureMismatchError(f"{path} cannot be imported: {reasons}")
    return [msgspec.json.encode(line).decode() for line in _sessions(store)]


def _found(source: Source, path: Path) -> list[ingest.Found]:
    found = ingest.newest_first(ingest.below([source], str(path.absolute())))
    if not found:
        raise FixtureMismatchError(f"the source {source.agent} found nothing in {path}")
    return found


def _sessions(store: MemoryStore) -> Iterator[dict[str, Any]]:
    for row in sorted(store.sessions(Filter()), key=lambda row: row.id):
        yield {
            "session": row.native_id,
            "kind": row.kind,
            "parent": row.parent,
            "title": row.title,
            "status": row.status,
            "loops": row.loops,
            "turns": row.turns,
            "tool_calls": row.tool_calls,
            "warnings": row.warnings,
            "usage": msgspec.to_builtins(row.own.tokens),
        }
        for event in store.events(row.id):
            told = msgspec.to_builtins(event)
            yield {name: value for name, value in told.items() if name not in _NOT_SAID}


def _check_prefixes(source: Source, transcript: Transcript) -> None:
    """Checks the law of prefixes, line by line; a document is one line, and has none."""
    sidecars = content.read_sidecars(transcript.sidecars, source)
    setting = Setting(agent=transcript.agent, key=transcript.key, hints=transcript.hints, sidecars=sidecars)
    with closing(content.open_content(transcript, source)) as stream:
        lines = list(cut(stream)) if transcript.layout == "lines" else []
    whole = [
        draft for parser in [source.parser(setting)] for line in lines for draft in parser.feed(line).drafts
    ]
    drafts: list[Draft] = []
    for count in range(1, len(lines)):
        parser = source.parser(setting)
        drafts = [draft for line in lines[:count] for draft in parser.feed(line).drafts]
        if drafts != whole[: len(drafts)]:
            raise FixtureMismatchError(
                f"{transcript.path}: its first {count} lines give other drafts before the rest than after it"
            )


class _NoPrices:
    """What things cost changes; what a source reads does not."""

    price_version = ""

    def __call__(self, model: str | None, tokens: Tokens, ts: int | None, agent: str, /) -> int | None:
        del model, tokens, ts, agent
        return None

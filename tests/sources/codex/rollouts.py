"""Shared by the tests of this folder: rollouts from inline rows, and a ledger of our own."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from reenact.events.bodies import SessionStarted, UsageRecorded
from reenact.sources import Draft, Line, Parsed, Setting, Transcript
from reenact.sources.codex import SOURCE

CATEGORIES = ("input", "cache_read", "cache_write", "output", "reasoning")


def lines_of(data: bytes, layout: str = "lines") -> Iterator[Line]:
    """Yields the lines of a file as an import cuts them."""
    if layout == "document":
        yield Line(number=1, offset=0, length=len(data), data=data)
        return
    offset = 0
    for number, raw in enumerate(data.splitlines(keepends=True), 1):
        ended = raw.endswith(b"\n")
        yield Line(
            number=number, offset=offset, length=len(raw), data=raw.removesuffix(b"\n"), terminated=ended
        )
        offset += len(raw)


def parse(
    lines: Iterable[Line], *, key: str = "thread", hints: Mapping[str, str] | None = None
) -> list[Parsed]:
    parser = SOURCE.parser(Setting(agent="codex", key=key, hints=hints or {}))
    return [parser.feed(line) for line in lines]


def parse_rows(
    rows: Sequence[Any], *, key: str = "thread", hints: Mapping[str, str] | None = None
) -> list[Parsed]:
    data = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    return parse(lines_of(data), key=key, hints=hints or {})


def drafts_of(parsed: Iterable[Parsed]) -> list[Draft]:
    return [draft for each in parsed for draft in each.drafts]


def bodies_of(parsed: Iterable[Parsed], kind: type[Any]) -> list[Any]:
    return [draft.body for draft in drafts_of(parsed) if isinstance(draft.body, kind)]


def read(transcript: Transcript) -> list[Parsed]:
    """Parses a transcript as it lies on disk."""
    data = Path(transcript.path).read_bytes()
    lines = lines_of(data, transcript.layout)
    return parse(lines, key=transcript.key, hints=transcript.hints)


def ledger(drafts: Iterable[Draft]) -> dict[str, dict[str, int]]:
    """Gives each session's sums, every response once: at the earliest session that has its key.

    Written for the tests alone; it shares nothing with `usage`.
    """
    started: dict[str, tuple[int, str]] = {}
    held: dict[str, dict[str, UsageRecorded]] = {}
    for draft in drafts:
        if isinstance(draft.body, SessionStarted):
            started[draft.session] = (sys.maxsize if draft.ts is None else draft.ts, draft.session)
        if isinstance(draft.body, UsageRecorded):
            held.setdefault(draft.body.key, {})[draft.session] = draft.body
    sums: dict[str, dict[str, int]] = {session: dict.fromkeys(CATEGORIES, 0) for session in started}
    for holders in held.values():
        owner = min(holders, key=lambda session: started[session])
        best = max(holders.values(), key=lambda body: body.tokens.output).tokens
        for name in CATEGORIES:
            sums[owner][name] += getattr(best, name) or 0
    return sums


def total(sums: Iterable[Mapping[str, int]]) -> dict[str, int]:
    result = dict.fromkeys(CATEGORIES, 0)
    for each in sums:
        for name in CATEGORIES:
            result[name] += each[name]
    return result

"""Exchanges rebuilt from rollouts against the requests and responses that went over the wire."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.corpus import CORPUS

from reenact.sources.codex import SOURCE, requests

from .comparing import comparable
from .rollouts import lines_of

SCENARIOS = [
    path
    for path in sorted(CORPUS.glob("generated/codex-*/**/wire"))
    if (path / "001.req.json").is_file() and "migrate" not in str(path)
]

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus lies beside the checkout"),
]


def asked(folder: Path) -> Iterator[tuple[str, list[Any], str]]:
    """Yields (thread, input items, response id) of each answered request on the wire."""
    for path in sorted(folder.glob("*.req.json")):
        request = json.loads(path.read_text())
        body = request["body"] if isinstance(request["body"], dict) else json.loads(request["body"])
        response = json.loads(path.with_name(path.name.replace("req", "resp")).read_text())["body"]
        if "response.completed" not in response:
            continue
        headers = {name.lower(): value for name, value in request["headers"]}
        names = ("thread-id", "session_id", "conversation_id")
        thread = next(headers[name] for name in names if name in headers)
        done = next(
            json.loads(line[6:])
            for line in response.splitlines()
            if line.startswith("data: ") and '"response.completed"' in line
        )
        yield thread, body["input"], done["response"]["id"]


def rebuilt(log: Path) -> dict[str, list[requests.Exchange]]:
    places = {each.key: Path(each.path).read_bytes() for each in SOURCE.transcripts(str(log))}
    found = {}
    for key, data in places.items():
        first = json.loads(data.splitlines()[0])["payload"]
        base = first.get("history_base")
        past: tuple[dict[str, Any], ...] = ()
        if base is not None:
            parent = places[base["thread_id"]]
            past = requests.history(lines_of(parent), end_ordinal=base["end_ordinal_exclusive"])
        found[key] = list(requests.rebuild(lines_of(data), past=past))
    return found


@pytest.mark.parametrize("wire", SCENARIOS, ids=lambda path: "/".join(path.parts[-3:-1]))
def test_every_request_is_rebuilt_as_it_was_sent(wire: Path) -> None:
    exchanges = rebuilt(wire.parent / "log")
    left = {key: list(each) for key, each in exchanges.items()}
    for thread, sent, response in asked(wire):
        exchange = next_of(left, thread, response)
        given = [item for item in sent if not is_base(item, exchange.instructions)]
        if exchange.purpose == "compact":
            given = given[:-1]
        assert comparable(exchange.input) == comparable(given)
        if exchange.response is not None:
            assert exchange.response == response


def next_of(left: dict[str, list[requests.Exchange]], thread: str, response: str) -> requests.Exchange:
    mine = left[thread]
    named = [each for each in mine if each.response == response]
    if named:
        mine.remove(named[0])
        return named[0]
    return mine.pop(0)


def is_base(item: dict[str, Any], instructions: str | None) -> bool:
    """Tells the base instructions: sent with a line more or less than the log holds."""
    if item.get("role") != "developer":
        return False
    said: str = item["content"][0]["text"]
    return said[:500] == (instructions or "")[:500]

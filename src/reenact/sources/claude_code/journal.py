"""The request journal while a transcript is read: which messages of a request the log still holds.

The same walk serves two readers: the parser only asks whether a hash is known, `requests` wants the
messages themselves. `keep` is told of every message under its hash.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from reenact.events.blocks import RequestRef
from reenact.sources.claude_code.records import Row, items, number, table, text
from reenact.wire.anthropic import journal

_MAX_TEXTS = 16

Keep = Callable[[str, dict[str, Any]], None]
_TAG = "sha256:"
_FIRST_VERSION = (2, 1, 150)
"""The journal came with a version after this one; before it nothing needs hashing."""
_UNHASHED = 4 * 1024 * 1024
"""Bytes of a transcript for which messages wait unhashed: most transcripts never name one by its hash."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is remembered of a request: how long it was and which of its messages are gone."""

    length: int
    gone: tuple[tuple[int, str], ...] = ()


class Journal:
    """Follows the messages of a transcript and the requests that name them by hash."""

    def __init__(self, keep: Keep | None = None) -> None:
        self._keep = keep
        self.known: set[str] = set()
        self.shapes: dict[str, bool] = {}
        """Hash of a shape → whether the logged shape has that hash."""
        self.tools: dict[str, int] = {}
        """Hash of a shape → how many tools it has."""
        self.requests: dict[str, Request] = {}
        self.read = 0
        """Bytes of the transcript that were read."""
        self._waiting: list[dict[str, Any]] | None = [] if keep is None else None
        """Messages not hashed yet; None from the first request on, or when they become much."""
        self._is_on = False
        self._versions: dict[str, bool] = {}
        self._message: str | None = None
        self._answer: list[Any] = []
        self._order: list[str] = []
        self._results: list[dict[str, Any]] = []
        self._said: list[Any] = []

    def wants(self, row: Row) -> bool:
        """Tells whether rows of this version may be named by a journal."""
        version = row.version
        if not self._is_on and isinstance(version, str):
            if version not in self._versions:
                self._versions[version] = _is_new(version)
            self._is_on = self._versions[version]
        return self._is_on

    # -- messages that have rows ----------------------------------------------------------------

    def answered(self, message: str, content: list[Any]) -> None:
        """Takes the blocks of one assistant row."""
        if message != self._message:
            self.close()
            self._message = message
        self._answer.extend(content)
        self._order.extend(block["id"] for block in map(table, content) if text(block.get("id")))

    def said(self, content: Any) -> None:
        """Takes the content of one user row."""
        results = [block for block in items(content) if table(block).get("type") == "tool_result"]
        if results:
            self._results.extend(results)
        else:
            self._said.append(content)

    def close(self) -> None:
        """Names the messages that are whole: the answer, the results beside it, each prompt."""
        if self._waiting is not None:
            self._waiting.extend(self._usual())
            if self.read > _UNHASHED:
                self._hash()
        else:
            for message in self._usual():
                self._add(message)
        self._forget()

    def _hash(self) -> None:
        """Hashes what waits; from now on every message is hashed when it is whole."""
        waiting, self._waiting = self._waiting or (), None
        for message in waiting:
            self._add(message)

    def _usual(self) -> Iterable[dict[str, Any]]:
        if self._answer:
            yield {"role": "assistant", "content": self._answer}
        if self._results:
            yield {"role": "user", "content": self._results}
        for content in self._said:
            yield {"role": "user", "content": content}

    def _unusual(self) -> Iterable[dict[str, Any]]:
        """Gives other forms in which results and prompts go out: in the order of the calls, together."""
        places = {call: place for place, call in enumerate(self._order)}
        last = len(places)
        ordered = sorted(self._results, key=lambda block: places.get(str(block.get("tool_use_id")), last))
        texts = [block for content in self._said for block in _blocks(content)]
        for results in (ordered, self._results):
            yield {"role": "user", "content": results}
            for end in range(1, min(len(texts), _MAX_TEXTS) + 1):
                yield {"role": "user", "content": [*results, *texts[:end]]}

    def _forget(self) -> None:
        self._message, self._answer, self._order = None, [], []
        self._results, self._said = [], []

    def _add(self, message: dict[str, Any]) -> str:
        name = journal.message_hash(message)
        self.known.add(name)
        if self._keep is not None:
            self._keep(name, message)
        return name

    # -- rows of the journal --------------------------------------------------------------------

    def blob(self, row: Row) -> bool:
        """Takes a logged message; tells whether it has the hash that it is logged under."""
        message, name = row.message, text(row.hash)
        if not isinstance(message, dict) or name is None:
            return False
        if name not in journal.candidate_hashes(message):
            return False
        self.known.add(name)
        if self._keep is not None:
            self._keep(name, message)
        return True

    def shape(self, row: Row) -> bool:
        """Takes a logged shape; tells whether it has the hash that it is logged under."""
        shape, name = row.shape, text(row.shape_hash)
        if not isinstance(shape, dict) or name is None:
            return False
        if name not in self.shapes:
            self.shapes[name] = journal.shape_hash(shape) == name
            self.tools[name] = len(items(shape.get("tools")))
        return self.shapes[name]

    def request(self, row: Row) -> tuple[RequestRef, int]:
        """Takes a request; gives its reference and its number of messages."""
        self._is_on = True
        self._hash()
        tail = [name for name in items(row.tail) if isinstance(name, str)]
        wanted = {name for name in tail if name not in self.known}
        self._resolve(wanted)
        base = text(row.base)
        keep = number(row.keep) or 0
        gone: list[tuple[int, str]] = []
        start = 0
        if base is not None and (earlier := self.requests.get(base)) is not None:
            start = min(keep, earlier.length)
            gone.extend((place, name) for place, name in earlier.gone if place < start)
        elif keep:
            start = keep
        gone.extend((start + place, name) for place, name in enumerate(tail) if name in wanted)
        if (identity := text(row.id)) is not None:
            self.requests[identity] = Request(length=start + len(tail), gone=tuple(gone))
        shape = text(row.shape_hash)
        unresolved = [name for _, name in gone]
        if shape is not None and not self.shapes.get(shape, False):
            unresolved.insert(0, shape)
        if base is not None and base not in self.requests:
            unresolved.insert(0, base)
        reference = RequestRef(
            shape=_TAG + shape if shape else None,
            messages=tuple(_TAG + name for name in tail),
            base=base,
            keep=keep,
            unresolved=tuple(dict.fromkeys(_TAG + name for name in unresolved)),
        )
        return reference, start + len(tail)

    def _resolve(self, wanted: set[str]) -> None:
        """Strikes from `wanted` what the rows since the last request can be."""
        for message in self._usual():
            wanted.discard(self._add(message))
        if wanted:
            for message in self._unusual():
                name = journal.message_hash(message)
                if name in wanted:
                    wanted.discard(self._add(message))
        self._forget()


def _blocks(content: Any) -> list[Any]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else items(content)


def _is_new(version: str) -> bool:
    parts = version.split("-", maxsplit=1)[0].split(".")
    try:
        return tuple(int(part) for part in parts[:3]) > _FIRST_VERSION
    except ValueError:
        return True

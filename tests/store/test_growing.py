"""A file that its agent adds to just while it is kept: what is kept is a beginning of it, never with a hole."""

from __future__ import annotations

import io
from contextlib import closing
from pathlib import Path

import pytest
from tests.store.builders import FlatPricer, keep, key, place

from reenact.clock import ManualClock
from reenact.store import compare, extend, manifest, open_store, originals

CHUNK = 64


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (compare, extend, manifest, originals):
        monkeypatch.setattr(module, "CHUNK", CHUNK, raising=False)
    monkeypatch.setattr(extend, "FRAME", CHUNK)


class Growing(io.BytesIO):
    """Content that is added to when its end was reached."""

    def __init__(self, data: bytes, added: bytes) -> None:
        super().__init__(data)
        self._added = added

    def read(self, size: int | None = -1) -> bytes:
        found = super().read(size)
        if not found and self._added:
            position = self.tell()
            self.write(self._added)
            self.seek(position)
            self._added = b""
        return found


@pytest.mark.parametrize("size", [10, CHUNK - 1, CHUNK, CHUNK + 10, 2 * CHUNK + 7])
@pytest.mark.parametrize("begun", [0, 5, CHUNK, CHUNK + 3])
@pytest.mark.parametrize("added", [1, CHUNK - 10, CHUNK + 5, 3 * CHUNK])
def test_what_grows_while_it_is_kept_is_kept_as_a_beginning(
    tmp_path: Path, size: int, begun: int, added: int
) -> None:
    whole = bytes(number % 251 for number in range(size + 2 * added))
    with closing(open_store(tmp_path, clock=ManualClock(), pricer=FlatPricer())) as store:
        name = key("one").id
        if begun:
            keep(store, "one", whole[: min(begun, size)])
        for end in (size, size + added):
            content = Growing(whole[:end], whole[end : end + added])
            store.keep(key("one"), content, place=place("/logs/one.jsonl", whole[:end]))
            with closing(store.open_original(name, 1)) as stream:
                kept = stream.read()
            assert whole.startswith(kept)
            assert len(kept) >= end
        keep(store, "one", whole)
        original = store.original(name)
        assert original is not None
        assert [generation.length for generation in original.generations] == [len(whole)]
        with closing(store.open_original(name, 1)) as stream:
            assert stream.read() == whole

"""One shard of the text index, written by two processes in turn."""

from __future__ import annotations

from pathlib import Path

import pytest

from reenact.store.text_shard import Entry, Shard


def entry(seq: int, part: int = 5) -> Entry:
    return Entry(part=part, seq=seq, moment=seq, text="said", file="", command="", fields=(("tool", "Bash"),))


def test_what_another_process_dropped_is_told_again(tmp_path: Path) -> None:
    path = tmp_path / "text-0.db"
    mine = Shard.create(path, 0, "index")
    with mine.writing():
        mine.add([entry(1)])
    theirs = Shard(path, 0)
    with theirs.writing():
        theirs.drop(5)
    assert mine.counts("tool") == []
    with mine.writing():
        mine.add([entry(2)])
    assert mine.counts("tool") == theirs.counts("tool") == [("Bash", 1)]
    mine.close()
    theirs.close()


def cut_short(shard: Shard) -> None:
    with shard.writing():
        shard.add([entry(1)])
        shard.add([entry(2), None])  # type: ignore[list-item]


def test_what_was_rolled_back_is_told_again(tmp_path: Path) -> None:
    shard = Shard.create(tmp_path / "text-0.db", 0, "index")
    with pytest.raises(AttributeError):
        cut_short(shard)
    with shard.writing():
        shard.add([entry(1), entry(2), entry(3, part=6)])
    assert shard.counts("tool") == [("Bash", 2)]
    assert shard.rows == 3
    shard.close()

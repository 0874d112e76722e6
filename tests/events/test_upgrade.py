from __future__ import annotations

from typing import Any

import pytest

from reenact.errors import CorruptRecordError
from reenact.events import FORMAT
from reenact.events.upgrade import STEPS, Step, upgrade

Raw = dict[str, Any]


def rename(record: Raw) -> Raw:
    return {**record, "text": record["txt"]}


def double(record: Raw) -> Raw:
    return {**record, "text": record["text"] * 2}


STEPS_OF_OURS: dict[int, Step] = {1: rename, 2: double}


def test_a_record_takes_every_step_from_its_version_on() -> None:
    assert upgrade({"v": 1, "txt": "a"}, steps=STEPS_OF_OURS, target=3)["text"] == "aa"
    assert upgrade({"v": 2, "text": "a"}, steps=STEPS_OF_OURS, target=3) == {"v": 3, "text": "aa"}
    assert upgrade({"v": 1, "txt": "a"}, steps=STEPS_OF_OURS, target=2) == {"v": 2, "txt": "a", "text": "a"}


@pytest.mark.parametrize("version", [3, 4, 99])
def test_a_record_of_this_version_or_a_newer_one_passes_unchanged(version: int) -> None:
    record = {"v": version, "text": "a"}
    assert upgrade(record, steps=STEPS_OF_OURS, target=3) is record


@pytest.mark.parametrize("version", [0, -1, None, "1", 1.0, []])
def test_a_version_from_which_no_step_leads_is_refused(version: object) -> None:
    with pytest.raises(CorruptRecordError, match="format"):
        upgrade({"v": version}, steps=STEPS_OF_OURS, target=3)
    with pytest.raises(CorruptRecordError, match="no format version"):
        upgrade({}, steps=STEPS_OF_OURS, target=3)


def test_every_older_version_has_its_step() -> None:
    assert sorted(STEPS) == list(range(1, FORMAT))

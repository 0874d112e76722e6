"""Old formats load for ever: a chain of steps, each from one version to the next.

A change of the stored format adds one step here and one kept file under `tests/data/formats/`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reenact.errors import CorruptRecordError
from reenact.events.envelope import FORMAT

Step = Callable[[dict[str, Any]], dict[str, Any]]

STEPS: Mapping[int, Step] = {}
"""From version → the step that lifts a record of that version to the next one."""


def upgrade(
    record: dict[str, Any], *, steps: Mapping[int, Step] = STEPS, target: int = FORMAT
) -> dict[str, Any]:
    """Gives the record as version `target` writes it; records of that version or newer pass unchanged.

    Raises:
        CorruptRecordError: the record has no version, or one that no step starts from.
    """
    version = record.get("v")
    if not isinstance(version, int):
        raise CorruptRecordError("record", "it has no format version")
    while version < target:
        step = steps.get(version)
        if step is None:
            raise CorruptRecordError("record", f"nothing upgrades format {version}")
        record = step(record)
        version += 1
        record["v"] = version
    return record

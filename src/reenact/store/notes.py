"""Tags and notes beside recordings: how they come to what a session's own events say of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from reenact.store.values import Annotation, SessionRow

Annotations = Mapping[str, Sequence[Annotation]]
"""Session → what was noted of it, in order."""


def tagged(tags: Iterable[str], annotations: Sequence[Annotation]) -> tuple[str, ...]:
    """Gives a session's tags, those of its events and then those put on and taken off since."""
    found = set(tags)
    for annotation in annotations:
        found = (found | set(annotation.add)) - set(annotation.remove)
    return tuple(sorted(found))


def with_tags(rows: Sequence[SessionRow], annotations: Annotations) -> list[SessionRow]:
    """Gives rows with all tags that they have."""
    if not annotations:
        return list(rows)
    return [
        row
        if not (told := annotations.get(row.id))
        else msgspec.structs.replace(row, tags=tagged(row.tags, told))
        for row in rows
    ]

"""A recorded request, put together again from the parts the recorder keeps once each.

The shape is the body without its messages, each message is a payload of its own, and a request
names only the messages it adds to an earlier one of its lane.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from reenact.events.blocks import RequestRef
from reenact.replay.model import Value
from reenact.wire.canonical import Json

Values = Callable[[str], Json]
"""Gives the decoded payload that goes by a name; raises LookupError, OSError or ValueError without it."""


class Loaded(Value, frozen=True, kw_only=True):
    """A request from the archive. `body` is None where its shape or part of its history is gone."""

    body: Json = None
    names: tuple[str, ...] = ()
    """The names of all its messages, for the requests that build on it."""
    unresolved: tuple[str, ...] = ()
    defect: str | None = None


def load_request(ref: RequestRef, values: Values, earlier: Mapping[str, Sequence[str]]) -> Loaded:
    """Gives a stored request back; `earlier` holds the message names of the exchanges before it."""
    names = ref.messages
    defect = None
    if ref.base is not None:
        before = earlier.get(ref.base, ())
        names = (*before[: ref.keep], *ref.messages)
        if len(before) < ref.keep:
            defect = f"it builds on {ref.keep} messages of exchange {ref.base}, which are not there"
    if ref.shape is None:
        return Loaded(names=names, unresolved=ref.unresolved, defect=defect or "its shape is not stored")
    missing = list(ref.unresolved)
    shape = _get(values, ref.shape, missing)
    messages = [_get(values, name, missing) for name in names]
    body: Json = shape
    if isinstance(shape, dict) and (names or ref.field not in shape):
        body = {**shape, ref.field: messages}
    return Loaded(
        body=None if missing or defect else body, names=names, unresolved=tuple(missing), defect=defect
    )


def _get(values: Values, name: str, missing: list[str]) -> Json:
    try:
        return values(name)
    except (LookupError, OSError, ValueError):
        missing.append(name)
        return None

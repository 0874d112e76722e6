"""Turning a recorded answer into one for the actual run: its paths, dates, commits and ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reenact.wire.declared import Declared, Entry, Form, Substitution, forms
from reenact.wire.leaves import map_leaves, map_literals, opened

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reenact.wire.canonical import Json

_CUT_SLUG = 200


class Mapper:
    """Replaces recorded values by actual ones. `is_identity` tells that nothing would change."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        """Takes what to replace; use `mapper` to make one of two runs."""
        self.is_identity = not entries
        self._change = opened(Substitution(entries))

    def text(self, text: str) -> str:
        """Maps a decoded string; JSON held in it is opened."""
        return text if self.is_identity else self._change(text)

    def json_text(self, text: str) -> str:
        """Maps the strings of JSON text, also of text that breaks off; all else stays as written."""
        return text if self.is_identity else map_literals(text, self._change)

    def value(self, value: Json) -> Json:
        """Maps every string of a value."""
        return value if self.is_identity else map_leaves(value, self._change)


def mapper(
    recorded: Declared | Sequence[Declared], actual: Declared, *, ids: Mapping[str, str] | None = None
) -> Mapper:
    """Makes the mapper from a recording to an actual run.

    Args:
        recorded: what the recording declares; several where several runs made it, the latest first.
        actual: what the actual run declares; a value that only one side declares is left alone.
        ids: recorded → actual ids, learned from matched pairs (`pair_ids`).
    """
    entries = [
        Entry(form=Form(name="id", text=old, kind="id"), replace=new)
        for old, new in (ids or {}).items()
        if old and old != new
    ]
    for one in (recorded,) if isinstance(recorded, Declared) else recorded:
        entries += _entries(one, actual)
    return Mapper(entries)


def _entries(recorded: Declared, actual: Declared) -> list[Entry]:
    there = {form.name: form for form in forms(actual)}
    entries: list[Entry] = []
    for old, new in zip(recorded.sessions, actual.sessions, strict=False):
        if old and old != new:
            entries.append(Entry(form=Form(name="session", text=old, kind="id"), replace=new))
    for form in forms(recorded):
        other = there.get(form.name)
        if other is None or other.text == form.text or _is_cut(form) or _is_cut(other):
            continue
        entries.append(Entry(form=form, replace=_as_long(other.text) if form.kind == "head" else other.text))
    return entries


def pair_ids(recorded: Sequence[str], actual: Sequence[str]) -> dict[str, str]:
    """Gives recorded → actual for the ids of a matched pair, both in order of first use."""
    return {old: new for old, new in zip(recorded, actual, strict=False) if old != new}


def _as_long(head: str) -> Callable[[str], str]:
    """Gives a commit's name with as many digits as the recorded one had."""
    return lambda found: head[: len(found)]


def _is_cut(form: Form) -> bool:
    # The hash behind a cut slug cannot be computed here, so such a slug has no counterpart.
    return form.kind == "slug" and len(form.text) >= _CUT_SLUG

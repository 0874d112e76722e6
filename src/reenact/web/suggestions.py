"""What may follow in the search box: fields, then their values, the most frequent first."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, get_args

from reenact.query import Asked, FieldName
from reenact.store import Filter
from reenact.web.views import Suggestion, Suggestions

if TYPE_CHECKING:
    from reenact.web.desk import Reading

MOST = 20
_LATEST = 2_000
_FIELDS = (*get_args(FieldName), "since", "until", "cost", "tokens", "is")
_DATES = ("today", "yesterday", '"1 hour ago"', '"7 days ago"', '"30 days ago"')
_FIXED: dict[str, tuple[str, ...]] = {
    "since": _DATES,
    "until": _DATES,
    "cost": (">0.10", ">1", ">10", "<0.10"),
    "tokens": (">10k", ">100k", ">1m"),
    "is": get_args(Asked),
}


def suggestions(reading: Reading, field: str, prefix: str) -> Suggestions:
    """Gives the values of a field that begin so; without a field the fields themselves."""
    prefix = prefix.strip('"').lower()
    field = field.lower().rstrip(":")
    if field not in _FIELDS:
        names = [
            Suggestion(value=f"{name}:", count=0) for name in _FIELDS if name.startswith(field or prefix)
        ]
        return Suggestions(field="", values=tuple(names))
    if field in _FIXED:
        fixed = [value for value in _FIXED[field] if value.startswith(prefix)]
        return Suggestions(field=field, values=tuple(Suggestion(value=value, count=0) for value in fixed))
    counts = _tags(reading) if field == "tag" else reading.archive.store.values(field)
    scrub = reading.archive.guard.text
    fitting = sorted(
        ((text, count) for text, count in counts.items() if prefix in text.lower()),
        key=lambda pair: (not pair[0].lower().startswith(prefix), -pair[1], pair[0]),
    )
    return Suggestions(
        field=field,
        values=tuple(Suggestion(value=quoted(scrub(text)), count=count) for text, count in fitting[:MOST]),
    )


def _tags(reading: Reading) -> dict[str, int]:
    """Gives the tags that people put on, as far as the latest sessions have any."""
    rows = reading.archive.store.sessions(Filter(hidden=False, limit=_LATEST))
    return dict(Counter(tag for row in rows for tag in row.tags))


def quoted(text: str) -> str:
    """Gives a value as the query language takes it."""
    clean = text.replace('"', " ")
    return f'"{clean}"' if any(sign.isspace() or sign in "()" for sign in clean) else clean

"""Values that a run brings along: where it ran, when, under which ids; and how texts write them.

A recording and its replay declare them. For comparing, each is replaced by a placeholder; for
answering, the recorded one is replaced by the actual one. Both replacements share one pass over
a text, longest value first, and only where the value stands as a whole: a path may be followed by
`/` or by the end of a sentence, not by `-2` or `.bak`.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Callable, Iterable
from typing import Literal

import msgspec

Kind = Literal["path", "slug", "word", "head", "id"]

_LETTER = "[A-Za-z0-9_]"
_BEFORE = {"path": r"[\w.~-]", "slug": "[A-Za-z0-9]", "word": r"\w", "head": r"\w", "id": _LETTER}
_AFTER = {"path": r"\.?[\w-]", "slug": "[A-Za-z0-9-]", "word": r"\.?[\w-]", "head": r"\w", "id": _LETTER}
_SHORT_HEAD = 7
"""The least number of digits by which git names a commit."""
_LONGEST_SLUG = 200
"""Claude Code cuts longer slugs here and adds a hash."""
_LEAST_PARENT = 2
"""A parent with fewer parts (`/data`) is too common a text to stand for this run."""


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """A further value of a run under a name, for example a project name or a time zone."""

    name: str
    value: str
    kind: Kind = "word"


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """What one run declares about itself. Paths are absolute; dates are ISO (`2026-11-21`).

    `sessions` and other ids are not replaced by placeholders but renamed by first use, so that an
    id declared on one side only does no harm.
    """

    cwd: str | None = None
    home: str | None = None
    temp: str | None = None
    dates: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()
    git_heads: tuple[str, ...] = ()
    further: tuple[Named, ...] = ()


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """One way in which a text writes a declared value. Equal names on both sides belong together."""

    name: str
    text: str
    kind: Kind


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A form and what stands in its place; what is found decides where `replace` is a function."""

    form: Form
    replace: str | Callable[[str], str]


def forms(declared: Declared) -> tuple[Form, ...]:
    """Gives every form of every declared value, the more telling name first where two are equal."""
    found: list[Form] = []
    cwd, home, temp = (_path(value) for value in (declared.cwd, declared.home, declared.temp))
    for name, value in (("cwd", cwd), ("home", home), ("temp", temp)):
        if value is not None:
            found.append(Form(name=name, text=value, kind="path"))
    if cwd is not None:
        found.append(Form(name="cwd-slug", text=slug(cwd), kind="slug"))
        found += _parents(cwd, home)
    for index, date in enumerate(declared.dates):
        found += _date_forms(f"date-{index}", date)
    for index, head in enumerate(declared.git_heads):
        if len(head) >= _SHORT_HEAD:
            found.append(Form(name=f"git-{index}", text=head, kind="head"))
    found += [
        Form(name=item.name, text=item.value, kind=item.kind) for item in declared.further if item.value
    ]
    return tuple({form.text: form for form in reversed(found) if form.text}.values())[::-1]


def slug(path: str) -> str:
    """Gives the name that Claude Code makes of a path: everything but letters and digits is `-`.

    Of a slug of more than 200 characters only the part without the hash is given.
    """
    return re.sub(r"[^a-zA-Z0-9]", "-", path)[:_LONGEST_SLUG]


def ambiguities(recorded: Declared, actual: Declared) -> tuple[str, ...]:
    """Names the values that cannot be told apart on one side but differ on the other.

    An answer that holds such a value could mean either; ask for an explicit mapping.
    """
    pairs = [("cwd", recorded.cwd, actual.cwd), ("home", recorded.home, actual.home)]
    pairs.append(("temp", recorded.temp, actual.temp))
    found: list[str] = []
    for (name, here, there), (other, same, another) in itertools.combinations(pairs, 2):
        if here is not None and here == same and there != another:
            found.append(f"recorded {name} and {other} are both {here}; in the actual run they differ")
        if there is not None and there == another and here != same:
            found.append(f"actual {name} and {other} are both {there}; in the recording they differ")
    return tuple(found)


class Substitution:
    """Replaces whole occurrences of many values in one pass, the longest first."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        """Takes the entries in order of precedence: of two for one text the first counts."""
        self._by_text: dict[str, Entry] = {}
        for entry in entries:
            self._by_text.setdefault(entry.form.text, entry)
        ordered = sorted(self._by_text.values(), key=lambda entry: -len(entry.form.text))
        self._hints = tuple(_hint(entry.form) for entry in ordered)
        self._pattern = re.compile("|".join(map(_expression, ordered))) if ordered else None

    def __call__(self, text: str) -> str:
        """Gives the text with every value replaced; the same text where there is none."""
        if self._pattern is None or not any(hint in text for hint in self._hints):
            return text
        return self._pattern.sub(self._replace, text)

    def _replace(self, match: re.Match[str]) -> str:
        found = match.group()
        entry = self._by_text.get(found) or self._by_part(found)
        if entry is None:
            return found
        return entry.replace if isinstance(entry.replace, str) else entry.replace(found)

    def _by_part(self, found: str) -> Entry | None:
        """Finds the commit that is named by its first digits, or the slug that has a hash behind it."""
        for text, entry in self._by_text.items():
            if entry.form.kind == "head" and text.startswith(found):
                return entry
            if entry.form.kind == "slug" and found.startswith(text):
                return entry
        return None


def _expression(entry: Entry) -> str:
    # The boundary before comes after the literal, so that the search can look for first letters.
    form = entry.form
    before, after = _BEFORE[form.kind], _AFTER[form.kind]
    if form.kind == "head":
        literal = re.escape(form.text[:_SHORT_HEAD])
        return rf"{literal}(?<!{before}{literal})[0-9a-f]*(?!{after})"
    literal = re.escape(form.text)
    if form.kind == "path":  # `-I/path` is the one letter that may touch a path
        return rf"{literal}(?:(?<!{before}{literal})|(?<=\s-[A-Z]{literal}))(?!{after})"
    if form.kind == "slug" and len(form.text) == _LONGEST_SLUG:
        return rf"{literal}(?<!{before}{literal})(?:-[0-9a-z]+)?(?!{after})"
    return rf"{literal}(?<!{before}{literal})(?!{after})"


def _hint(form: Form) -> str:
    return form.text[:_SHORT_HEAD] if form.kind == "head" else form.text


def _path(value: str | None) -> str | None:
    """Gives a path without its last slash; None for what is no path of its own (`/`, relative)."""
    if value is None or not value.startswith("/"):
        return None
    return value.rstrip("/") or None


def _parents(cwd: str, home: str | None) -> list[Form]:
    found: list[Form] = []
    path = cwd
    for level in range(1, cwd.count("/")):
        path = path.rpartition("/")[0]
        if path.count("/") < _LEAST_PARENT or (home is not None and f"{home}/".startswith(f"{path}/")):
            break
        found.append(Form(name=f"cwd-up-{level}", text=path, kind="path"))
    return found


_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip


def _date_forms(name: str, iso: str) -> list[Form]:
    """Gives the forms of a date that agents put into prompts, in English whatever the locale here."""
    try:
        date = dt.date.fromisoformat(iso)
    except ValueError:
        return []
    day, month = _DAYS[date.weekday()], _MONTHS[date.month - 1]
    texts = {
        "iso": date.isoformat(),
        "long": f"{day}, {month} {date.day}, {date.year}",
        "js": f"{day[:3]} {month[:3]} {date.day:02} {date.year}",
        "plain": f"{month} {date.day}, {date.year}",
        "short": f"{month[:3]} {date.day}, {date.year}",
        "slashes": f"{date.year}/{date.month:02}/{date.day:02}",
        "american": f"{date.month}/{date.day}/{date.year}",
        "month": f"{month} {date.year}",
    }
    return [Form(name=f"{name}-{form}", text=text, kind="word") for form, text in texts.items()]

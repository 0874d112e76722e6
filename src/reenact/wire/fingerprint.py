"""Fingerprints of a request, from its parts, with a memory for parts seen before.

- fp0: every field as it was sent, but for transport;
- fp1: the common form (`normalise`), what two runs of one thing share;
- fp2: fp1 with the output of tools masked, the skeleton.

An agent sends its whole history with every request. So each part has a form of its own, with ids
numbered within it; a request joins the forms and numbers the ids over all of them. What is known
by its bytes is not decoded again.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

import msgspec

from reenact.wire.canonical import ALGORITHM, encode

if TYPE_CHECKING:
    from reenact.wire.canonical import Json
    from reenact.wire.normalise import NormalForm, Normaliser


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a request as bytes; `kind` tells the dialect how to read it."""

    kind: str
    raw: msgspec.Raw | bytes
    digest: bytes | None = None
    """The SHA-256 of `raw` where it is known."""


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """A request taken apart, in the order in which ids count as used."""

    heads: tuple[Part, ...]
    """What comes before the messages: system, tools."""
    messages: tuple[Part, ...]
    params: Part


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """What a dialect makes of a part: what was sent, and what of it counts."""

    exact: Json
    value: Json
    skeleton: Json = None
    """The value with the output of tools masked; None where that is the value itself."""


_Key = TypeVar("_Key")
_Value = TypeVar("_Value")
Prepare = Callable[[Part], Prepared]


class Fingerprint(msgspec.Struct, frozen=True, kw_only=True):
    """The fingerprints of one request.

    `chain[k]` stands for everything before message `k` (system and tools, not the parameters): two
    requests agree on their first `k` messages exactly when their `chain[k]` are equal.
    """

    fp0: str
    fp1: str
    fp2: str
    params: bytes
    """The digest of the parameters, the model among them."""
    messages: tuple[bytes, ...]
    chain: tuple[bytes, ...]
    ids: tuple[str, ...]
    """Ids in order of first use: the n-th of one run is the n-th of the other where fp1 is equal."""
    skeleton_ids: tuple[str, ...]
    """The same for fp2."""


class Cache:
    """Remembers what parts look like. One per process will do; it is not shared between threads."""

    def __init__(self, *, limit: int = 20_000) -> None:
        """`limit` is the number of parts that are kept per normaliser; the oldest are forgotten."""
        self.limit = limit
        self._tables: dict[str, _Table] = {}

    def table(self, normaliser: Normaliser) -> _Table:
        """Gives the memory for one normaliser."""
        table = self._tables.get(normaliser.key)
        if table is None:
            table = self._tables[normaliser.key] = _Table(normaliser, self.limit)
        return table


class _Form:
    """A part's digest with ids numbered within it, and its digests by their numbers in a request."""

    __slots__ = ("digest", "ids", "numbered")

    def __init__(self, form: NormalForm) -> None:
        self.digest = hashlib.sha256(form.data).digest()
        self.ids = form.ids
        self.numbered: dict[tuple[int, ...], bytes] = {}

    def in_request(self, numbers: dict[str, int]) -> bytes:
        if not self.ids:
            return self.digest
        places = tuple([numbers.setdefault(name, len(numbers)) for name in self.ids])
        digest = self.numbered.get(places)
        if digest is None:
            digest = hashlib.sha256(self.digest + repr(places).encode()).digest()
            self.numbered[places] = digest
        return digest


class _Entry:
    """What is known of one part: its exact digest, the ids it mints, its forms."""

    __slots__ = ("exact", "forms", "found", "full", "known", "prepared", "skeleton")

    def __init__(self, prepared: Prepared, found: tuple[str, ...]) -> None:
        self.exact = hashlib.sha256(encode(prepared.exact)).digest()
        self.found = found
        self.prepared: Prepared | None = prepared
        """Only until the first form is there; a part is decoded again if it ever needs another."""
        self.known: frozenset[str] | None = None
        self.forms: dict[frozenset[str], tuple[_Form, _Form]] = {}
        self.full: _Form
        self.skeleton: _Form


class _Table:
    def __init__(self, normaliser: Normaliser, limit: int) -> None:
        self.normaliser = normaliser
        self.limit = limit
        self.entries: dict[tuple[str, bytes], _Entry] = {}
        self.links: dict[tuple[bytes, bytes], bytes] = {}
        self.known: dict[frozenset[str], frozenset[str]] = {}

    def entries_of(self, parts: Sequence[Part], prepare: Prepare) -> list[_Entry]:
        """Gives what is known of each part; new parts are read."""
        sha256, entries, found = hashlib.sha256, self.entries, []
        for part in parts:
            key = (part.kind, part.digest or sha256(part.raw).digest())
            entry = entries.get(key)
            if entry is None:
                prepared = prepare(part)
                entry = _Entry(prepared, self.normaliser.find_ids(prepared.value))
                _forget(entries, self.limit)
                entries[key] = entry
            found.append(entry)
        return found

    def known_ids(self, entries: Sequence[_Entry]) -> frozenset[str]:
        """Gives the ids that the parts mint, as one object per set, so that `is` tells a change."""
        known = frozenset(self.normaliser.sessions).union(*[entry.found for entry in entries if entry.found])
        _forget(self.known, self.limit)
        return self.known.setdefault(known, known)

    def settle(self, entry: _Entry, part: Part, prepare: Prepare, known: frozenset[str]) -> None:
        """Chooses the part's forms for the ids that are known in this request."""
        present = known
        if known:
            raw = bytes(part.raw)
            present = frozenset(name for name in known if _may_hold(raw, name))
        forms = entry.forms.get(present)
        if forms is None:
            prepared = entry.prepared or prepare(part)
            entry.prepared = None
            full = _Form(self.normaliser.form(prepared.value, present))
            masked = prepared.skeleton
            skeleton = full if masked is None else _Form(self.normaliser.form(masked, present))
            forms = entry.forms[present] = (full, skeleton)
        entry.full, entry.skeleton = forms
        entry.known = known

    def chain(self, before: bytes, digests: Sequence[bytes]) -> list[bytes]:
        """Gives `before` and what it becomes with every further digest."""
        links, chain = self.links, [before]
        for digest in digests:
            key = (before, digest)
            after = links.get(key)
            if after is None:
                _forget(links, 4 * self.limit)
                after = links[key] = hashlib.sha256(before + digest).digest()
            chain.append(after)
            before = after
        return chain


def fingerprint(
    parts: Parts, prepare: Prepare, normaliser: Normaliser, *, cache: Cache | None = None
) -> Fingerprint:
    """Computes a request's fingerprints from its parts.

    Args:
        parts: the request taken apart by its dialect.
        prepare: the dialect's reading of a part; asked only for parts that are new to the cache.
        normaliser: rules and declared values.
        cache: what is remembered between calls.
    """
    table = (cache or Cache()).table(normaliser)
    ordered = (*parts.heads, *parts.messages, parts.params)
    entries = table.entries_of(ordered, prepare)
    known = table.known_ids(entries)
    for entry, part in zip(entries, ordered, strict=True):
        if entry.known is not known:
            table.settle(entry, part, prepare, known)
    first, last = len(parts.heads), len(entries) - 1
    numbers: dict[str, int] = {}
    digests = [entry.full.in_request(numbers) for entry in entries]
    masked: dict[str, int] = {}
    skeletons = [entry.skeleton.in_request(masked) for entry in entries]
    chain = table.chain(b"", digests)
    exact = b"".join([entry.exact for entry in entries])
    return Fingerprint(
        fp0=_tagged(hashlib.sha256(exact).hexdigest()),
        fp1=_tagged(chain[-1].hex()),
        fp2=_tagged(table.chain(b"", skeletons)[-1].hex()),
        params=digests[last],
        messages=tuple(digests[first:last]),
        chain=tuple(chain[first : last + 1]),
        ids=tuple(numbers),
        skeleton_ids=tuple(masked),
    )


def shared_messages(one: Fingerprint, other: Fingerprint) -> int:
    """Gives how many messages two requests share from the start, -1 where system or tools differ."""
    low, high = -1, min(len(one.chain), len(other.chain)) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if one.chain[middle] == other.chain[middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _may_hold(raw: bytes, name: str) -> bool:
    """Tells whether JSON may hold a name: one that JSON can write in another way is taken as there."""
    is_plain = (
        name.isascii() and name.isprintable() and '"' not in name and "\\" not in name and "/" not in name
    )
    return not is_plain or name.encode() in raw


def _tagged(digest: str) -> str:
    return f"{ALGORITHM}:{digest}"


def _forget(remembered: dict[_Key, _Value], limit: int) -> None:
    """Makes room: forgets the oldest quarter once the limit is reached."""
    if len(remembered) >= limit:
        for key in list(itertools.islice(remembered, max(limit // 4, 1))):
            del remembered[key]

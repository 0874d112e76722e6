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
from reenact.wire.trail import agreeing, follow

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


class _Walk:
    """A request's way through a table, for the next one that begins the same."""

    __slots__ = ("entries", "full", "known", "names", "skeleton")

    def __init__(
        self, names: list[bytes], entries: list[_Entry], known: frozenset[str], full: _Line, skeleton: _Line
    ) -> None:
        self.names = names
        self.entries = entries
        self.known = known
        self.full = full
        self.skeleton = skeleton


class _Line:
    """The digests of a request's parts one after another, and the ids in order of first use."""

    __slots__ = ("chain", "counts", "digests", "ids")

    def __init__(
        self, digests: list[bytes], counts: list[int], ids: tuple[str, ...], chain: list[bytes]
    ) -> None:
        self.digests = digests
        self.counts = counts
        """How many ids were in use before each part."""
        self.ids = ids
        self.chain = chain

    def extended(self, same: int, forms: Sequence[_Form], table: _Table) -> _Line:
        """Gives the line with other parts behind its first `same` ones."""
        digests, counts = self.digests[:same], self.counts[:same]
        used = self.ids if same == len(self.counts) else self.ids[: self.counts[same]]
        numbers = {name: place for place, name in enumerate(used)}
        for form in forms:
            counts.append(len(numbers))
            digests.append(form.in_request(numbers))
        chain = self.chain[: same + 1]
        chain += table.chain(chain[-1], digests[same:])[1:]
        return _Line(digests, counts, tuple(numbers), chain)


_START = _Line([], [], (), [b""])


class _Table:
    def __init__(self, normaliser: Normaliser, limit: int) -> None:
        self.normaliser = normaliser
        self.limit = limit
        self.entries: dict[tuple[str, bytes], _Entry] = {}
        self.links: dict[tuple[bytes, bytes], bytes] = {}
        self.known: dict[frozenset[str], frozenset[str]] = {}
        self.walks: dict[bytes, _Walk] = {}
        self.latest: dict[str, tuple[bytes, bytes]] = {}

    def name(self, part: Part) -> bytes:
        """Gives a part's digest; what stands before messages is mostly what stood there last."""
        if part.digest is not None:
            return part.digest
        raw = bytes(part.raw)
        before = self.latest.get(part.kind)
        if before is None or before[0] != raw:
            before = self.latest[part.kind] = (raw, hashlib.sha256(raw).digest())
        return before[1]

    def entries_of(self, parts: Sequence[Part], names: Sequence[bytes], prepare: Prepare) -> list[_Entry]:
        """Gives what is known of each part; new parts are read."""
        entries, found = self.entries, []
        for part, name in zip(parts, names, strict=True):
            key = (part.kind, name)
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

    def walk(self, parts: Parts, prepare: Prepare) -> _Walk:
        """Goes through a request, from where it leaves the one before it in its conversation."""
        ordered = (*parts.heads, *parts.messages, parts.params)
        names = [self.name(part) for part in ordered]
        lane = names[len(parts.heads)]
        before = self.walks.get(lane)
        # The last part of either is its parameters, which stand behind all messages.
        same = agreeing(before.names[:-1], names[:-1]) if before is not None else 0
        entries = before.entries[:same] if before is not None else []
        entries += self.entries_of(ordered[same:], names[same:], prepare)
        known = self.known_ids(entries)
        if before is None or known is not before.known:
            same = 0
        for entry, part in zip(entries[same:], ordered[same:], strict=True):
            if entry.known is not known:
                self.settle(entry, part, prepare, known)
        full, skeleton = (before.full, before.skeleton) if before is not None and same else (_START, _START)
        rest = entries[same:]
        line = full.extended(same, [entry.full for entry in rest], self)
        # Without results of tools the skeleton is the request itself.
        is_own = skeleton is not full or any(entry.skeleton is not entry.full for entry in rest)
        masked = skeleton.extended(same, [entry.skeleton for entry in rest], self) if is_own else line
        found = _Walk(names, entries, known, line, masked)
        follow(self.walks, lane, found)
        return found


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
    walk = (cache or Cache()).table(normaliser).walk(parts, prepare)
    first, last = len(parts.heads), len(walk.entries) - 1
    exact = b"".join([entry.exact for entry in walk.entries])
    full, skeleton = walk.full, walk.skeleton
    return Fingerprint(
        fp0=_tagged(hashlib.sha256(exact).hexdigest()),
        fp1=_tagged(full.chain[-1].hex()),
        fp2=_tagged(skeleton.chain[-1].hex()),
        params=full.digests[last],
        messages=tuple(full.digests[first:last]),
        chain=tuple(full.chain[first : last + 1]),
        ids=full.ids,
        skeleton_ids=skeleton.ids,
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

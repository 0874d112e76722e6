"""The values a store speaks in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

import msgspec

from reenact import ids
from reenact.events import Completeness, SessionKind, Tokens
from reenact.events.blocks import Quality
from reenact.query import Query

Change = Literal["new", "appended", "rewritten", "sidecar", "unchanged"]
Order = Literal["ended", "started", "cost", "tokens", "turns", "tools"]
"""What sessions are sorted by: the latest, the dearest, the longest first."""
Status = Literal[
    "running",
    "working",
    "waiting",
    "idle",
    "completed",
    "failed",
    "interrupted",
    "aborted",
    "stale",
    "unknown",
]
"""How a session stands. A store tells by its own last words, or that it is `running`: somebody records it
now; `tree.status` makes the other words of that."""


class _Value(msgspec.Struct, frozen=True, kw_only=True):
    pass


class OriginalKey(_Value, frozen=True, kw_only=True):
    """Which transcript an original is of: `id` = `ids.original_id(agent, key)`."""

    id: str
    agent: str
    key: str
    layout: Literal["lines", "document"] = "lines"
    hints: Mapping[str, str] = {}


class Place(_Value, frozen=True, kw_only=True):
    """Where a transcript lay and how it looked: equal places mean unchanged content."""

    path: str
    size: int
    mtime_ns: int
    inode: int
    sidecars: str = ""
    """A digest of the sidecars' names, sizes and times."""


class Settled(NamedTuple):
    """A place whose content is kept and derived: while it looks like this, there is nothing to do.

    A tuple and no struct: a catch-up makes one of these for every transcript there is.
    """

    look: tuple[int, int, int]
    """Size, time of change in nanoseconds, inode."""
    sidecars: str
    agent: str
    key: str
    original: str
    parser: str


class Generation(_Value, frozen=True, kw_only=True):
    """One state of a transcript; an append extends it, a rewrite opens the next."""

    number: int
    length: int
    kept_at: int
    """UTC microseconds when its first bytes were kept."""
    digest: str
    """Tagged hash of the whole content, and of nothing else: `sha256:` up to 4 MB; above that
    `sha256-4m:`, the sha256 over the hex digests of its 4 MB chunks, so that appending need not read
    what is held."""


class Original(_Value, frozen=True, kw_only=True):
    """A transcript as it is kept: its generations, where it was seen, and what lay beside it."""

    key: OriginalKey
    generations: tuple[Generation, ...]
    places: tuple[str, ...]
    """Paths at which it was seen, latest last."""
    sidecars: Mapping[str, str] = {}
    """Name → tagged hash of the newest content."""

    @property
    def beside(self) -> str:
        """A digest of all sidecars."""
        return ids.derive(*(f"{name}={digest}" for name, digest in sorted(self.sidecars.items())))


class Kept(_Value, frozen=True, kw_only=True):
    """What one call of `keep` did."""

    original: str
    generation: int
    change: Change
    added: int = 0
    """Bytes kept by this call."""


class Derived(_Value, frozen=True, kw_only=True):
    """What cached events were made from; equal values mean nothing to do."""

    parser: str
    """Agent and parser version."""
    lengths: tuple[int, ...]
    """Bytes of each generation."""
    sidecars: str = ""


class Filter(_Value, frozen=True, kw_only=True):
    """Which sessions are meant; all given fields must fit."""

    agent: str | None = None
    project: str | None = None
    """A project's path, or the last part of it."""
    model: str | None = None
    status: str | None = None
    since: int | None = None
    until: int | None = None
    """UTC microseconds; by last activity for sessions, by response time for ledger entries."""
    sessions: tuple[str, ...] | None = None
    query: Query | None = None
    """What else is asked, in the query language."""
    tag: str | None = None
    """Of sessions only."""
    hidden: bool = True
    """Whether hidden sessions (warm-ups) are included."""
    limit: int | None = None
    offset: int = 0
    """So many of the sessions that fit are passed over before the first that is given."""
    order: Order = "ended"


class Annotation(_Value, frozen=True, kw_only=True):
    """What somebody noted of a session beside its recording: a text, tags, or both."""

    at: int
    """UTC microseconds."""
    text: str | None = None
    target: str | None = None
    """The event that it is about."""
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


class Sums(_Value, frozen=True, kw_only=True):
    """Token sums with their quality: the worst of their parts."""

    tokens: Tokens = Tokens()
    quality: Quality = "measured"
    cost: int | None = 0
    """Pico-USD (1e-12); None where any part is unknown."""
    cost_known: int = 0


class SessionRow(_Value, frozen=True, kw_only=True):
    """One session as lists show it; counts and `own` are the session's own, `total` with descendants."""

    id: str
    native_id: str
    agent: str
    kind: SessionKind
    title: str | None
    cwd: str | None
    project: str | None
    models: tuple[str, ...]
    started_at: int | None
    ended_at: int | None
    """Last activity."""
    status: Status
    completeness: Completeness
    parent: str | None
    parent_call: str | None
    parent_event: str | None
    children: tuple[str, ...]
    """Its sub-agents and its forks."""
    loops: int
    turns: int
    events: int
    tool_calls: int
    warnings: int
    removed_at_source: int
    """Events whose record the newest generation of the transcript no longer holds."""
    tags: tuple[str, ...]
    hidden: bool
    agent_version: str | None
    original: str | None
    source_path: str | None
    own: Sums
    total: Sums
    agents: int = 0
    """How many of the children are sub-agents, those that nobody needs to see left out."""
    asks: Literal["permission", "question"] | None = None
    """What it waits for, by its own last words."""
    inherited: Tokens
    """Tokens of responses that an earlier session owns and this one repeats."""


class Entry(_Value, frozen=True, kw_only=True):
    """One model response in the ledger, at its owner."""

    key: str
    session: str
    event: str
    agent: str
    project: str | None
    model: str | None
    ts: int | None
    tokens: Tokens
    quality: Quality
    cost: int | None
    """Pico-USD; None where the price is unknown."""
    main_session: str
    """The root of the owner's tree of sub-agents."""


class Rollup(_Value, frozen=True, kw_only=True):
    """Sums of the ledger entries of one session and model in one quarter of an hour."""

    bucket: int | None
    """UTC microseconds of its beginning; None for responses without a time."""
    session: str
    main_session: str
    agent: str
    project: str | None
    model: str | None
    responses: int
    tokens: Tokens
    quality: Quality
    cost: int | None
    """Pico-USD; None where any part is unknown."""
    cost_known: int


class Total(_Value, frozen=True, kw_only=True):
    """Sums of the ledger entries of one main session and model; `key` names the span of time they lie in."""

    key: str | None
    main_session: str
    agent: str
    project: str | None
    model: str | None
    responses: int
    tokens: Tokens
    quality: Quality
    cost: int | None
    """Pico-USD; None where any part is unknown."""
    cost_known: int


class Found(_Value, frozen=True, kw_only=True):
    """Where an event is."""

    session: str
    seq: int


class Arrival(_Value, frozen=True, kw_only=True):
    """Events that came to be known: `first` <= seq < `stop` of a session, as it is numbered now."""

    number: int
    """Place in the order in which this index learned of events; several may share one, in order."""
    session: str
    first: int
    stop: int


class Feed(_Value, frozen=True, kw_only=True):
    """How far the order of arrivals has come."""

    index: str
    """Which index counts: another one where the index was built anew: then numbers mean nothing any more."""
    oldest: int
    """The first number that is still held."""
    last: int


class Drift(_Value, frozen=True, kw_only=True):
    """A row type or field that a parser did not know: how often, since which version, where first."""

    agent: str
    name: str
    version: str
    count: int
    path: str


class Warned(_Value, frozen=True, kw_only=True):
    """A damaged record, as `doctor` lists it; `path` is where its transcript was last seen."""

    session: str
    seq: int
    path: str
    category: str
    message: str
    offset: int | None
    size: int | None


class Hit(_Value, frozen=True, kw_only=True):
    """One event that a search found, and where in it."""

    session: str
    seq: int
    event: str
    ts: int | None
    moment: int
    """Its time, else that of the latest event before it that has one, else 0."""
    kind: str
    tool: str | None
    snippet: str
    """A piece of its text as it is: whoever shows it makes it harmless."""
    marks: tuple[tuple[int, int], ...]
    """Where in the snippet the words stand: (start, end)."""
    cursor: str
    """Says to a later search: go on behind this one."""


class Damage(_Value, frozen=True, kw_only=True):
    """Something stored that does not check out: `lost` for good, or `cache`, which can be made again."""

    where: str
    reason: str
    severity: Literal["lost", "cache", "note"]


class Removal(_Value, frozen=True, kw_only=True):
    """What a removal took away."""

    sessions: tuple[str, ...]
    bytes_freed: int


class Size(_Value, frozen=True, kw_only=True):
    """What one part of the archive takes: file sizes added up, and blocks on disk."""

    part: str
    apparent: int
    on_disk: int
    files: int

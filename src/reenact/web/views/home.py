"""Status, cards and the calendar of the first page."""

from __future__ import annotations

from reenact.web.views.base import Quality, View


class Following(View, frozen=True, kw_only=True):
    """Whether transcripts are followed, and what was written last."""

    following: bool
    count: int
    """Sessions written to within the last minutes."""
    last_write_at: int | None
    since: int | None
    """Since when it is as it is."""
    error: str | None


class Place(View, frozen=True, kw_only=True):
    """Where an agent's transcripts are looked for."""

    agent: str
    title: str
    paths: tuple[str, ...]
    found: int


class Status(View, frozen=True, kw_only=True):
    """The page's own state: version, archive, following."""

    version: str
    archive: str
    timezone: str
    following: Following
    places: tuple[Place, ...]
    sessions: int
    indexed: bool
    """False while texts are still being indexed: a search may miss some."""
    now: int


class Money(View, frozen=True, kw_only=True):
    """Cost and tokens of a span; `cost` is null where a part has no known price."""

    cost: float | None
    cost_known: float
    tokens: int
    quality: Quality
    sessions: int
    measured: float
    """Share of the tokens that are measured, 0 to 1; the same for the two below."""
    partial: float
    estimated: float
    bars: tuple[float, ...]
    """Cost by hour (a day) or by day (a week), the running one last."""
    before: float | None
    """The known cost of the span before, up to the same moment."""


class Risk(View, frozen=True, kw_only=True):
    """Transcripts that their agents will delete soon."""

    count: int
    unkept: int
    days: int
    soonest: int | None


class Asked(View, frozen=True, kw_only=True):
    """What was asked for is being done; the card of what is at risk tells when it is."""

    asked: bool


class ArchiveSize(View, frozen=True, kw_only=True):
    """What the archive takes on disk."""

    bytes: int
    source_bytes: int
    warnings: int


class Cards(View, frozen=True, kw_only=True):
    """The four cards of the first page."""

    today: Money
    week: Money
    risk: Risk | None
    """Null, like `archive`, while it is counted for the first time: ask again in a second."""
    archive: ArchiveSize | None


class Day(View, frozen=True, kw_only=True):
    """A day of the calendar."""

    day: str
    sessions: int
    tokens: int
    cost: float | None
    cost_known: float
    quality: Quality


class Home(View, frozen=True, kw_only=True):
    """The first page: cards and calendar."""

    cards: Cards
    heatmap: tuple[Day, ...]
    """Days with use among the last 26 weeks, ascending; days without are left out."""
    today: str

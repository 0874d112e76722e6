"""The store: what is kept, and how it is found again.

Two truths in plain files (originals of imports, segments of recordings) and one derived index. This
room alone speaks SQL. It knows no agent and no format of one, and refuses to change what was kept.
"""

from reenact.store.local import LocalStore
from reenact.store.memory import MemoryStore
from reenact.store.opening import open_store
from reenact.store.past import Past, forked_of, own_events, past_of
from reenact.store.pricing import Pricer
from reenact.store.protocol import Deriving, Store, Tail, Writer
from reenact.store.summary import BESIDE
from reenact.store.values import (
    Annotation,
    Arrival,
    Damage,
    Derived,
    Drift,
    Entry,
    Feed,
    Filter,
    Found,
    Generation,
    Hit,
    Kept,
    Original,
    OriginalKey,
    Place,
    Removal,
    Rollup,
    SessionRow,
    Settled,
    Size,
    Status,
    Sums,
    Total,
    Warned,
)

__all__ = [
    "BESIDE",
    "Annotation",
    "Arrival",
    "Damage",
    "Derived",
    "Deriving",
    "Drift",
    "Entry",
    "Feed",
    "Filter",
    "Found",
    "Generation",
    "Hit",
    "Kept",
    "LocalStore",
    "MemoryStore",
    "Original",
    "OriginalKey",
    "Past",
    "Place",
    "Pricer",
    "Removal",
    "Rollup",
    "SessionRow",
    "Settled",
    "Size",
    "Status",
    "Store",
    "Sums",
    "Tail",
    "Total",
    "Warned",
    "Writer",
    "forked_of",
    "open_store",
    "own_events",
    "past_of",
]

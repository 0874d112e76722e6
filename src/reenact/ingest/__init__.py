"""Ingest: joins the sources to the archive.

A transcript's bytes are kept first and understood later: `Backfill` hands them to the store, `derive`
turns kept bytes into events, now and at every rebuild. This room never deletes and never writes to
what belongs to an agent, except where the user asks for a hook (`keepup`).
"""

from reenact.ingest.backfill import AgentReport, Backfill, Progress, Report, first_part
from reenact.ingest.derive import Outcome, derive
from reenact.ingest.find import Found, Problem, below, everywhere, newest_first, problems
from reenact.ingest.follow import Follower, Step
from reenact.ingest.renewal import begin, derive_all

__all__ = [
    "AgentReport",
    "Backfill",
    "Follower",
    "Found",
    "Outcome",
    "Problem",
    "Progress",
    "Report",
    "Step",
    "begin",
    "below",
    "derive",
    "derive_all",
    "everywhere",
    "first_part",
    "newest_first",
    "problems",
]

"""Inspect: evaluation logs (`.eval`), one session for each sample of each epoch.

Refuses to guess who spoke: only what the log's own events and messages say becomes an event.
"""

from reenact.sources.inspect_ai.source import SOURCE

__all__ = ["SOURCE"]

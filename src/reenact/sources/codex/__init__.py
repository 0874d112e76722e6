"""Codex CLI: finds its rollouts and reads them, from the first TypeScript releases to 0.169.

Refuses to write, to run anything, and to trust Codex's own databases: they are views of the
rollouts, which are the truth.
"""

from reenact.sources.codex.source import SOURCE

__all__ = ["SOURCE"]

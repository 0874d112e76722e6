"""ATIF, the Agent Trajectory Interchange Format (v1.0 to v1.8): trajectories of any agent, as one JSON file.

Refuses to count twice: steps copied from an earlier trajectory are its past, and cost nothing again.
"""

from reenact.sources.atif.source import SOURCE

__all__ = ["SOURCE"]

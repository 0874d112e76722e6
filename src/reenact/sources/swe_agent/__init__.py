"""SWE-agent and mini-swe-agent: trajectories (`.traj`, `.traj.json`), one JSON document a run.

Refuses to split what the log only sums up: tokens are told for the whole run, and counted so.
"""

from reenact.sources.swe_agent.source import SOURCE

__all__ = ["SOURCE"]

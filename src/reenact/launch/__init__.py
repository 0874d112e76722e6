"""Launch: starts an agent with the right environment, passes signals on, gives its exit code.

The user's configuration is never touched: what an agent must know it is told through its environment.
"""

from reenact.launch import playback
from reenact.launch.process import CommandNotFoundError
from reenact.launch.record import record
from reenact.launch.replay import Options, Replayed, replay, serve
from reenact.launch.spending import count
from reenact.launch.tools import Choices, Recorded, Tools

__all__ = [
    "Choices",
    "CommandNotFoundError",
    "Options",
    "Recorded",
    "Replayed",
    "Tools",
    "count",
    "playback",
    "record",
    "replay",
    "serve",
]

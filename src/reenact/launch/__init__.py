"""Launch: starts an agent with the right environment, passes signals on, gives its exit code.

The user's configuration is never touched: what an agent must know it is told through its environment.
"""

from reenact.launch import playback
from reenact.launch.process import CommandNotFoundError
from reenact.launch.record import Recorded, Tools, record
from reenact.launch.replay import Options, Replayed, replay, serve

__all__ = [
    "CommandNotFoundError",
    "Options",
    "Recorded",
    "Replayed",
    "Tools",
    "playback",
    "record",
    "replay",
    "serve",
]

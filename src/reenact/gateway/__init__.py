"""The gateway: an HTTP server on loopback between an agent and its model provider.

It records what passes, byte for byte and without holding it back, or plays a recording back, or
plays until a point and goes on live. It refuses to listen anywhere but on loopback, and it stores
no credential.
"""

from reenact.gateway.recording import RecordingApp
from reenact.gateway.replaying import ReplayingApp
from reenact.gateway.server import Server
from reenact.gateway.upstream import Upstream

__all__ = ["RecordingApp", "ReplayingApp", "Server", "Upstream"]

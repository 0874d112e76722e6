"""The demonstration: a small agent of ours, a scripted model on loopback, and what reenact makes of them."""

from reenact.launch.demo.model import ScriptedModel

__all__ = ["ScriptedModel"]

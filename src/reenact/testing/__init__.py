"""What tests of others need: scripts written by hand for mock models, and the importer harness.

`Script.from_messages` gives what a mock model answers; `Failed` and `Dropped` in it are errors. The
harness, for those who write a source, runs a fixture through the very import that users have, in
memory, and compares what became of it with what was kept as right. Nothing here is needed to use reenact.
"""

from reenact.events.blocks import Image, Reasoning, Text, Tokens, ToolCall
from reenact.replay import Dropped, Failed, Said, Script
from reenact.testing.importer import FixtureMismatchError, check, describe

__all__ = [
    "Dropped",
    "Failed",
    "FixtureMismatchError",
    "Image",
    "Reasoning",
    "Said",
    "Script",
    "Text",
    "Tokens",
    "ToolCall",
    "check",
    "describe",
]

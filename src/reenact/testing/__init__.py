"""What tests of others need: for those who write a source, the importer harness.

It runs a fixture through the very import that users have, in memory, and compares what became of it with
what was kept as right. Nothing here is needed to use reenact.
"""

from reenact.testing.importer import FixtureMismatchError, check, describe

__all__ = ["FixtureMismatchError", "check", "describe"]

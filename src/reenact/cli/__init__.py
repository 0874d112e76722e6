"""The command line: thin faces over the archive.

stdout carries the result, stderr everything else. Every reading verb has `--json`. This room has no
logic of its own: it asks the archive and prints, with recorded text made harmless first.
"""

from reenact.cli.app import main

__all__ = ["main"]

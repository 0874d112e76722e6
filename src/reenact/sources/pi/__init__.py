"""Pi: finds its sessions and reads them, from the lists of version 1 to the trees of version 3.

Refuses to flatten a tree: every branch of a session stays, and the one written last is the live one.
"""

from reenact.sources.pi.source import SOURCE

__all__ = ["SOURCE"]

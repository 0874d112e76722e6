"""OpenCode: finds its sessions and reads them, from the JSON files before 1.2 to the tables of 2.0.

Its database is read and never copied: it holds credentials. What is kept of a session are JSON lines
of named columns: the rows of OpenCode's own log of changes where that is whole, else its tables.
"""

from reenact.sources.opencode.source import SOURCE

__all__ = ["SOURCE"]

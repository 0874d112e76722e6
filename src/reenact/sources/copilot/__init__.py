"""GitHub Copilot CLI: finds its sessions and reads them, from the chat files before 0.0.342 to 1.0.102.

Of Copilot's own database only the usage rows are read. Refuses to count a response twice where the
transcript, the database and the final sums all state it.
"""

from reenact.sources.copilot.source import SOURCE

__all__ = ["SOURCE"]

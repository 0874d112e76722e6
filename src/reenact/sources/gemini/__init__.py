"""Gemini CLI: finds its chats and reads them, from the documents of 0.2 to the journals of 0.61.

Refuses to invent what no log has: the calls for titles, compressions and routing are named where
they left a trace, and never counted.
"""

from reenact.sources.gemini.source import SOURCE

__all__ = ["SOURCE"]

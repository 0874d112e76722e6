"""Qwen Code: finds its chats and reads them. It began as a fork of Gemini CLI, whose parts it still writes.

Refuses to count an answer twice where the chat, its notices and a sub-agent's own file all state it.
"""

from reenact.sources.qwen.source import SOURCE

__all__ = ["SOURCE"]

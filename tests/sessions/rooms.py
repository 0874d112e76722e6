"""Live sessions with something in them."""

from __future__ import annotations

from reenact.events import blocks
from reenact.sessions import LiveSession


def texts(live: LiveSession) -> list[str]:
    return [message.text for message in live.messages()]


def fill(live: LiveSession, *words: str) -> LiveSession:
    """Lets user and assistant say these words by turns."""
    for number, word in enumerate(words):
        live.inject("assistant" if number % 2 else "user", word)
    return live


def use_tool(live: LiveSession, call: str, output: str = "out", *, answered: bool = True) -> None:
    live.inject("assistant", [blocks.ToolCall(call=call, name="shell", input={"command": "ls"})])
    if answered:
        live.inject("tool", output, call=call)

"""Every source that comes with reenact: the one list of them, for whoever needs one by its agent.

A folder need not be called what its agent is called; this list is how one is found.
"""

from __future__ import annotations

from reenact.sources import (
    Source,
    atif,
    claude_code,
    codex,
    copilot,
    gemini,
    inspect_ai,
    opencode,
    pi,
    qwen,
    swe_agent,
)

BUNDLED: tuple[Source, ...] = (
    claude_code.SOURCE,
    codex.SOURCE,
    gemini.SOURCE,
    copilot.SOURCE,
    opencode.SOURCE,
    pi.SOURCE,
    qwen.SOURCE,
    atif.SOURCE,
    swe_agent.SOURCE,
    inspect_ai.SOURCE,
)
"""In the order in which people meet them."""

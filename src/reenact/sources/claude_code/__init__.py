"""Claude Code: where its transcripts lie and what their rows mean (versions 1.0.30 to 2.1.329).

Refuses to guess: a row that it does not know is kept whole and counted, a sub-agent's tokens are
taken from its own rows only, and a response that was not written to its end is called partial.
"""

from __future__ import annotations

from reenact.sources.claude_code.source import SOURCE, ClaudeCode

__all__ = ["SOURCE", "ClaudeCode"]

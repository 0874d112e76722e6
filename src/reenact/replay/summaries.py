"""The summary that an agent's log holds although it does not hold the call that wrote it.

Claude Code does not journal the request that asks for a compaction's summary, but the next request
begins with the summary (seen in 2.1.329: behind `Summary:`, before a fixed sentence). Answered with
it, the replayed agent goes on as the recorded one did.
"""

from __future__ import annotations

import re

from reenact.replay.match import Matcher
from reenact.wire.request import as_blocks

_MARK = "continued from a previous conversation"
_SUMMARY = re.compile(r"^Summary:\n(.*?)(?:\n\nIf you need specific details|\Z)", re.DOTALL | re.MULTILINE)


def recorded_summary(matcher: Matcher) -> str | None:
    """Gives the summary with which the next recorded call begins, as a model would have told it."""
    for slot in matcher.slots:
        request = slot.exchange.request
        if slot.is_used or not slot.is_main or not isinstance(request, dict):
            continue
        messages = request.get("messages")
        for message in messages if isinstance(messages, list) else ():
            content = message.get("content") if isinstance(message, dict) else None
            for block in as_blocks(content):
                text = str(block.get("text", ""))
                found = _SUMMARY.search(text) if _MARK in text else None
                if found is not None:
                    return f"<summary>{found.group(1).strip()}</summary>"
    return None

"""Which texts on the wire are the vendor's own prompts, and whether any of them is left in files of ours.

What a client sends is partly ours (prompts, answers, files of the story) and partly its maker's (system prompts,
tool descriptions, reminders). The maker's texts are known from the requests themselves: they travel in places of
their own. Nothing of them may stay in a transcript that we publish.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

LONG = 200
LINE = 48
# How the prose begins that clients put around what tools and agents say. The beginning is a mark that readers
# of transcripts go by, and stays; the rest of such a text goes.
PROSE = (
    "[Subagent hand-back]",
    "This session is being continued from a previous conversation",
    "Another language model started to solve this problem",
    "Async agent launched successfully",
    "This tool's input schema was not in your prompt",
    "The user interrupted the previous turn",
    "If you need specific details from before compaction",
)
_REMINDER = re.compile(r"<system-reminder>.*?</system-reminder>", re.DOTALL)
_TAG = re.compile(r"</?[A-Za-z_ -]+>")
_FIELD = re.compile(
    r"<(cwd|shell|current_date|timezone|approval_policy|sandbox_mode|network_access|usage"
    r"|task-id|tool-use-id|output-file|status|summary|result)>"
)


class Vendor(msgspec.Struct, frozen=True, kw_only=True):
    """The maker's texts, whole and by line."""

    texts: frozenset[str]
    lines: frozenset[str]


def gather(bodies: Iterable[dict[str, Any]], *, ours: Iterable[str] = ()) -> Vendor:
    """The maker's texts in these requests, less every line that stands in a text of `ours`."""
    texts = {text for body in bodies for text in _texts(body)}
    kept = {line.strip() for text in ours for line in text.splitlines()}
    lines = {line.strip() for text in texts for line in text.splitlines()} - kept
    return Vendor(texts=frozenset(texts), lines=frozenset(line for line in lines if line))


def left_in(root: Path, vendor: Vendor) -> list[str]:
    """Where below `root` a long text of the maker stands unchanged: one `file:line: beginning` each."""
    long_texts = {text for text in vendor.texts if len(text) > LONG}
    long_lines = {line for line in vendor.lines if len(line) > LONG // 2 and not is_mark(line)}
    found: list[str] = []
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        for number, row in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            found.extend(
                f"{path.relative_to(root)}:{number}: {text[:60]!r}"
                for text in _strings(_decoded(row))
                if text in long_texts or any(line.strip() in long_lines for line in text.splitlines())
            )
    return found


def is_mark(line: str) -> bool:
    """Whether a line is part of the format rather than prose: tags, and the fields in them that name things."""
    bare = line.strip()
    return bool(_TAG.fullmatch(bare) or _FIELD.match(bare) or re.fullmatch(r"agentId: \w+", bare))


def _decoded(row: str) -> Any:
    try:
        return json.loads(row)
    except ValueError:
        return row


def _texts(body: dict[str, Any]) -> Iterator[str]:
    yield from _strings(body.get("system"))
    yield from _strings(body.get("tools"))
    yield from _strings(body.get("instructions"))
    for message in [*body.get("messages", []), *body.get("input", [])]:
        if not isinstance(message, dict):
            continue
        foreign = message.get("role") in ("system", "developer") or message.get("type") == "additional_tools"
        for text in _strings([message.get("content"), message.get("tools"), message.get("output")]):
            if foreign or _is_foreign(text):
                yield text
            else:
                yield from _REMINDER.findall(text)


def _is_foreign(text: str) -> bool:
    start = text.lstrip()
    if any(part in text for part in PROSE):
        return True
    if start.startswith(
        ("<persisted-output>", "<subagent_notification>", "<task-notification>", "<command-")
    ):
        return False
    return start.startswith("# AGENTS.md") or bool(re.match(r"<[a-z_-]+>", start))


def _strings(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for item in value:
                yield from _strings(item)
        case dict():
            for key, item in value.items():
                if key not in ("type", "id", "name", "tool_use_id"):
                    yield from _strings(item)
        case _:
            return

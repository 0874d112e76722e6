"""The signs of a trace, each one cell wide, with what stands for them where only ASCII can be shown."""

from __future__ import annotations

from datetime import tzinfo
from typing import Literal

import msgspec

Sign = Literal[
    "you", "told", "assistant", "thought", "tool", "ok", "failed", "denied", "open", "file", "plan",
    "compaction", "agent", "error", "warning", "setting", "other", "note", "branch", "rule", "now",
    "turn", "gone", "first", "middle", "last", "to", "done", "todo", "doing", "text",
]  # fmt: skip

_SIGNS: dict[Sign, tuple[str, str]] = {
    "you": ("▌", ">"),
    "told": ("▹", ")"),
    "assistant": ("●", "*"),
    "thought": ("∴", "~"),
    "tool": ("▸", "$"),
    "ok": ("✓", "+"),
    "failed": ("✗", "x"),
    "denied": ("⊘", "#"),
    "open": ("◌", "?"),
    "file": ("±", "%"),
    "plan": ("☰", "="),
    "compaction": ("≋", "="),
    "agent": ("↳", "&"),
    "error": ("✗", "!"),
    "warning": ("▲", "!"),
    "setting": ("◇", "-"),
    "other": ("·", "."),
    "note": ("★", "@"),
    "branch": ("↩", "<"),
    "rule": ("─", "-"),
    "now": ("▶", ">"),
    "turn": ("•", "."),
    "gone": ("╎", ":"),
    "first": ("┌", "/"),
    "middle": ("│", "|"),
    "last": ("└", "\\"),
    "to": ("→", ">"),
    "done": ("☑", "[x]"),
    "todo": ("☐", "[ ]"),
    "doing": ("◐", "[~]"),
    "text": ("│", "|"),
}


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """How a trace is to look."""

    width: int = 80
    ascii: bool = False
    thinking: bool = False
    """Whether the model's reasoning is shown."""
    zone: tzinfo | None = None
    """In which times are told; the machine's own where None."""

    def sign(self, name: Sign) -> str:
        return _SIGNS[name][self.ascii]

    def plain(self, text: str) -> str:
        """Gives text with our own signs in ASCII where only that can be shown; as wide as before."""
        return text.translate(_PLAIN) if self.ascii else text


_PLAIN = str.maketrans("…·→⏎—≥≈", "~->|->~")

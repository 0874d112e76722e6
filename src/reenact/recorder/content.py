"""What is said and what it cost, as events have it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reenact.events import AnyBlock, Tokens, blocks
from reenact.events.bodies import UsageRecorded
from reenact.recorder.plain import plain
from reenact.wire.dialect import Dialect


def usage_of(dialect: Dialect, message: Mapping[str, Any], exchange: str) -> UsageRecorded | None:
    """Gives what an answer says that it cost, under the key that logs of it have, too.

    Where a provider gives its answers no id, the exchange stands for it.
    """
    tokens = dialect.tokens(message)
    if tokens is None:
        return None
    outline = dialect.outline(message)
    name = outline.id or exchange
    return spent(name, tokens, model=outline.model, is_final=outline.is_final, kind=dialect.counted_as)


def spent(
    message: str, tokens: Tokens, *, model: str | None, is_final: bool, kind: str = "msg"
) -> UsageRecorded:
    """Gives the ledger's record of one answer; one that was not heard to its end is a lower bound."""
    return UsageRecorded(
        key=f"{kind}:{message}",
        tokens=tokens,
        model=model,
        final=is_final,
        quality="measured" if is_final else "partial",
    )


def blocks_of(content: str | Iterable[Any]) -> tuple[AnyBlock, ...]:
    """Gives what somebody hands over as blocks; a text is one, and what is none is kept as it is."""
    if isinstance(content, str):
        return (blocks.Text(text=content),)
    return tuple(
        each if isinstance(each, blocks.Block) else blocks.Other(raw=plain(each))  # type: ignore[misc]  # all blocks are AnyBlock
        for each in content
    )

"""What a response has cost, as far as its rows know."""

from __future__ import annotations

from typing import Any

from reenact.events.blocks import Tokens
from reenact.events.bodies import UsageRecorded
from reenact.sources.claude_code import content
from reenact.sources.claude_code.records import items, number, table, text
from reenact.sources.claude_code.state import Reading, Spot

_TINY = 12
"""Fewer output tokens than this without a stop reason are what a stream starts with, not its sum."""


def record(reading: Reading, spot: Spot, message: dict[str, Any], turn: str, *, inherited: bool) -> None:
    """Adds what one row knows of its response; rows that repeat it add nothing.

    Without a stop reason the row was written while the stream ran. Its output is called partial, a
    lower bound, if it is tiny or smaller than what the response visibly holds (2.1.50 never writes
    more). Of a stream that was cut only the start value is known, even where a stop reason was
    guessed: then it is tiny and smaller than what is there.
    """
    session = spot.session
    usage = message["usage"]
    tokens = tokens_of(usage)
    least = session.least.get(turn, 0) + sum(map(content.words, items(message.get("content"))))
    session.least[turn] = least
    is_final = text(message.get("stop_reason")) is not None
    is_cut = spot.row.is_aborted_mid_stream is True
    is_less, is_tiny = tokens.output < least, tokens.output < _TINY
    # the last event of a stream brings `stop_details`; without it the stop reason is a guess
    is_guessed = spot.row.request_ref is not None and "stop_details" not in message
    is_partial = is_cut or (is_tiny and (is_less or is_guessed) if is_final else is_less or is_tiny)
    told = (tokens, is_partial, is_final)
    if session.usage.get(turn) == told:
        return
    session.usage[turn] = told
    speed, tier = text(usage.get("speed")), text(usage.get("service_tier"))
    body = UsageRecorded(
        key=f"msg:{turn}",
        tokens=tokens,
        model=text(message.get("model")),
        quality="partial" if is_partial else "measured",
        final=is_final,
        inherited=inherited,
        tier=speed if speed not in {None, "standard"} else tier,
    )
    reading.add(session, body, spot.after("usage"), ts=spot.ts, turn=turn, parent=spot.record)


def tokens_of(usage: dict[str, Any]) -> Tokens:
    """Gives the tokens of a `usage` object; the parts of cache writes only where they add up."""
    parts = table(usage.get("cache_creation"))
    short = number(parts.get("ephemeral_5m_input_tokens"))
    long = number(parts.get("ephemeral_1h_input_tokens"))
    told = None if short is None and long is None else (short or 0) + (long or 0)
    written = number(usage.get("cache_creation_input_tokens"))
    if written is None:
        written = told or 0
    is_split = told is not None and told == written
    return Tokens(
        input=number(usage.get("input_tokens")) or 0,
        cache_read=number(usage.get("cache_read_input_tokens")) or 0,
        cache_write=written,
        cache_write_5m=(short or 0) if is_split else None,
        cache_write_1h=(long or 0) if is_split else None,
        output=number(usage.get("output_tokens")) or 0,
        reasoning=number(table(usage.get("output_tokens_details")).get("thinking_tokens")),
    )

"""Rules that somebody accepted for a recording: data in a `replay.rule` event, never applied unasked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from reenact.events import Event, bodies
from reenact.wire.anthropic import CLAUDE_CODE
from reenact.wire.rules import Rule, Rules


def rule_event(rule: Rule) -> bodies.ReplayRule:
    """Gives the event's body that keeps an accepted rule with its recording."""
    return bodies.ReplayRule(rule=rule.name, data=msgspec.to_builtins(rule))


def rules_of_events(events: Iterable[Event]) -> tuple[Rule, ...]:
    """Gives the accepted rules, the last of a name; what cannot be read as a rule is passed over."""
    found: dict[str, Rule] = {}
    for event in events:
        if isinstance(event.body, bodies.ReplayRule):
            try:
                rule = msgspec.convert(event.body.data, Rule)
            except msgspec.ValidationError:
                continue
            found[rule.name] = rule
    return tuple(found.values())


def rules_for(accepted: Sequence[Rule]) -> Rules:
    """Gives the shipped rules and the accepted ones."""
    return CLAUDE_CODE.plus(tuple(accepted))

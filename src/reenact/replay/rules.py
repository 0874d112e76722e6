"""Rules that somebody accepted for a recording: data in a `replay.rule` event, never applied unasked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from reenact.events import Event, bodies
from reenact.wire.dialects import dialect_named
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


def rules_for(accepted: Sequence[Rule], dialects: Iterable[str] = ()) -> Rules:
    """Gives the shipped rules of the dialects that a script speaks, and the accepted ones."""
    shipped = [dialect_named(name).rules for name in sorted({*dialects} or {"anthropic"})]
    rules = dict.fromkeys(rule for one in shipped for rule in one.rules)
    shapes = dict.fromkeys(shape for one in shipped for shape in one.shapes)
    return Rules(rules=tuple(rules), shapes=tuple(shapes)).plus(tuple(accepted))

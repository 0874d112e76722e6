"""Replay: a recording arranged for playing back, matched by content, and every difference explained.

The room is pure: requests come in and answers go out as values. It refuses to guess: what does not
match is located and reported, never silently approximated; and it never reaches for a network.
"""

from reenact.replay.declared import declare, declared_of_events, to_config
from reenact.replay.model import (
    Answer,
    Chunk,
    Difference,
    Divergence,
    Exchange,
    GoLive,
    Incoming,
    Policy,
    Refused,
    Report,
    Served,
    Stubbed,
    Taped,
    Timing,
    Told,
)
from reenact.replay.player import Player
from reenact.replay.report import document, render
from reenact.replay.rules import rule_event
from reenact.replay.script import Logged, Script, answer_message
from reenact.replay.written import Dropped, Failed, Line, Said

__all__ = [
    "Answer",
    "Chunk",
    "Difference",
    "Divergence",
    "Dropped",
    "Exchange",
    "Failed",
    "GoLive",
    "Incoming",
    "Line",
    "Logged",
    "Player",
    "Policy",
    "Refused",
    "Report",
    "Said",
    "Script",
    "Served",
    "Stubbed",
    "Taped",
    "Timing",
    "Told",
    "answer_message",
    "declare",
    "declared_of_events",
    "document",
    "render",
    "rule_event",
    "to_config",
]

"""Live sessions: opened, edited, forked, listened to, put to rest and gone on with. Every edit is an event.

What a session was stays readable: this room appends to recordings and never changes one. It runs no
agent and calls no model.
"""

from reenact.sessions.compaction import OPTIONS, Strategy, Summarise, shortened
from reenact.sessions.live import LiveSession
from reenact.sessions.message import Message
from reenact.sessions.pairs import OnUnpaired
from reenact.sessions.registry import LiveSessions
from reenact.sessions.subscription import Closed, Item, Lagged, Subscription
from reenact.sessions.values import Ancestry, Compaction, Snapshot

__all__ = [
    "OPTIONS",
    "Ancestry",
    "Closed",
    "Compaction",
    "Item",
    "Lagged",
    "LiveSession",
    "LiveSessions",
    "Message",
    "OnUnpaired",
    "Snapshot",
    "Strategy",
    "Subscription",
    "Summarise",
    "shortened",
]

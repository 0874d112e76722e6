"""The tree: a session's events folded once into loops, turns and steps, with its state at any position.

This room reads nothing and knows no agent; it refuses to drop an event. It gives references and
first words; the payloads stay in the events.
"""

from reenact.tree.course import SHORTEN
from reenact.tree.fold import fold
from reenact.tree.growth import Growth
from reenact.tree.harmless import joined, safe, safe_lines
from reenact.tree.model import Branch, Child, Fork, Loop, Parallel, Step, Tree, Turn
from reenact.tree.outline import outline
from reenact.tree.statistics import Statistics, ToolSums, statistics
from reenact.tree.text import argument, failure, first_words, json_text, plain, words_of
from reenact.tree.view import (
    FileState,
    Message,
    ModelUsage,
    OpenCall,
    Setting,
    UsageSoFar,
    View,
)

__all__ = [
    "SHORTEN",
    "Branch",
    "Child",
    "FileState",
    "Fork",
    "Growth",
    "Loop",
    "Message",
    "ModelUsage",
    "OpenCall",
    "Parallel",
    "Setting",
    "Statistics",
    "Step",
    "ToolSums",
    "Tree",
    "Turn",
    "UsageSoFar",
    "View",
    "argument",
    "failure",
    "first_words",
    "fold",
    "joined",
    "json_text",
    "outline",
    "plain",
    "safe",
    "safe_lines",
    "statistics",
    "words_of",
]

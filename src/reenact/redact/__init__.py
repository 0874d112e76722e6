"""Redact: finds secrets in text and puts placeholders in their place.

Pure: it reads no environment and no file; rules are data, the values known to be secret and the
archive's placeholder key are arguments. It refuses to guess at high entropy alone: ids, hashes and
signatures of the agents' protocols must survive, or recordings could not be matched again.
"""

from reenact.redact.detect import Hit, find
from reenact.redact.gate import Gate
from reenact.redact.known import SHORTEST, Known
from reenact.redact.rules import BUILT_IN, HARMLESS, Rule, custom
from reenact.redact.scrub import EXEMPT_KEYS, Scrubbed, ScrubbedValue, scrub, scrub_value

__all__ = [
    "BUILT_IN",
    "EXEMPT_KEYS",
    "HARMLESS",
    "SHORTEST",
    "Gate",
    "Hit",
    "Known",
    "Rule",
    "Scrubbed",
    "ScrubbedValue",
    "custom",
    "find",
    "scrub",
    "scrub_value",
]

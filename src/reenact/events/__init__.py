"""Events: what happened, as immutable typed values, and how they are written down.

This room knows nothing of files, databases or agents. It refuses to drop anything: fields and
kinds of a newer format pass through unchanged.
"""

from reenact.events import blocks, bodies
from reenact.events.blocks import AnyBlock, Tokens
from reenact.events.bodies import AnyBody, Body
from reenact.events.canonical import blob_hash, canonical, content_hash
from reenact.events.codec import KINDS, decode, decode_record, encode, encode_record, record_of
from reenact.events.envelope import FORMAT, Completeness, Event, Header, Origin, SessionKind, SourceKind

__all__ = [
    "FORMAT",
    "KINDS",
    "AnyBlock",
    "AnyBody",
    "Body",
    "Completeness",
    "Event",
    "Header",
    "Origin",
    "SessionKind",
    "SourceKind",
    "Tokens",
    "blob_hash",
    "blocks",
    "bodies",
    "canonical",
    "content_hash",
    "decode",
    "decode_record",
    "encode",
    "encode_record",
    "record_of",
]

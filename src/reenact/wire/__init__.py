"""Dialects of model providers, without any I/O: requests, responses, streams, fingerprints, differences.

Recording and replay share this room, so that what is recorded and what is asked are read the same
way. What every dialect needs stands here; one folder per dialect holds the rest. It refuses to
touch a socket, a clock or a file, and it never drops a field it does not know.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reenact.wire.canonical import Json, Object, content_hash
    from reenact.wire.declared import Declared, Named, ambiguities
    from reenact.wire.dialect import Dialect, Route
    from reenact.wire.dialects import dialect_named, dialect_of
    from reenact.wire.difference import LeafChange, LineChange
    from reenact.wire.fingerprint import Cache, Fingerprint, shared_messages
    from reenact.wire.mapping import Mapper, mapper, pair_ids
    from reenact.wire.normalise import Normaliser
    from reenact.wire.rules import Rule, Rules

__all__ = [
    "Cache",
    "Declared",
    "Dialect",
    "Fingerprint",
    "Json",
    "LeafChange",
    "LineChange",
    "Mapper",
    "Named",
    "Normaliser",
    "Object",
    "Route",
    "Rule",
    "Rules",
    "ambiguities",
    "content_hash",
    "dialect_named",
    "dialect_of",
    "mapper",
    "pair_ids",
    "shared_messages",
]

_HOMES = {
    "canonical": ("Json", "Object", "content_hash"),
    "declared": ("Declared", "Named", "ambiguities"),
    "dialect": ("Dialect", "Route"),
    "dialects": ("dialect_named", "dialect_of"),
    "difference": ("LeafChange", "LineChange"),
    "fingerprint": ("Cache", "Fingerprint", "shared_messages"),
    "mapping": ("Mapper", "mapper", "pair_ids"),
    "normalise": ("Normaliser",),
    "rules": ("Rule", "Rules"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Loads the part of the room where a name lives; who needs one part does not pay for all."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)

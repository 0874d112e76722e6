"""Names of records that their agent gave none: made of what they hold, never of where they stand."""

from __future__ import annotations

import hashlib


def name_of(prefix: str, content: str) -> str:
    """Gives a name made of a content: the prefix, and 96 bits of its hash."""
    digest = hashlib.blake2b(content.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
    return f"{prefix}:{digest}"

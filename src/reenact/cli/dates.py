"""Times as people say them; the query language understands the same ones."""

from reenact.query import moment as parse

__all__ = ["parse"]

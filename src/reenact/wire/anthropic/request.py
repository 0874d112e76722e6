"""A request of the Messages API, read as every dialect reads one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reenact.wire import canonical
from reenact.wire.request import Layout, Request, as_blocks, parts_of, read_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reenact.wire.canonical import Json

__all__ = ["LAYOUT", "Request", "as_blocks", "parse_request", "parts_of", "request_of"]

LAYOUT = Layout()
"""The system prompt and the tools stand before the messages."""


def parse_request(body: bytes) -> Request:
    """Reads a request body. What cannot be read gives a request without fields, and its `defect`."""
    return read_request(body, LAYOUT)


def request_of(value: Mapping[str, Json]) -> Request:
    """Makes a request of its decoded body, for example of one rebuilt from a log."""
    return parse_request(canonical.dump(dict(value)))

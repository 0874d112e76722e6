"""Looks into a file's first bytes: whose chat it is."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

_HEAD = 4096
_SESSION = re.compile(rb'"sessionId"\s*:\s*"([^"\\\x00-\x1f]{1,200})"')
_PROJECT = re.compile(rb'"projectHash"\s*:\s*"([^"\\\x00-\x1f]{1,200})"')
_KIND = re.compile(rb'"kind"\s*:\s*"(main|subagent)"')


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What the header says of a chat."""

    session: str
    project: str
    is_sub_agent: bool = False


def head_of(path: str) -> Head | None:
    """Gives the header of a chat file; None for a file that is none.

    Raises:
        OSError: it cannot be read.
    """
    with Path(path).open("rb") as file:
        head = file.read(_HEAD)
    first = head.lstrip(b"\x00\xef\xbb\xbf \t\r\n")
    if not first.startswith(b"{"):
        return None
    session, project = _SESSION.search(first), _PROJECT.search(first)
    if session is None or project is None:
        return None
    kind = _KIND.search(first)
    return Head(
        session=session[1].decode("utf-8", "replace"),
        project=project[1].decode("utf-8", "replace"),
        is_sub_agent=kind is not None and kind[1] == b"subagent",
    )

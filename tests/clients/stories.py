"""The stories of the tests, and which client plays which."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.clients.stage import Story

PLAYED: tuple[tuple[str, Story], ...] = ()

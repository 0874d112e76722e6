"""reenact: the flight recorder for AI agents.

Importing this package does no I/O and loads no optional dependency; `reenact.open` does.
"""

from __future__ import annotations

from reenact._version import __version__

TYPE_CHECKING = False  # checkers take it for typing's own, which takes a third of the time of this import
if TYPE_CHECKING:
    from typing import Any

    from reenact.archive import Archive
    from reenact.archive import open_archive as open  # noqa: A004 - `reenact.open` is the contract
    from reenact.archive.recording import record_anywhere as record
    from reenact.integrations.tool import tool
    from reenact.recorder import (
        Allow,
        Ask,
        Carrying,
        DeniedError,
        Deny,
        Hooks,
        Inject,
        Replace,
        Session,
        carry,
        current,
        progress,
    )

__all__ = [
    "Allow",
    "Archive",
    "Ask",
    "Carrying",
    "DeniedError",
    "Deny",
    "Hooks",
    "Inject",
    "Replace",
    "Session",
    "__version__",
    "carry",
    "current",
    "open",
    "progress",
    "record",
    "tool",
]
_RECORDING = frozenset(__all__) - {"Archive", "__version__", "open", "record", "tool"}


def __getattr__(name: str) -> Any:
    """Load the archive facade on first use, so that importing the package stays cheap."""
    if name in {"open", "Archive"}:
        from reenact import archive

        return archive.open_archive if name == "open" else archive.Archive
    if name == "record":
        from reenact.archive import recording

        return recording.record_anywhere
    if name == "tool":
        from reenact.integrations.tool import tool

        return tool
    if name in _RECORDING:
        from reenact import recorder

        return getattr(recorder, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

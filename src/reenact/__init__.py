"""reenact: the flight recorder for AI agents.

Importing this package does no I/O and loads no optional dependency; `reenact.open` does.
"""

from typing import TYPE_CHECKING, Any

from reenact._version import __version__

if TYPE_CHECKING:
    from reenact.archive import Archive
    from reenact.archive import open_archive as open  # noqa: A004 - `reenact.open` is the contract

__all__ = ["Archive", "__version__", "open"]


def __getattr__(name: str) -> Any:
    """Load the archive facade on first use, so that importing the package stays cheap."""
    if name in {"open", "Archive"}:
        from reenact import archive

        return archive.open_archive if name == "open" else archive.Archive
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

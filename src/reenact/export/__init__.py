"""Export: sessions out of the archive, as JSON lines, as their agent's own bytes, as Markdown, as ATIF.

It writes no file and opens none: every form is an iterator of pieces. What leaves is scrubbed by the
function that is passed in; only the native form is what it was, byte for byte.
"""

from reenact.export.atif import Told, atif
from reenact.export.jsonl import jsonl
from reenact.export.markdown import markdown
from reenact.export.native import native
from reenact.export.portable import Carried, portable

__all__ = ["Carried", "Told", "atif", "jsonl", "markdown", "native", "portable"]

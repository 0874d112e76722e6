"""Sample transcripts, for people whose machine has none yet.

`SAMPLES / "claude"` is laid out as a `~/.claude`, `SAMPLES / "codex"` as a `~/.codex`; point an
importer at either. The real clients wrote them, driven offline by a scripted model with stories of
ours; the prompts of their makers were trimmed away (`tools/make_samples.py`). This room holds data
only and imports nothing of the house.
"""

from importlib.resources import files
from pathlib import Path

SAMPLES = Path(str(files(__name__)))
"""The folder that holds the samples, also where the package is installed."""

__all__ = ["SAMPLES"]

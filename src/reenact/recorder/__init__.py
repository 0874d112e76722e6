"""The recorder: numbers, stamps, scrubs and appends what happens, and never raises into the agent.

Events are on disk when `record` returns. Where the disk fails, the recorder goes on without it,
counts what it could not keep, and says so at the end (`Recorder.degraded`).
"""

from reenact.recorder.content import spent
from reenact.recorder.exchanges import SESSION_HEADER, ExchangeRecorder
from reenact.recorder.recorder import Recorder, Scrub

__all__ = ["SESSION_HEADER", "ExchangeRecorder", "Recorder", "Scrub", "spent"]

"""The recorder: numbers, stamps, scrubs and appends what happens, and never raises into the agent.

Events are on disk when `record` returns. Where the disk fails, the recorder goes on without it,
counts what it could not keep, and says so at the end (`Recorder.degraded`). `Session` is what an
agent's author holds: loops, turns, tool calls, model calls, sub-agents, hooks.
"""

from reenact.recorder.asking import ExchangeScope
from reenact.recorder.content import spent
from reenact.recorder.exchanges import SESSION_HEADER, ExchangeRecorder, Place
from reenact.recorder.here import Carrying, Here, carry, current, innermost
from reenact.recorder.hooks import (
    Allow,
    Ask,
    Decision,
    DeniedError,
    Deny,
    Hook,
    Hooks,
    Inject,
    Moment,
    Replace,
    Verdict,
)
from reenact.recorder.plain import plain
from reenact.recorder.progress import progress
from reenact.recorder.recorder import Observer, Recorder, Scrub
from reenact.recorder.repository import repository_of
from reenact.recorder.requests import RequestKeeper
from reenact.recorder.scopes import LoopScope, ParallelScope, ToolScope, TurnScope
from reenact.recorder.session import Session
from reenact.recorder.tools import Nowhere, Tools

__all__ = [
    "SESSION_HEADER",
    "Allow",
    "Ask",
    "Carrying",
    "Decision",
    "DeniedError",
    "Deny",
    "ExchangeRecorder",
    "ExchangeScope",
    "Here",
    "Hook",
    "Hooks",
    "Inject",
    "LoopScope",
    "Moment",
    "Nowhere",
    "Observer",
    "ParallelScope",
    "Place",
    "Recorder",
    "Replace",
    "RequestKeeper",
    "Scrub",
    "Session",
    "ToolScope",
    "Tools",
    "TurnScope",
    "Verdict",
    "carry",
    "current",
    "innermost",
    "plain",
    "progress",
    "repository_of",
    "spent",
]

"""Receives OpenTelemetry's GenAI spans over OTLP/HTTP JSON and records them as sessions. Loopback only.

A trace (or all traces of one `gen_ai.conversation.id`) is a session; agents within agents are sessions
of their own. Spans come when they end, children first: a trace is written when its first span has come.
What is acknowledged is on disk until then.
"""

from reenact.integrations.otlp.pending import Pending, damages, pending
from reenact.integrations.otlp.receiver import Receiver
from reenact.integrations.otlp.spans import GenAiSpan, spans_of
from reenact.integrations.otlp.spool import Spool
from reenact.integrations.otlp.traces import Traces

__all__ = ["GenAiSpan", "Pending", "Receiver", "Spool", "Traces", "damages", "pending", "spans_of"]

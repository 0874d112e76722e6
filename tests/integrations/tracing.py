"""A tracer as small as can be: spans as the GenAI conventions have them, exported as OTLP's JSON when they end."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

Span = dict[str, Any]


def value(given: Any) -> dict[str, Any]:
    match given:
        case bool():
            return {"boolValue": given}
        case int():
            return {"intValue": str(given)}
        case list():
            return {"arrayValue": {"values": [value(one) for one in given]}}
        case dict():
            items = [{"key": name, "value": value(one)} for name, one in given.items()]
            return {"kvlistValue": {"values": items}}
    return {"stringValue": given}


class Tracer:
    """Collects ended spans; `batches` of them, in the order in which they ended."""

    def __init__(self, trace: str = "0af7651916cd43dd8448eb211c80319c") -> None:
        self.trace = trace
        self.ended: list[Span] = []
        self._open: list[str] = []
        self._count = 0

    @contextmanager
    def span(self, name: str, operation: str = "", **attributes: Any) -> Iterator[dict[str, Any]]:
        """Attributes are named without `gen_ai.`, dots written as two underscores."""
        self._count += 1
        identity = f"{self._count:016x}"
        parent = self._open[-1] if self._open else ""
        begin = time.perf_counter_ns() + 1_795_000_000_000_000_000
        told = dict(attributes)
        self._open.append(identity)
        status: dict[str, Any] = {}
        try:
            yield told
        except Exception as error:
            status = {"code": 2, "message": str(error)}
            told["error_type"] = type(error).__name__
            raise
        finally:
            self._open.pop()
            if operation:
                told["operation__name"] = operation
            self.ended.append({
                "traceId": self.trace, "spanId": identity, "parentSpanId": parent, "name": name, "kind": 3,
                "startTimeUnixNano": str(begin),
                "endTimeUnixNano": str(time.perf_counter_ns() + 1_795_000_000_000_000_000),
                "attributes": [
                    {"key": "error.type" if key == "error_type" else f"gen_ai.{key.replace('__', '.')}", "value": value(one)}
                    for key, one in told.items()
                ],
                "status": status,
            })  # fmt: skip

    def batches(self, size: int = 2) -> list[bytes]:
        return [batch(self.ended[at : at + size]) for at in range(0, len(self.ended), size)]


def batch(spans: list[Span]) -> bytes:
    scope = {"scope": {"name": "test"}, "spans": spans}
    return json.dumps({"resourceSpans": [{"resource": {"attributes": []}, "scopeSpans": [scope]}]}).encode()

"""What a session spent: one source for each stretch of it, however many state the same tokens.

The best is a `session.usage_record` for each response (1.0.102), then the rows of Copilot's database,
then the sums that `session.shutdown` gives. Before the first and without the last, a log tells only
the output of each message: a lower bound, told as such.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from reenact import clock
from reenact.events import Tokens
from reenact.events.bodies import Custom, SessionStarted, UsageRecorded
from reenact.sources.copilot.records import Row, tokens
from reenact.sources.members import count, mapping, number, object_in, text
from reenact.sources.strand import Page, Strand

_CREDITS_SINCE = 1_780_272_000_000_000  # 2026-06-01: from then on a credit is a cent
_NANO_PER_DOLLAR = 100_000_000_000


class Stored(msgspec.Struct, frozen=True):
    """A row of the database: one request."""

    id: int
    ts: int | None
    value: dict[str, Any]


class Meter:
    """Books the usage of one transcript."""

    def __init__(self, page: Page, main: Strand, strand: Callable[[str | None], Strand], rows: bytes) -> None:
        self._page = page
        self._main = main
        self._strand = strand
        self._stored = _stored(rows)
        self._next = 0
        self._has_records = self._has_stored = self._has_compaction = False
        self._responses: set[str] = set()
        self._before = 0
        """Responses of the stretches before."""
        self._bounds: list[tuple[Strand, str, str | None, int]] = []
        """Outputs of messages that were told as a lower bound in this stretch."""
        self._sums: dict[tuple[str, str], dict[str, int]] = {}

    # -- response by response ---------------------------------------------------------------------

    def record(self, strand: Strand, row: Row) -> bool:
        """Books a `session.usage_record`; False where it holds no counts."""
        usage = mapping(row.data, "usage") or row.data
        counted = tokens(usage)
        if counted is None:
            return False
        self._has_records = True
        call = text(usage, "apiCallId") or text(mapping(usage, "accounting"), "usageId")
        key = f"resp:{call}" if call else f"copilot:{strand.native}:{row.id}"
        nano = number(mapping(usage, "copilotUsage"), "totalNanoAiu")
        self._book(strand, key, counted, model=text(usage, "model"), nano=nano)
        self._credit(strand, key, nano, number(usage, "cost"))
        return True

    def said(self, strand: Strand, data: dict[str, Any]) -> None:
        """Takes note of an answer; its output is all that is known until the session shuts down."""
        key = text(data, "apiCallId") or text(data, "messageId")
        output = count(data, "outputTokens")
        if key is None or key in self._responses:
            return
        self._responses.add(key)
        if output and not self._has_records and not self._stored:
            model = text(data, "model") or strand.model
            self._bounds.append((strand, f"copilot:message:{key}", model, output))
            self._output(*self._bounds[-1], is_final=False)

    def compaction(self, strand: Strand, row: Row) -> None:
        """Books the call that compacted, which is in no other sum, as a hidden session of its own."""
        usage = mapping(row.data, "compactionTokensUsed")
        if "input" in usage or "output" in usage:  # before 1.0
            names = {"input": "inputTokens", "output": "outputTokens", "cachedInput": "cacheReadTokens"}
            usage = {**usage, **{names[name]: usage[name] for name in names if name in usage}}
        counted = tokens(usage)
        if counted is None:
            return
        self._has_compaction = True
        attempt = text(row.data, "compactionAttemptId") or row.id or str(row.ts)
        model = text(usage, "model") or strand.model
        nano = number(mapping(usage, "copilotUsage"), "totalNanoAiu")
        self._beside(strand, attempt, counted, model, nano)

    def _beside(
        self, strand: Strand, attempt: str, counted: Tokens, model: str | None, nano: float | None
    ) -> None:
        side = Strand(
            self._page,
            strand.header.agent,
            f"{strand.native}/compaction-{attempt}",
            kind="subagent",
            parent=strand.session,
            hidden=True,
        )
        side.emit("start", SessionStarted(task="compaction", agent="compaction", model=model))
        self._book(side, f"copilot:{side.native}", counted, model=model, nano=nano)

    # -- rows of the database ---------------------------------------------------------------------

    def catch_up(self) -> None:
        """Books the rows of the database up to now, unless the transcript has records of its own."""
        if self._has_records:
            return
        while self._next < len(self._stored) and self._is_past(self._stored[self._next]):
            row = self._stored[self._next]
            self._next += 1
            self._store_row(row)

    def _is_past(self, row: Stored) -> bool:
        return row.ts is None or self._page.ts is None or row.ts <= self._page.ts

    def _store_row(self, row: Stored) -> None:
        value = row.value
        counted = tokens(
            {
                "inputTokens": value.get("input_tokens"),
                "outputTokens": value.get("output_tokens"),
                "cacheReadTokens": value.get("cache_read_tokens"),
                "cacheWriteTokens": value.get("cache_write_tokens"),
                "reasoningTokens": value.get("reasoning_tokens"),
            }
        )
        if counted is None:
            return
        self._has_stored = True
        strand = self._strand(text(value, "agent_id"))
        nano = number(value, "total_nano_aiu")
        if value.get("initiator") == "compaction":
            if not self._has_compaction:
                self._beside(strand, f"row-{row.id}", counted, text(value, "model"), nano)
            return
        key = f"copilot:{self._main.native}:row:{row.id}"
        self._book(strand, key, counted, model=text(value, "model"), nano=nano, ts=row.ts)
        self._credit(strand, key, nano, number(value, "request_multiplier"))

    # -- the end of a stretch ---------------------------------------------------------------------

    def shutdown(self, row: Row) -> None:
        """Books what a shutdown's sums hold over what was told of this stretch before."""
        self.catch_up()
        agents = mapping(row.data, "agentMetrics") or {
            "main": {"modelMetrics": mapping(row.data, "modelMetrics")}
        }
        is_stretch = self._is_stretch(mapping(row.data, "modelMetrics"))
        needed = not self._has_records and not self._has_stored
        for agent in agents:
            models = mapping(mapping(agents, agent), "modelMetrics")
            for model in models:
                usage = _counts(mapping(mapping(models, model), "usage"))
                if usage is None:
                    continue
                added = usage if is_stretch else _since(usage, self._sums.get((agent, model)))
                self._sums[agent, model] = usage
                if needed:
                    self._rest(agent, model, added, row)
        for bound in self._bounds if needed and agents else ():
            self._output(*bound, is_final=True)
        totals = {
            name: row.data[name]
            for name in ("totalNanoAiu", "totalPremiumRequests")
            if number(row.data, name)
        }
        if totals:
            self._main.emit(f"credits-total:{row.id}", Custom(name="copilot.credits_total", data=totals))
        self.new_stretch()

    def _is_stretch(self, models: dict[str, Any]) -> bool:
        """Tells whether sums are those of this stretch only (1.0.9), by the number of requests in them."""
        told = [number(mapping(mapping(models, model), "requests"), "count") for model in models]
        requests = sum(each for each in told if each is not None)
        return bool(self._before) and requests == len(self._responses) != self._before + len(self._responses)

    def _rest(self, agent: str, model: str, added: dict[str, int], row: Row) -> None:
        strand = self._strand(agent)
        known = sum(output for owner, _, named, output in self._bounds if (owner, named) == (strand, model))
        counted = tokens({**added, "outputTokens": max(added["outputTokens"] - known, 0)})
        if counted is not None and (counted.total or counted.reasoning):
            self._book(strand, f"copilot:{strand.native}:{row.id}:{model}", counted, model=model)

    def new_stretch(self) -> None:
        """Begins a stretch: after a shutdown, or where a session was resumed without one."""
        if self._has_records:
            while self._next < len(self._stored) and self._is_past(self._stored[self._next]):
                self._next += 1
        self._before += len(self._responses)
        self._responses, self._bounds = set(), []
        self._has_records = self._has_stored = self._has_compaction = False

    # -- booking ----------------------------------------------------------------------------------

    def _book(
        self,
        strand: Strand,
        key: str,
        counted: Tokens,
        *,
        model: str | None,
        nano: float | None = None,
        ts: int | None = None,
    ) -> None:
        when = self._page.ts if ts is None else ts
        cost = None
        if nano and when is not None and when >= _CREDITS_SINCE:
            cost = f"{nano / _NANO_PER_DOLLAR:.9f}".rstrip("0").rstrip(".")
        body = UsageRecorded(key=key, tokens=counted, model=model or strand.model, final=True, cost=cost)
        strand.emit(f"use:{key}", body, ts=ts)

    def _output(self, strand: Strand, key: str, model: str | None, output: int, *, is_final: bool) -> None:
        body = UsageRecorded(
            key=key,
            tokens=Tokens(output=output),
            model=model,
            quality="measured" if is_final else "partial",
            final=is_final,
        )
        strand.emit(f"use:{key}:{'final' if is_final else 'bound'}", body)

    def _credit(self, strand: Strand, key: str, nano: float | None, multiplier: float | None) -> None:
        """Keeps what Copilot charges beside the tokens: credits, or premium requests before June 2026."""
        if nano or multiplier:
            data = {"usage": key, "nano_aiu": nano, "premium_requests": multiplier}
            told = {name: value for name, value in data.items() if value}
            strand.emit(f"credits:{key}", Custom(name="copilot.credits", data=told))


def _stored(rows: bytes) -> list[Stored]:
    found = []
    for line in rows.splitlines():
        value = object_in(line)
        if value is not None:
            ts = clock.parse_iso(text(value, "created_at"))
            found.append(Stored(count(value, "id"), ts, value))
    return found


_COUNTS = ("inputTokens", "outputTokens", "cacheReadTokens", "cacheWriteTokens", "reasoningTokens")


def _counts(usage: dict[str, Any]) -> dict[str, int] | None:
    return {name: count(usage, name) for name in _COUNTS} if usage else None


def _since(now: dict[str, int], before: dict[str, int] | None) -> dict[str, int]:
    """Gives what was added to sums; sums that fell began anew."""
    if before is None or any(now[name] < before[name] for name in _COUNTS):
        return now
    return {name: now[name] - before[name] for name in _COUNTS}

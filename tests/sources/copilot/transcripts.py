"""Shared by the tests of this folder: rows as Copilot CLI 1.0.102 writes them, stories of ours, and a parser."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from reenact.events import Tokens
from reenact.events.bodies import UsageRecorded
from reenact.sources import Draft, Line, Parsed, Setting
from reenact.sources.copilot import SOURCE

SESSION = "11111111-1111-4111-8111-111111111111"
AGENT = "22222222-2222-4222-8222-222222222222"
Row = dict[str, Any]


class Log:
    """Writes rows one after the other, each with an id and a time of its own."""

    def __init__(self, start: str = "2026-11-20T10:00") -> None:
        self.rows: list[Row] = []
        self._start = start

    def add(self, kind: str, data: Mapping[str, Any] | None = None, *, agent: str | None = None) -> Row:
        number = len(self.rows)
        row: Row = {
            "type": kind,
            "data": dict(data or {}),
            "id": f"00000000-0000-4000-8000-{number:012d}",
            "timestamp": f"{self._start}:{number % 60:02d}.{number // 60:03d}Z",
            "parentId": self.rows[-1]["id"] if self.rows else None,
        }
        if agent is not None:
            row["agentId"] = agent
        self.rows.append(row)
        return row

    def start(self, **more: Any) -> None:
        context = {"cwd": "/home/dev/code/todo", "gitRoot": "/home/dev/code/todo", "branch": "main"}
        data = {"sessionId": SESSION, "version": 1, "copilotVersion": "1.0.102", "context": context, **more}
        self.add("session.start", data)

    def prompt(self, text: str, interaction: str = "i1", *, agent: str | None = None, **more: Any) -> None:
        self.add("user.message", {"content": text, "interactionId": interaction, **more}, agent=agent)

    def answer(
        self,
        text: str = "",
        *,
        call: str = "resp-1",
        tools: Iterable[tuple[str, str, Any]] = (),
        interaction: str = "i1",
        turn: str = "0",
        agent: str | None = None,
        usage: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> None:
        """A whole turn's beginning: turn_start, usage_record (where `usage` is given), message."""
        self.add("assistant.turn_start", {"turnId": turn, "interactionId": interaction}, agent=agent)
        if usage is not None:
            self.usage(call, agent=agent, **usage)
        requests = [{"toolCallId": i, "name": name, "arguments": given} for i, name, given in tools]
        data = {
            "content": text,
            "toolRequests": requests,
            "apiCallId": call,
            "messageId": f"m-{call}",
            **more,
        }
        self.add("assistant.message", {"model": "gpt-5.5", **data}, agent=agent)

    def end_turn(self, turn: str = "0", *, agent: str | None = None) -> None:
        self.add("assistant.turn_end", {"turnId": turn}, agent=agent)

    def usage(self, call: str, *, agent: str | None = None, **counts: Any) -> None:
        usage = {"model": "gpt-5.5", "apiCallId": call, **counts}
        self.add("session.usage_record", {"usage": usage}, agent=agent)

    def tool(self, call: str, name: str, given: Any, *, agent: str | None = None, **result: Any) -> None:
        self.add(
            "tool.execution_start", {"toolCallId": call, "toolName": name, "arguments": given}, agent=agent
        )
        data = {"toolCallId": call, "success": True, "result": {"content": "ok"}, **result}
        self.add("tool.execution_complete", data, agent=agent)

    def shutdown(self, metrics: Mapping[str, Mapping[str, Any]] | None = None, **more: Any) -> None:
        """Ends a run; `metrics` gives model → counts, with `count` for the number of requests."""
        models = {
            model: {
                "requests": {"count": counts.get("count", 0)},
                "usage": {name: value for name, value in counts.items() if name != "count"},
            }
            for model, counts in (metrics or {}).items()
        }
        self.add("session.shutdown", {"shutdownType": "routine", "modelMetrics": models, **more})

    def resume(self) -> None:
        self.add("session.resume", {"eventCount": len(self.rows)})

    @property
    def data(self) -> bytes:
        return b"".join(json.dumps(row).encode() + b"\n" for row in self.rows)


def counts(whole: int, output: int, read: int = 0, written: int = 0, reasoning: int = 0) -> dict[str, int]:
    return {
        "inputTokens": whole,
        "outputTokens": output,
        "cacheReadTokens": read,
        "cacheWriteTokens": written,
        "reasoningTokens": reasoning,
    }


def lines_of(data: bytes) -> Iterator[Line]:
    offset = 0
    for number, raw in enumerate(data.split(b"\n"), 1):
        is_last = offset + len(raw) >= len(data)
        if raw or not is_last:
            yield Line(number=number, offset=offset, length=len(raw), data=raw, terminated=not is_last)
        offset += len(raw) + 1


def parse(data: bytes, *, sidecars: Mapping[str, bytes] | None = None) -> list[Parsed]:
    setting = Setting(agent="copilot", key=SESSION, sidecars=sidecars or {})
    parser = SOURCE.parser(setting)
    return [parser.feed(line) for line in lines_of(data)]


def drafts_of(parsed: Iterable[Parsed]) -> list[Draft]:
    return [draft for each in parsed for draft in each.drafts]


def bodies_of(parsed: Iterable[Parsed], kind: type[Any]) -> list[Any]:
    return [draft.body for draft in drafts_of(parsed) if isinstance(draft.body, kind)]


def spent(parsed: Iterable[Parsed]) -> Tokens:
    """Adds up what was booked, each key once by its last word. Shares nothing with `usage`."""
    last: dict[str, Tokens] = {}
    for body in bodies_of(parsed, UsageRecorded):
        last[body.key] = body.tokens
    return Tokens(
        input=sum(each.input for each in last.values()),
        cache_read=sum(each.cache_read for each in last.values()),
        cache_write=sum(each.cache_write for each in last.values()),
        output=sum(each.output for each in last.values()),
        reasoning=sum(each.reasoning or 0 for each in last.values()),
    )


def home(root: Path, data: bytes, *, session: str = SESSION) -> Path:
    """Lays a transcript into a home of Copilot; gives the file."""
    folder = root / ".copilot" / "session-state" / session
    folder.mkdir(parents=True)
    (folder / "events.jsonl").write_bytes(data)
    return folder / "events.jsonl"

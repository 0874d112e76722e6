"""Shared by the tests of this folder: transcripts from hand-made rows, and a ledger of our own."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from reenact import ids
from reenact.events import Header
from reenact.events.bodies import Body, SessionStarted, UsageRecorded
from reenact.sources import Draft, Environment, Line, Parsed, Setting, Transcript
from reenact.sources.claude_code import SOURCE

CORPUS = Path(os.environ.get("REENACT_CORPUS", Path(__file__).parents[4] / "shared" / "corpus"))
GENUINE = Path(__file__).parents[2] / "data" / "transcripts"
CATEGORIES = ("input", "cache_read", "cache_write", "output", "reasoning")
SESSION = "11111111-1111-4111-8111-111111111111"
OTHER = "22222222-2222-4222-8222-222222222222"
BodyT = TypeVar("BodyT", bound=Body)


class Log:
    """Writes rows as Claude Code does; each row hangs on the one before unless told otherwise."""

    def __init__(self, session: str = SESSION, *, version: str = "2.1.100", agent: str | None = None) -> None:
        self.session = session
        self.version = version
        self.agent = agent
        self.rows: list[dict[str, Any]] = []
        self.last: str | None = None
        self._clock = 0

    def stamp(self) -> str:
        self._clock += 1
        return f"2026-03-01T10:{self._clock // 60:02d}:{self._clock % 60:02d}.000Z"

    def row(self, type_: str, **fields: Any) -> dict[str, Any]:
        """Adds a row of the dialog."""
        uuid = fields.pop("uuid", None) or f"{len(self.rows):08d}-{self.session[:4]}-row"
        row: dict[str, Any] = {
            "parentUuid": fields.pop("parent", self.last),
            "isSidechain": self.agent is not None,
            "userType": "external",
            "cwd": "/home/dev/code/todo",
            "sessionId": self.session,
            "version": self.version,
            "gitBranch": "main",
            "type": type_,
            "uuid": uuid,
            "timestamp": self.stamp(),
            **({"agentId": self.agent} if self.agent else {}),
            **fields,
        }
        self.rows.append(row)
        self.last = uuid
        return row

    def meta(self, type_: str, **fields: Any) -> dict[str, Any]:
        """Adds a row of metadata."""
        row = {"type": type_, **fields, "sessionId": self.session}
        self.rows.append(row)
        return row

    def prompt(self, text: Any = "Do it", **fields: Any) -> dict[str, Any]:
        return self.row("user", message={"role": "user", "content": text}, **fields)

    def says(
        self,
        *blocks: Any,
        message: str = "msg_1",
        out: int = 40,
        stop: str | None = "end_turn",
        model: str = "claude-sonnet-4-5",
        usage: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> dict[str, Any]:
        """Adds an assistant row; texts stand for text blocks."""
        content = [{"type": "text", "text": block} if isinstance(block, str) else block for block in blocks]
        counts = {
            "input_tokens": 10,
            "cache_creation_input_tokens": 30,
            "cache_read_input_tokens": 100,
            "cache_creation": {"ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 10},
            "output_tokens": out,
            "service_tier": "standard",
            **(usage or {}),
        }
        body = {
            "id": message,
            "type": "message",
            "role": "assistant",
            "model": model,
            "content": content,
            "stop_reason": stop,
            "stop_sequence": None,
            "usage": counts,
        }
        return self.row("assistant", message=body, **fields)

    def result(
        self, call: str, output: Any = "done", structured: Any = None, *, error: bool = False, **fields: Any
    ) -> dict[str, Any]:
        block = {"tool_use_id": call, "type": "tool_result", "content": output}
        if error:
            block["is_error"] = True
        if structured is not None:
            fields["toolUseResult"] = structured
        return self.row("user", message={"role": "user", "content": [block]}, **fields)

    def attach(self, type_: str, rendered: str | None = None, **given: Any) -> dict[str, Any]:
        fields: dict[str, Any] = {"attachment": {"type": type_, **given}}
        if rendered is not None:
            fields.update(rendered=[{"content": rendered}], renderedRole="system")
        return self.row("attachment", **fields)

    def notice(self, subtype: str, **fields: Any) -> dict[str, Any]:
        return self.row("system", subtype=subtype, **fields)

    @property
    def data(self) -> bytes:
        return b"".join(json.dumps(row).encode() + b"\n" for row in self.rows)

    def read(self, **given: Any) -> Reading:
        key = f"{self.session}/{self.agent}" if self.agent else self.session
        return read(self.data, key=given.pop("key", key), **given)


def use(name: str, call: str = "toolu_1", **given: Any) -> dict[str, Any]:
    """Gives a tool_use block."""
    return {"type": "tool_use", "id": call, "name": name, "input": given}


class Reading:
    """What a transcript became."""

    def __init__(self, parsed: Iterable[Parsed]) -> None:
        self.parsed = list(parsed)
        self.drafts = [draft for line in self.parsed for draft in line.drafts]
        self.headers: dict[str, Header] = {}
        for line in self.parsed:
            for header in line.headers:
                self.headers[header.id] = header

    @property
    def dispositions(self) -> list[str]:
        return [line.disposition for line in self.parsed]

    @property
    def kinds(self) -> list[str]:
        return [draft.body.kind for draft in self.drafts]

    @property
    def unknown(self) -> list[str]:
        return [name for line in self.parsed for name in line.unknown]

    def of(self, kind: type[BodyT], session: str | None = None) -> list[BodyT]:
        """Gives the bodies of one class, of one session or of all."""
        return [
            draft.body
            for draft in self.drafts
            if isinstance(draft.body, kind) and (session is None or draft.session == session)
        ]

    def one(self, kind: type[BodyT]) -> BodyT:
        (only,) = self.of(kind)
        return only

    def draft(self, kind: type[Body]) -> Draft:
        (only,) = [draft for draft in self.drafts if isinstance(draft.body, kind)]
        return only


def lines_of(data: bytes) -> Iterator[Line]:
    """Yields the lines of a file as an import cuts them."""
    offset = 0
    for number, raw in enumerate(data.split(b"\n"), 1):
        is_last = offset + len(raw) == len(data)
        if raw or not is_last:
            yield Line(number=number, offset=offset, length=len(raw), data=raw, terminated=not is_last)
        offset += len(raw) + 1


def read(
    data: bytes,
    *,
    key: str = SESSION,
    hints: Mapping[str, str] | None = None,
    sidecars: Mapping[str, bytes] | None = None,
) -> Reading:
    parser = SOURCE.parser(Setting(agent="claude_code", key=key, hints=hints or {}, sidecars=sidecars or {}))
    return Reading(parser.feed(line) for line in lines_of(data))


def read_file(found: Transcript) -> Reading:
    sidecars = {sidecar.name: Path(sidecar.path).read_bytes() for sidecar in found.sidecars}
    return read(Path(found.path).read_bytes(), key=found.key, hints=found.hints, sidecars=sidecars)


def read_all(root: Path) -> list[Reading]:
    return [read_file(found) for found in SOURCE.transcripts(str(root))]


def environment(home: Path, **variables: str) -> Environment:
    return Environment(home=str(home), variables=variables)


def session_id(native: str) -> str:
    return ids.session_id("claude_code", native)


class Ledger:
    """Adds up usage as the rules say, written apart from the code that does so in the product.

    The same key of one session is replaced by a record with more output, or with equal output and a
    stop reason. A key that several sessions hold belongs to the one that started first.
    """

    def __init__(self, readings: Iterable[Reading]) -> None:
        starts: dict[str, int] = {}
        held: dict[str, dict[str, UsageRecorded]] = {}
        self.headers: dict[str, Header] = {}
        for reading in readings:
            self.headers.update(reading.headers)
            for draft in reading.drafts:
                body = draft.body
                if isinstance(body, SessionStarted):
                    assert draft.ts is not None
                    starts[draft.session] = draft.ts
                elif isinstance(body, UsageRecorded):
                    mine = held.setdefault(body.key, {})
                    old = mine.get(draft.session)
                    if old is None or (body.tokens.output, body.final) > (old.tokens.output, old.final):
                        mine[draft.session] = body
        self.owned: dict[str, list[UsageRecorded]] = {}
        for holders in held.values():
            owner = min(holders, key=lambda session: (starts[session], session))
            self.owned.setdefault(owner, []).append(holders[owner])

    def session(self, session: str) -> dict[str, int]:
        return self._sum(self.owned.get(session, []))

    def total(self) -> dict[str, int]:
        return self._sum(body for bodies in self.owned.values() for body in bodies)

    def group(self, name: str) -> dict[str, int]:
        """Gives the sum of main sessions, of sub-agents, or of side calls that nobody asks for."""
        return self._sum(
            body for session, bodies in self.owned.items() if self._group(session) == name for body in bodies
        )

    def quality(self, session: str | None = None) -> str:
        bodies = [
            body
            for owner, owned in self.owned.items()
            for body in owned
            if session is None or owner == session
        ]
        return "partial" if any(body.quality != "measured" for body in bodies) else "measured"

    def _group(self, session: str) -> str:
        header = self.headers[session]
        return "side" if header.hidden else "sub" if header.kind == "subagent" else "main"

    @staticmethod
    def _sum(bodies: Iterable[UsageRecorded]) -> dict[str, int]:
        found = list(bodies)
        return {name: sum(getattr(body.tokens, name) or 0 for body in found) for name in CATEGORIES}

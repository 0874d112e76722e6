"""Shared by the tests of this folder: databases as OpenCode writes them (the columns of 1.18.33), with stories of ours."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import apsw

from reenact.events import Event
from reenact.sources import Draft, Line, Parsed, Setting, Transcript
from reenact.sources.lines import MAX_RECORD
from reenact.sources.opencode import SOURCE

MAIN, CHILD, FORK = (
    "ses_main00000000000000000001",
    "ses_child0000000000000000001",
    "ses_fork00000000000000000001",
)
T0 = 1_790_000_000_000
"""Unix milliseconds of the first thing that happens."""
SECRET = "sk-not-for-anyone-0123456789"
Object = dict[str, Any]

_SCHEMA = """
CREATE TABLE project (id TEXT PRIMARY KEY, worktree TEXT NOT NULL);
CREATE TABLE session (id TEXT PRIMARY KEY, project_id TEXT NOT NULL, parent_id TEXT, slug TEXT, directory TEXT NOT NULL,
  title TEXT NOT NULL, version TEXT NOT NULL, cost REAL DEFAULT 0 NOT NULL, tokens_input INTEGER DEFAULT 0 NOT NULL,
  tokens_output INTEGER DEFAULT 0 NOT NULL, tokens_reasoning INTEGER DEFAULT 0 NOT NULL,
  tokens_cache_read INTEGER DEFAULT 0 NOT NULL, tokens_cache_write INTEGER DEFAULT 0 NOT NULL, revert TEXT, permission TEXT,
  agent TEXT, model TEXT, time_created INTEGER NOT NULL, time_updated INTEGER NOT NULL, time_archived INTEGER);
CREATE TABLE message (id TEXT PRIMARY KEY, session_id TEXT NOT NULL, time_created INTEGER NOT NULL,
  time_updated INTEGER NOT NULL, data TEXT NOT NULL);
CREATE TABLE part (id TEXT PRIMARY KEY, message_id TEXT NOT NULL, session_id TEXT NOT NULL, time_created INTEGER NOT NULL,
  time_updated INTEGER NOT NULL, data TEXT NOT NULL);
CREATE TABLE credential (id TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE account (id TEXT PRIMARY KEY, access_token TEXT NOT NULL);
CREATE TABLE session_share (session_id TEXT PRIMARY KEY, secret TEXT NOT NULL);
"""
_LOG = "CREATE TABLE event (id TEXT PRIMARY KEY, aggregate_id TEXT NOT NULL, seq INTEGER NOT NULL, type TEXT NOT NULL, data TEXT NOT NULL);"
_NEWER = """
CREATE TABLE session_v2 (id TEXT PRIMARY KEY, project_id TEXT, parent_id TEXT, fork_session_id TEXT, directory TEXT,
  title TEXT, version TEXT, time_created INTEGER, time_updated INTEGER);
CREATE TABLE session_message (id TEXT PRIMARY KEY, session_id TEXT, type TEXT, seq INTEGER, time_created INTEGER,
  time_updated INTEGER, data TEXT);
"""


class Book:
    """An OpenCode at work: writes its tables and, where `log` is kept, every change of them."""

    def __init__(self, home: Path, *, log: bool = True, wal: bool = False) -> None:
        folder = home / ".local" / "share" / "opencode"
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / "opencode.db"
        self.database = apsw.Connection(str(self.file))
        if wal:
            self.database.execute("PRAGMA journal_mode=WAL").fetchall()
            self.database.execute("PRAGMA wal_autocheckpoint=0").fetchall()
        self.database.execute(_SCHEMA).fetchall()
        self.database.execute("INSERT INTO credential VALUES ('c', ?)", (SECRET,)).fetchall()
        self.database.execute("INSERT INTO account VALUES ('a', ?)", (SECRET,)).fetchall()
        self.has_log = log
        if log:
            self.database.execute(_LOG).fetchall()
        self._seq: dict[str, int] = {}
        self._now = T0
        self._messages: dict[str, tuple[str, Object]] = {}

    def close(self) -> None:
        self.database.close()

    def tick(self, milliseconds: int = 100) -> int:
        self._now += milliseconds
        return self._now

    def _log(self, session: str, kind: str, data: Object) -> None:
        if self.has_log:
            seq = self._seq.get(session, 0)
            self._seq[session] = seq + 1
            row = (
                f"evt_{session}_{seq}",
                session,
                seq,
                f"{kind}.1",
                json.dumps({"sessionID": session, **data}),
            )
            self.database.execute("INSERT INTO event VALUES (?,?,?,?,?)", row).fetchall()

    # -- sessions -----------------------------------------------------------------------------

    def session(self, session: str = MAIN, *, parent: str | None = None, title: str = "A todo list") -> None:
        now = self.tick()
        values = (session, "project-1", parent, "/home/dev/code/todo", title, "1.18.33", now, now)
        sql = "INSERT INTO session(id, project_id, parent_id, directory, title, version, time_created, time_updated) VALUES (?,?,?,?,?,?,?,?)"
        self.database.execute(sql, values).fetchall()
        self._log(session, "session.created", {"info": self._info(session)})

    def _info(self, session: str) -> Object:
        columns = "project_id, parent_id, directory, title, version, time_created, time_updated, revert"
        row = self.database.execute(f"SELECT {columns} FROM session WHERE id=?", (session,)).fetchall()[0]
        names = ("projectID", "parentID", "directory", "title", "version")
        info: Object = {name: value for name, value in zip(names, row, strict=False) if value is not None}
        sums = "tokens_input, tokens_output, tokens_reasoning, tokens_cache_read, tokens_cache_write"
        tokens = self.database.execute(f"SELECT {sums} FROM session WHERE id=?", (session,)).fetchall()[0]
        info["tokens"] = {
            "input": tokens[0],
            "output": tokens[1],
            "reasoning": tokens[2],
            "cache": {"read": tokens[3], "write": tokens[4]},
        }
        return {"id": session, **info, "time": {"created": row[5], "updated": row[6]}, **({"revert": json.loads(str(row[7]))} if row[7] else {})}  # fmt: skip

    def change(self, session: str = MAIN, **columns: Any) -> None:
        columns["time_updated"] = self.tick()
        sets = ", ".join(f"{name}=?" for name in columns)
        values = (*columns.values(), session)
        self.database.execute(f"UPDATE session SET {sets} WHERE id=?", values).fetchall()
        self._log(session, "session.updated", {"info": self._info(session)})

    # -- messages -----------------------------------------------------------------------------

    def message(self, identity: str, info: Object, *, session: str = MAIN) -> None:
        """Writes a message, or what changed of it."""
        is_new = identity not in self._messages
        known = {} if is_new else self._messages[identity][1]
        info = {**known, **info}
        self._messages[identity] = (session, info)
        made, now = info["time"]["created"], self.tick(1)
        sql = "INSERT OR REPLACE INTO message VALUES (?,?,?,?,?)"
        self.database.execute(sql, (identity, session, made, now, json.dumps(info))).fetchall()
        self._log(session, "message.updated", {"info": {**info, "id": identity, "sessionID": session}})

    def part(self, identity: str, message: str, info: Object) -> None:
        session = self._messages[message][0]
        now = self.tick(10)
        sql = "INSERT OR REPLACE INTO part VALUES (?,?,?,?,?,?)"
        self.database.execute(sql, (identity, message, session, now, now, json.dumps(info))).fetchall()
        part = {**info, "id": identity, "messageID": message, "sessionID": session}
        self._log(session, "message.part.updated", {"part": part, "time": now})

    def prompt(self, identity: str, text: str, *, session: str = MAIN) -> None:
        self.message(
            identity, {"role": "user", "time": {"created": self.tick()}, "agent": "build"}, session=session
        )
        self.part(f"prt_{identity}_0", identity, {"type": "text", "text": text})

    def answer(
        self,
        identity: str,
        parent: str,
        text: str = "",
        *,
        tools: Iterable[tuple[str, str, Object]] = (),
        tokens: Object | None = None,
        finish: str = "stop",
        session: str = MAIN,
        **more: Any,
    ) -> None:
        """A whole answer: opened, its parts, its tokens, its end."""
        made = self.tick()
        base = {
            "role": "assistant",
            "parentID": parent,
            "modelID": "gpt-5.5",
            "providerID": "openai",
            "agent": "build",
        }
        nothing = {"input": 0, "output": 0, "reasoning": 0, "cache": {"read": 0, "write": 0}}
        self.message(
            identity,
            {**base, "time": {"created": made}, "tokens": nothing, "cost": 0, **more},
            session=session,
        )
        if text:
            begun = self.tick(5)
            self.part(f"prt_{identity}_1", identity, {"type": "text", "text": "", "time": {"start": begun}})
            done = {"type": "text", "text": text, "time": {"start": begun, "end": self.tick(5)}}
            self.part(f"prt_{identity}_1", identity, done)
        for number, (call, name, state) in enumerate(tools, 2):
            self.tool(f"prt_{identity}_{number}", identity, call, name, state)
        counted = used() if tokens is None else tokens
        self.part(f"prt_{identity}_9", identity, {"type": "step-finish", "tokens": counted, "cost": 0})
        self.message(identity, {"tokens": counted, "finish": finish}, session=session)
        self.message(identity, {"time": {"created": made, "completed": self.tick()}}, session=session)

    def tool(self, part: str, message: str, call: str, name: str, state: Object) -> None:
        base = {"type": "tool", "callID": call, "tool": name}
        self.part(part, message, {**base, "state": {"status": "pending", "input": {}, "raw": ""}})
        begun = self.tick(5)
        given = state.get("input", {})
        self.part(
            part, message, {**base, "state": {"status": "running", "input": given, "time": {"start": begun}}}
        )
        over = {
            "status": "completed",
            "output": "ok",
            "metadata": {},
            "time": {"start": begun, "end": self.tick(20)},
        }
        self.part(part, message, {**base, "state": {**over, **state}})

    def fork(self, source: str = MAIN, target: str = FORK) -> None:
        """Copies a session as `--fork` does: other ids, all else the same, no link."""
        title, _, count = str(self._info(source)["title"]).rstrip(")").partition(" (fork #")
        self.session(target, title=f"{title} (fork #{int(count or 0) + 1})")
        renamed: dict[str, str] = {}
        for identity, (session, info) in list(self._messages.items()):
            if session != source:
                continue
            renamed[identity] = f"{identity}f"
            copied = {**info, **({"parentID": renamed[info["parentID"]]} if "parentID" in info else {})}
            self.message(renamed[identity], copied, session=target)
            rows = self.database.execute(
                "SELECT id, data FROM part WHERE message_id=? ORDER BY id", (identity,)
            )
            for part, data in rows.fetchall():
                self.part(f"{part}f", renamed[identity], json.loads(str(data)))

    # -- OpenCode 2 ---------------------------------------------------------------------------

    def newer(self, session: str, rows: Iterable[tuple[str, Object]], *, fork: str | None = None) -> None:
        if not self.database.execute("SELECT 1 FROM sqlite_master WHERE name='session_v2'").fetchall():
            self.database.execute(_NEWER).fetchall()
        now = self.tick()
        head = (session, "project-1", None, fork, "/home/dev/code/todo", "In new tables", "2.0.1", now, now)
        self.database.execute("INSERT INTO session_v2 VALUES (?,?,?,?,?,?,?,?,?)", head).fetchall()
        for seq, (kind, data) in enumerate(rows):
            at = self.tick()
            row = (
                f"msg_{session}_{seq}",
                session,
                kind,
                seq,
                at,
                at,
                json.dumps({"time": {"created": at}, **data}),
            )
            self.database.execute("INSERT INTO session_message VALUES (?,?,?,?,?,?,?)", row).fetchall()


def used(
    fresh: int = 400, output: int = 30, reasoning: int = 20, read: int = 600, written: int = 0
) -> Object:
    """Tokens as 1.18.33 states them: all apart, with their total."""
    total = fresh + output + reasoning + read + written
    return {"total": total, "input": fresh, "output": output, "reasoning": reasoning, "cache": {"read": read, "write": written}}  # fmt: skip


def story(book: Book, session: str = MAIN) -> None:
    """A prompt, an answer that calls a tool, and an answer that yields."""
    book.session(session)
    book.prompt("msg_1", "List the files", session=session)
    book.answer("msg_2", "msg_1", tools=[("call_1", "bash", {"input": {"command": "ls"}})], finish="tool-calls", session=session)  # fmt: skip
    book.answer("msg_3", "msg_1", "There is one.", tokens=used(500, 10, 0, 700), session=session)


def transcripts(home: Path) -> dict[str, Transcript]:
    return {transcript.key: transcript for transcript in SOURCE.transcripts(str(home))}


def lines(transcript: Transcript) -> list[bytes]:
    """Gives the lines that are kept of a transcript."""
    with SOURCE.open_rows(transcript.path) as stream:
        return [bytes(line) for line in stream.read().split(b"\n") if line]


def parse(rows: Iterable[bytes | Mapping[str, Any]], *, key: str = MAIN, hints: Mapping[str, str] | None = None) -> list[Parsed]:  # fmt: skip
    parser = SOURCE.parser(Setting(agent="opencode", key=key, hints=hints or {}))
    data = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
    assert all(len(each) < MAX_RECORD for each in data)
    return [
        parser.feed(Line(number=number, offset=0, length=len(each), data=each))
        for number, each in enumerate(data, 1)
    ]


def drafts_of(parsed: Iterable[Parsed]) -> list[Draft]:
    return [draft for each in parsed for draft in each.drafts]


def bodies_of(found: Iterable[Parsed | Event], kind: type[Any]) -> list[Any]:
    bodies = []
    for each in found:
        drafts = each.drafts if isinstance(each, Parsed) else (each,)
        bodies += [draft.body for draft in drafts if isinstance(draft.body, kind)]
    return bodies

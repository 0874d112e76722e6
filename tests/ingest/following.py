"""What tests of following share: a watch that is told by hand, and transcripts that are written by hand."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from reenact import ids
from reenact.archive import SOURCES, Archive
from reenact.archive.following import Followed, Following, Wanted
from reenact.ingest.watching import Noticed

ONE = "11111111-1111-4111-8111-111111111111"
TWO = "22222222-2222-4222-8222-222222222222"


class Told:
    """A watch that notices what a test tells it."""

    def __init__(self) -> None:
        self._paths: set[str] = set()
        self._everything = False
        self.learned: set[str] = set()

    def tell(self, *paths: Path | str, everything: bool = False) -> None:
        self._paths |= {str(path) for path in paths}
        self._everything |= everything

    def wait(self, seconds: float) -> Noticed:
        noticed = Noticed(paths=frozenset(self._paths), everything=self._everything)
        self._paths, self._everything = set(), False
        return noticed

    def learn(self, paths: Iterable[str]) -> None:
        self.learned |= set(paths)

    def close(self) -> None:
        pass


def following(archive: Archive, watch: Told, *, cursor: str | None = None, **wanted: Any) -> Following:
    return Following(archive, SOURCES, Wanted(**wanted), cursor=cursor, watch=watch)


def claude_session(native: str) -> str:
    return ids.session_id("claude_code", native)


def row(session: str, number: int, *, text: str | None = None, agent: str | None = None) -> bytes:
    """Gives one line of Claude Code's log: odd numbers are prompts, even ones answers."""
    said = text or f"line {number}"
    uuid = f"{session[:8]}-{agent or 'main'}-{number:04d}"
    base: dict[str, Any] = {
        "parentUuid": f"{session[:8]}-{agent or 'main'}-{number - 1:04d}" if number > 1 else None,
        "isSidechain": agent is not None,
        "userType": "external",
        "cwd": "/home/dev/code/todo",
        "sessionId": session,
        "version": "2.1.329",
        "gitBranch": "main",
        "uuid": uuid,
        "timestamp": f"2026-11-20T10:{number // 60:02d}:{number % 60:02d}.000Z",
    }
    if agent is not None:
        base["agentId"] = agent
    if number % 2:
        base |= {"type": "user", "message": {"role": "user", "content": said}}
    else:
        usage = {"input_tokens": 10, "output_tokens": number}
        message = {
            "id": f"msg_{uuid}",
            "type": "message",
            "role": "assistant",
            "model": "claude-opus-4-7",
            "content": [{"type": "text", "text": said}],
            "stop_reason": "end_turn",
            "usage": usage,
        }
        base |= {"type": "assistant", "requestId": f"req_{uuid}", "message": message}
    return json.dumps(base).encode() + b"\n"


def rows(session: str, numbers: Iterable[int], **more: Any) -> bytes:
    return b"".join(row(session, number, **more) for number in numbers)


def transcript(home: Path, session: str, *, project: str = "-home-dev-code-todo") -> Path:
    path = home / ".claude" / "projects" / project / f"{session}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as handle:
        handle.write(data)


def texts(found: Sequence[Followed]) -> list[str]:
    """Gives the texts of the messages among events."""
    said = []
    for followed in found:
        if followed.event.body.kind.startswith("message."):
            blocks = followed.event.body.blocks  # type: ignore[union-attr]
            said.append("".join(getattr(block, "text", "") for block in blocks))
    return said


def seen(found: Sequence[Followed]) -> list[tuple[str, int, str]]:
    return [(each.event.session, each.event.seq, each.event.id) for each in found]

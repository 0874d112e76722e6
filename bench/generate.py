"""Makes transcripts in Claude Code's layout, of realistic sizes, from a seed and Python's own library.

Sizes follow what was seen in real transcripts: lines of 1 KB at the median, 4 KB at the ninetieth and
17 KB at the ninety-ninth percentile, now and then a tool's output of 90-250 KB, each result twice in
its row as the client writes it, every fifth result one that was given before. The texts are pieces of
the standard library, so that they pack and split into words like the code that agents read.

Run: python -m bench.generate FOLDER [MEGABYTES]
"""

from __future__ import annotations

import json
import random
import sys
import sysconfig
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

SEED = 20261121
SMALL = 8
"""Megabytes of the small mode, which the tests of the benchmarks use."""
FULL = 500
_MODELS = ("claude-opus-4-5-20251101", "claude-sonnet-4-5-20250929", "claude-haiku-4-5-20251001")
_TOOLS = ("Read", "Bash", "Grep", "Edit")
_BEGIN = datetime(2026, 9, 1, tzinfo=UTC)
_LIBRARY = 6_000_000


class Texts:
    """Pieces of the standard library's sources, cut at random lines."""

    def __init__(self, random_: random.Random) -> None:
        self._random = random_
        folder = Path(sysconfig.get_paths()["stdlib"])
        sources = sorted(folder.glob("*.py")) + sorted(folder.glob("[a-l]*/*.py"))
        texts: list[str] = []
        size = 0
        for path in sources:
            text = path.read_text(encoding="utf-8", errors="replace")
            texts.append(text)
            size += len(text)
            if size > _LIBRARY:
                break
        self._all = "\n".join(texts)

    def piece(self, size: int) -> str:
        begin = self._random.randrange(max(1, len(self._all) - size))
        begin = self._all.find("\n", begin) + 1
        return self._all[begin : begin + size]

    def prose(self, words: int) -> str:
        return " ".join(self.piece(words * 9).split()[:words])


class Maker:
    """Writes sessions until a size is reached; equal seeds give equal bytes."""

    def __init__(self, folder: Path, *, seed: int = SEED) -> None:
        self.random = random.Random(seed)
        self.texts = Texts(self.random)
        self._folder = folder / ".claude" / "projects"
        self._given: list[str] = []
        self._projects = [f"/home/dev/code/project-{number}" for number in range(40)]
        self.lines = 0
        self.size = 0
        self.files = 0

    def until(self, size: int) -> None:
        while self.size < size:
            self._session()

    def _session(self) -> None:
        session = self.uuid()
        project = self.random.choice(self._projects)
        path = self._folder / project.replace("/", "-") / f"{session}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        at = _BEGIN + timedelta(seconds=self.random.randrange(75 * 86400))
        rows = _Rows(self, session, project, at)
        with path.open("wb") as handle:
            for row in rows.of(loops=1 + int(self.random.expovariate(0.25))):
                line = json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
                handle.write(line)
                self.size += len(line)
                self.lines += 1
        self.files += 1

    def uuid(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def output(self) -> str:
        """Gives a tool's output; every fifth is one given before."""
        if self._given and self.random.random() < 0.2:
            return self.random.choice(self._given)
        chance = self.random.random()
        if chance < 0.012:
            text = self.texts.piece(self.random.randrange(90_000, 120_000))
        else:
            text = self.texts.piece(min(40_000, 40 + int(self.random.lognormvariate(6.5, 1.2))))
        if len(self._given) < 400:
            self._given.append(text)
        else:
            self._given[self.random.randrange(400)] = text
        return text


class _Rows:
    """The rows of one session."""

    def __init__(self, maker: Maker, session: str, cwd: str, at: datetime) -> None:
        self._maker = maker
        self._random = maker.random
        self._texts = maker.texts
        self._parent: str | None = None
        self._session = session
        self._cwd = cwd
        self._at = at
        self._model = self._random.choices(_MODELS, (6, 3, 1))[0]

    def of(self, *, loops: int) -> Iterator[dict[str, Any]]:
        for _ in range(loops):
            yield self._row("user", message={"role": "user", "content": self._texts.prose(40)})
            for _ in range(1 + int(self._random.expovariate(0.1))):
                yield from self._turn()
            yield self._answer(
                [{"type": "text", "text": self._texts.prose(120)}], self._message(), "end_turn"
            )

    def _turn(self) -> Iterator[dict[str, Any]]:
        message = self._message()
        if self._random.random() < 0.4:
            thinking = {"type": "thinking", "thinking": self._texts.prose(60), "signature": self._signature()}
            yield self._answer([thinking], message, None)
        if self._random.random() < 0.5:
            yield self._answer([{"type": "text", "text": self._texts.prose(30)}], message, None)
        tool = self._random.choice(_TOOLS)
        call = f"toolu_{self._random.getrandbits(96):024x}"
        given = self._input(tool)
        asked = {"type": "tool_use", "id": call, "name": tool, "input": given}
        yield self._answer([asked], message, "tool_use")
        output = self._maker.output()
        failed = self._random.random() < 0.05
        block: dict[str, Any] = {"tool_use_id": call, "type": "tool_result", "content": output}
        if failed:
            block["is_error"] = True
        yield self._row(
            "user",
            message={"role": "user", "content": [block]},
            toolUseResult=f"Error: {output}" if failed else self._result(tool, given, output),
        )

    def _input(self, tool: str) -> dict[str, Any]:
        path = f"{self._cwd}/src/module_{self._random.randrange(200)}.py"
        if tool == "Bash":
            words = self._texts.prose(3)
            return {"command": f"pytest -q {path} -k {words!r}", "description": "Run the tests"}
        if tool == "Grep":
            return {"pattern": self._texts.prose(1), "path": self._cwd, "output_mode": "content"}
        if tool == "Edit":
            return {
                "file_path": path,
                "old_string": self._texts.piece(300),
                "new_string": self._texts.piece(400),
            }
        return {"file_path": path}

    @staticmethod
    def _result(tool: str, asked: dict[str, Any], output: str) -> dict[str, Any]:
        if tool == "Bash":
            return {"stdout": output, "stderr": "", "interrupted": False, "isImage": False}
        if tool == "Grep":
            return {"mode": "content", "numFiles": 0, "filenames": [], "content": output, "numLines": 9}
        if tool == "Edit":
            return {
                "filePath": asked["file_path"],
                "oldString": asked["old_string"],
                "newString": asked["new_string"],
                "originalFile": output,
                "structuredPatch": [],
                "userModified": False,
                "replaceAll": False,
            }
        lines = output.count("\n") + 1
        file = {"filePath": asked["file_path"], "content": output, "numLines": lines, "startLine": 1}
        return {"type": "text", "file": {**file, "totalLines": lines}}

    def _message(self) -> dict[str, Any]:
        numbers = self._random
        return {
            "id": f"msg_{numbers.getrandbits(96):024x}",
            "request": f"req_{numbers.getrandbits(96):024x}",
            "usage": {
                "input_tokens": numbers.randrange(1, 30),
                "cache_creation_input_tokens": numbers.randrange(200, 9000),
                "cache_read_input_tokens": numbers.randrange(10_000, 150_000),
                "output_tokens": numbers.randrange(20, 1500),
                "service_tier": "standard",
            },
        }

    def _answer(
        self, content: list[dict[str, Any]], message: dict[str, Any], stop: str | None
    ) -> dict[str, Any]:
        return self._row(
            "assistant",
            requestId=message["request"],
            message={
                "id": message["id"],
                "type": "message",
                "role": "assistant",
                "model": self._model,
                "content": content,
                "stop_reason": stop,
                "stop_sequence": None,
                "usage": message["usage"],
            },
        )

    def _row(self, kind: str, **fields: Any) -> dict[str, Any]:
        identity = self._maker.uuid()
        self._at += timedelta(milliseconds=self._random.randrange(50, 15_000))
        row = {
            "parentUuid": self._parent,
            "isSidechain": False,
            "userType": "external",
            "cwd": self._cwd,
            "sessionId": self._session,
            "version": "2.1.329",
            "gitBranch": "main",
            "type": kind,
            **fields,
            "uuid": identity,
            "timestamp": self._at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }
        self._parent = identity
        return row

    def _signature(self) -> str:
        return f"{self._random.getrandbits(1600):0400x}"


def make(folder: Path, *, megabytes: int = FULL, seed: int = SEED) -> Maker:
    """Writes a home folder with so many megabytes of transcripts below `.claude`."""
    maker = Maker(folder, seed=seed)
    maker.until(megabytes * 1_000_000)
    return maker


if __name__ == "__main__":
    made = make(Path(sys.argv[1]), megabytes=int(sys.argv[2]) if len(sys.argv) > 2 else FULL)
    print(f"{made.files:,} transcripts, {made.lines:,} lines, {made.size:,} bytes")

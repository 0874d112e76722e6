"""Ten transcripts that want more than to be read, as Claude Code would have written them down."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

PWN = "window.__pwned=1"
SCRIPT = f"<script>{PWN}</script><img src=x onerror='{PWN}'><iframe srcdoc='<script>parent.{PWN}</script>'>"
LINKS = (
    f"[run](javascript:{PWN}) [data](data:text/html,<script>{PWN}</script>) <javascript:{PWN}> "
    f"[x](vbscript:{PWN}) ![beacon](http://203.0.113.9/beacon.png) [out](https://203.0.113.9/)\n\n"
    f"[ref]: javascript:{PWN}\n\n[ref] https://203.0.113.9/auto"
)
SVG = (
    f"<svg xmlns='http://www.w3.org/2000/svg' onload='{PWN}'><script>{PWN}</script>"
    f"<foreignObject><body onload='{PWN}'/></foreignObject><use href='http://203.0.113.9/a.svg#x'/></svg>"
)
CSS = (
    "<style>@import 'http://203.0.113.9/a.css'; .session{display:none!important}</style>"
    "<link rel=stylesheet href='http://203.0.113.9/b.css'><p style=\"background:url(http://203.0.113.9/c)\">p</p>"
    "</style></textarea></title><base href='http://203.0.113.9/'>"
)
BIDI = "safe \u202etxt.exe\u202c \u2066isolated\u2069 zero\u200bwidth nul\x00 bell\x07 del\x7f c1\x9b31m lone\ud800"
ANSI = (
    "\x1b]8;;javascript:" + PWN + "\x07click\x1b]8;;\x07 \x1b]0;title\x07 \x1b[2J\x1b[H\x1b[31mred<b>\x1b[0m"
    "\x1b[38;2;1;2;3mdark\x1b[0m \x1b]8;;http://203.0.113.9/\x1b\\out\x1b]8;;\x1b\\ \x1bP+q544e\x1b\\"
)
BOMB = base64.b64encode(gzip.compress(b"\0" * 40_000_000)).decode()
DEEP = "[" * 3000 + "]" * 3000
UP = "../../../../etc/passwd"

CASES: dict[str, str] = {
    "script tags": SCRIPT,
    "javascript links": LINKS,
    "svg with script": SVG,
    "css injection": CSS,
    "a line of ten megabytes": "A" * 10_000_000,
    "bidi and control": BIDI,
    "terminal sequences": ANSI,
    "zip bomb": "an archive that grows",
    "fake ids": f"read {UP}",
    "deep json": DEEP,
}


def session_of(number: int) -> str:
    return f"aaaaaaaa-0000-4000-8000-{number:012d}"


def write(home: Path) -> None:
    """Writes the ten where Claude Code would have."""
    folder = home / ".claude" / "projects" / "-home-dev-code-hostile"
    folder.mkdir(parents=True)
    for number, (name, text) in enumerate(CASES.items()):
        lines = [json.dumps(record) for record in _records(number, name, text)]
        (folder / f"{session_of(number)}.jsonl").write_text("\n".join(lines) + "\n")


def _records(number: int, name: str, text: str) -> list[dict[str, Any]]:
    bad = UP if name == "fake ids" else ""
    call = f"{bad}toolu_{number}"
    large = len(text) > 100_000
    said = text[:2000] if large else text
    image = (
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": BOMB}}
        if name == "zip bomb"
        else {
            "type": "image",
            "source": {
                "type": "base64",
                "media_type": "image/svg+xml",
                "data": base64.b64encode(SVG.encode()).decode(),
            },
        }
    )
    values: dict[str, Any] = {
        "command": said,
        "description": said,
        "__proto__": {"polluted": True},
        "path": bad or said,
    }
    contents: list[tuple[str, Any]] = [
        ("user", f"{name}: {said}"),
        ("assistant", [{"type": "thinking", "thinking": said, "signature": "c2ln"}]),
        (
            "assistant",
            [
                {
                    "type": "text",
                    "text": f"# {said}\n\n{said}\n\n```html\n{said}\n```\n\n| a | b |\n|--|--|\n| {said} | 1 |",
                }
            ],
        ),
        ("assistant", [{"type": "tool_use", "id": call, "name": "Bash", "input": values}]),
        (
            "user",
            [
                {
                    "type": "tool_result",
                    "tool_use_id": call,
                    "content": [{"type": "text", "text": text}, image],
                }
            ],
        ),
        (
            "assistant",
            [
                {
                    "type": "tool_use",
                    "id": call + "b",
                    "name": f"mcp__{bad or 'x'}__{said[:40]}",
                    "input": values,
                }
            ],
        ),
        ("user", [{"type": "tool_result", "tool_use_id": call + "b", "content": said, "is_error": True}]),
        ("assistant", [{"type": "text", "text": "The end."}]),
    ]
    found: list[dict[str, Any]] = []
    parent = None
    for index, (kind, content) in enumerate(contents):
        uuid = f"{bad}{session_of(number)[:-4]}{index:04d}"
        message: dict[str, Any] = {"role": kind, "content": content}
        if kind == "assistant":
            message |= {
                "id": f"{bad}msg_{number}_{index}",
                "type": "message",
                "model": "claude-opus-4-6",
                "usage": {"input_tokens": 10, "output_tokens": 5},
            }
        found.append(
            {
                "parentUuid": parent,
                "isSidechain": False,
                "userType": "external",
                "cwd": f"/home/dev/code/hostile/{bad}",
                "sessionId": session_of(number),
                "version": "2.1.329",
                "gitBranch": said[:60],
                "type": kind,
                "message": message,
                "uuid": uuid,
                "timestamp": f"2026-11-20T10:{number:02d}:{index:02d}.000Z",
            }
        )
        parent = uuid
    return found

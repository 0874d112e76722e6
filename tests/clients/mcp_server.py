"""A tiny MCP server over stdio with one tool, `count_lines`; started by the clients themselves."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

TOOL = {
    "name": "count_lines",
    "description": "Count the lines of a file of the project.",
    "inputSchema": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
}


def answer(request: dict[str, Any]) -> dict[str, Any] | None:
    """The result of a request, or None for a notification."""
    if "id" not in request:
        return None
    parameters = request.get("params") or {}
    match request.get("method"):
        case "initialize":
            version = parameters.get("protocolVersion", "2025-06-18")
            about = {"name": "lines", "version": "1.0.0"}
            result: dict[str, Any] = {
                "protocolVersion": version,
                "capabilities": {"tools": {}},
                "serverInfo": about,
            }
        case "tools/list":
            result = {"tools": [TOOL]}
        case "tools/call":
            path = Path(parameters.get("arguments", {}).get("path", ""))
            text = (
                f"{len(path.read_text(encoding='utf-8').splitlines())} lines"
                if path.is_file()
                else "no such file"
            )
            result = {"content": [{"type": "text", "text": text}], "isError": not path.is_file()}
        case _:
            missing = {"code": -32601, "message": "not found"}
            return {"jsonrpc": "2.0", "id": request["id"], "error": missing}
    return {"jsonrpc": "2.0", "id": request["id"], "result": result}


def main() -> None:
    """Answer one JSON message per line until the input ends."""
    for line in sys.stdin:
        reply = answer(json.loads(line))
        if reply is not None:
            print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()

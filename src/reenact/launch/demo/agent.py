"""A small coding agent, as many people write one: a loop of model calls and tool calls.

It speaks the Anthropic Messages protocol to $ANTHROPIC_BASE_URL and knows one tool. It knows
nothing of reenact, and imports nothing but the standard library.
"""

import json
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

TOOLS = [
    {
        "name": "read_file",
        "description": "Read a text file.",
        "input_schema": {
            "type": "object",
            "properties": {"path": {"type": "string"}},
            "required": ["path"],
        },
    }
]


def ask(messages: list[dict[str, Any]]) -> dict[str, Any]:
    """Asks the model once."""
    body = {"model": "demo-1", "max_tokens": 500, "tools": TOOLS, "messages": messages}
    request = urllib.request.Request(  # noqa: S310 - the demonstration gives the address
        os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages",
        data=json.dumps(body).encode(),
        headers={"content-type": "application/json", "x-api-key": os.environ.get("ANTHROPIC_API_KEY", "")},
    )
    with urllib.request.urlopen(request) as response:  # noqa: S310
        answer: dict[str, Any] = json.load(response)
        return answer


def run(prompt: str) -> str:
    """Works on a prompt until the model asks for no more tools."""
    messages: list[dict[str, Any]] = [{"role": "user", "content": prompt}]
    while True:
        answer = ask(messages)
        messages.append({"role": "assistant", "content": answer["content"]})
        calls = [block for block in answer["content"] if block["type"] == "tool_use"]
        if not calls:
            return "".join(block.get("text", "") for block in answer["content"])
        results = [
            {
                "type": "tool_result",
                "tool_use_id": call["id"],
                "content": Path(call["input"]["path"]).read_text(),
            }
            for call in calls
        ]
        messages.append({"role": "user", "content": results})


if __name__ == "__main__":
    try:
        print(run(sys.argv[1]))
    except urllib.error.HTTPError as error:
        sys.exit(f"agent: {json.load(error)['error']['message']}")

"""Codex, really run, with its own provider: it talks over a WebSocket, is recorded so and replayed so.

The model is scripted and on loopback: a command that outlives its first answer, a look at what it
wrote, a last word. What Codex says about its own work is compared between the runs.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import re
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.clients import install
from tests.gateway.rooms import archive_in, recorded, recording
from websockets.sync.server import ServerConnection, serve

from reenact.events.bodies import ModelRequested, ModelResponded
from reenact.gateway import ReplayingApp, Server
from reenact.replay import Player, Script, declare

CLIENT = "codex-0.169.0"
pytestmark = pytest.mark.e2e
USAGE = {
    "input_tokens": 10, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 5,
    "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 15,
}  # fmt: skip
SETTINGS = """openai_base_url = "{address}/v1"
check_for_update_on_startup = false
[analytics]
enabled = false
[otel]
exporter = "none"
"""


def _item(asked: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """What the scripted model does next."""
    said = json.dumps(asked["input"])
    if asked.get("generate") is False:
        return []
    running = re.search(r"session ID (\d+)", said)
    call: tuple[str, dict[str, Any]] | None = None
    if "step two" not in said and running is not None:
        call = ("write_stdin", {"session_id": int(running.group(1)), "chars": "", "yield_time_ms": 9000})
    elif "function_call_output" not in said:
        call = ("exec_command", {"cmd": "pwd; sleep 2; echo step two", "yield_time_ms": 300})
    if call is not None:
        told = {"name": call[0], "arguments": json.dumps(call[1]), "call_id": f"call_{name}"}
        return [{"type": "function_call", "id": f"fc_{name}", "status": "completed", **told}]
    part = {"type": "output_text", "text": "All done.", "annotations": []}
    said_last = {"type": "message", "id": f"msg_{name}", "role": "assistant", "content": [part]}
    return [{"status": "completed", **said_last}]


def _answer(connection: ServerConnection) -> None:
    for frame in connection:
        asked = json.loads(frame)
        name = hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:24]
        items = _item(asked, name)
        response = {
            "id": f"resp_{name}", "object": "response", "created_at": 1, "status": "completed",
            "model": asked["model"], "output": items, "usage": USAGE, "error": None,
            "incomplete_details": None,
        }  # fmt: skip
        begun = {**response, "status": "in_progress", "output": [], "usage": None}
        connection.send(json.dumps({"type": "response.created", "response": begun}))
        for place, item in enumerate(items):
            for kind in ("added", "done"):
                event = {"type": f"response.output_item.{kind}", "output_index": place, "item": item}
                connection.send(json.dumps(event))
        connection.send(json.dumps({"type": "response.completed", "response": response}))


@pytest.fixture
def model() -> Iterator[str]:
    with serve(_answer, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.socket.getsockname()[1]}"
        server.shutdown()
        thread.join()


def run(address: str, root: Path, prompt: str) -> tuple[int, str, str]:
    """Runs Codex at a place; gives its exit code, what it did and said, and all it printed."""
    found = install.command(CLIENT)
    if found is None:
        if os.environ.get("REENACT_REQUIRE_CLIENTS", "0") not in ("", "0"):
            pytest.fail(f"{CLIENT} is not installed")
        pytest.skip(f"{CLIENT} is not installed")
    home, cwd = root / "home", root / "work"
    for folder in (home / ".codex", cwd):
        folder.mkdir(parents=True)
    (home / ".codex" / "config.toml").write_text(SETTINGS.format(address=address))
    flags = ["--json", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox"]
    done = subprocess.run(
        [*found, "exec", *flags, prompt],
        cwd=cwd,
        env={"HOME": str(home), "PATH": os.environ["PATH"], "CODEX_API_KEY": "test-key"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    events = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    items = [event["item"] for event in events if event["type"] == "item.completed"]
    told = [item.get("text") or item.get("aggregated_output") or "" for item in items]
    return done.returncode, "\n".join(told).replace(str(root), "PLACE"), done.stdout


def test_codex_is_recorded_and_replayed_over_its_socket(model: str, tmp_path: Path) -> None:
    today = dt.date.today().isoformat()  # noqa: DTZ011 - the date that Codex tells its model
    first = tmp_path / "first"

    def declared(root: Path) -> Any:
        return declare(cwd=str(root / "work"), home=str(root / "home"), dates=(today,))

    with archive_in(tmp_path / "archive") as archive:
        with recording(archive, model) as gateway:
            code, did, _ = run(gateway.address, first, "Do the thing")
        assert (code, "step two" in did, "All done." in did) == (0, True, True)
        bodies = [event.body for event in recorded(archive)]
        calls = [body for body in bodies if isinstance(body, ModelRequested)]
        assert [call.dialect for call in calls] == ["openai-responses"] * 4
        assert all(body.usage for body in bodies if isinstance(body, ModelResponded))
        script = Script.from_recording(
            recorded(archive), lambda name: archive.store.blob(name) or b"", declared=declared(first)
        )
        for prompt, expected in (("Do the thing", 0), ("Do another thing", 1)):
            root = tmp_path / f"a-much-longer-place-{expected}"
            player = Player(script, declared(root))
            with Server(ReplayingApp(player, scrub=archive.guard.text)) as server:
                code, again, printed = run(server.address, root, prompt)
            report = player.report()
            assert code == expected
            if expected == 0:
                assert again == did
                assert (report.diverged, sum(report.matched.values()), report.unplayed) == (False, 4, ())
            else:
                assert "the replay diverged" in printed
                assert report.refusals == 1
                assert report.divergences[0].differences[0].lines == (
                    "-1: Do the thing", "+1: Do another thing",
                )  # fmt: skip

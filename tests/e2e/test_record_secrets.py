"""Secrets that pass through a recording never reach the disk below REENACT_HOME; the model gets them all the same.

An imported transcript is another matter: it is the agent's own file, and kept in its own words.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest
import zstandard
from tests.clients.endpoint import Endpoint
from tests.clients.script import Call, Say, Script, Talk
from tests.clients.stories_claude import PLAIN
from tests.e2e.places import Here, claude, end, environment, needs_client, reenact, run_reenact, start
from tests.redact.samples import noise

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

IN_HEADER = "sk-" + "ant-api03-" + noise(92) + "AA"
IN_PROMPT = "ghp_" + noise(36)
IN_FILE = "AKIA" + noise(16, alphabet="ABCDEFGHJKLMNPQRSTUVWXYZ234567")
IN_ANSWER = "sk-" + "proj-" + noise(40)
IN_URL = "sk-" + "ant-api03-" + noise(88) + "BB"
SHAPELESS = "quiet-canary-" + noise(12)
"""Nothing tells that this is a secret but the variable that holds it."""
CANARIES = (IN_HEADER, IN_PROMPT, IN_FILE, IN_ANSWER, IN_URL, SHAPELESS)

pytestmark = pytest.mark.e2e


def texts_below(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Yields every file as it lies there, and what is packed in it."""
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            yield path, data
            if path.suffix == ".zst":
                yield path, unpacked(data)


def unpacked(data: bytes) -> bytes:
    text = b""
    while data:
        reader = zstandard.ZstdDecompressor().decompressobj()
        try:
            text += reader.decompress(data)
        except zstandard.ZstdError:
            break  # what follows the frames is a table of them
        data = reader.unused_data
    return text


PIECE = 16
"""Streams cut a secret anywhere; so long a piece of one is told as well."""


def leaks(folder: Path) -> set[tuple[str, str]]:
    found = [(str(path.relative_to(folder)), data) for path, data in texts_below(folder)]
    assert found
    pieces = {canary[at : at + PIECE]: canary for canary in CANARIES for at in range(len(canary) - PIECE + 1)}
    return {(name, pieces[one]) for name, data in found for one in pieces if one.encode() in data}


@needs_client
def test_what_claude_code_says_reads_and_is_told_is_kept_without_its_secrets(tmp_path: Path) -> None:
    machine = Here(tmp_path / "a", PLAIN)
    (machine.cwd / "settings.env").write_text(f"AWS_ACCESS_KEY_ID={IN_FILE}\nquiet={SHAPELESS}\n")
    settings = tmp_path / "config" / "reenact" / "config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text(f'[import]\nnever = ["{machine.cwd}"]\n')
    prompt = f"Use {IN_PROMPT} and look at the settings."
    read = Call(name="Read", input={"file_path": str(machine.cwd / "settings.env")})
    echo = Call(name="Bash", input={"command": f"echo {SHAPELESS}", "description": "Say it"})
    answers = (Say(text=f"The key is {IN_ANSWER}.", calls=(read, echo)), Say(text=f"Done with {IN_ANSWER}."))
    archive = tmp_path / "archive"
    with Endpoint(Script((Talk(says="look at the settings", answers=answers),), seed="secrets")) as endpoint:
        variables = environment(
            machine,
            archive,
            upstream=endpoint.url,
            extra={"XDG_CONFIG_HOME": str(tmp_path / "config"), "QUIET_TOKEN": SHAPELESS},
        )
        variables["ANTHROPIC_API_KEY"] = IN_HEADER
        report = tmp_path / "report.json"
        words = reenact("record", "--json", str(report), "--")
        ended = end(start([*words, *claude(prompt)], machine, variables), report)
        asked = [json.dumps(entry.body) for entry in endpoint.books.entries()]
    assert ended.code == 0, ended.stderr
    assert IN_ANSWER in ended.result, "the agent was told everything"
    assert len(asked) == ended.report["exchanges"] == 2
    assert all(secret in asked[-1] for secret in (IN_PROMPT, IN_FILE, IN_ANSWER, SHAPELESS))
    assert leaks(archive) == set()
    assert SHAPELESS not in ended.stderr

    run_reenact(machine, tmp_path / "imported", "import", "--json")
    kept = {canary for _, canary in leaks(tmp_path / "imported")}
    assert {IN_PROMPT, IN_FILE, IN_ANSWER, SHAPELESS} <= kept, "an import is the agent's own words"


AGENT = """
import json, os, sys, urllib.request
key, url_key, prompt = sys.argv[1:]
body = {"model": "claude-opus-5-5", "max_tokens": 9, "messages": [{"role": "user", "content": prompt}]}
request = urllib.request.Request(
    f"{os.environ['ANTHROPIC_BASE_URL']}/v1/messages?beta=true&key={url_key}",
    data=json.dumps(body).encode(),
    headers={"content-type": "application/json", "x-api-key": key, "authorization": f"Bearer {key}",
             "cookie": f"session={key}", "x-something-else": key},
)
print(urllib.request.urlopen(request).read().decode())
"""


def test_what_stands_in_headers_urls_and_command_lines_is_kept_without_its_secrets(tmp_path: Path) -> None:
    machine = Here(tmp_path / "a", PLAIN)
    archive = tmp_path / "archive"
    script = Script(
        (Talk(says="Say hello", lane="side", answers=(Say(text=f"Hello {IN_ANSWER}"),)),), seed="url"
    )
    with Endpoint(script) as endpoint:
        variables = environment(machine, archive, upstream=endpoint.url)
        command = [sys.executable, "-c", AGENT, IN_HEADER, IN_URL, f"Say hello to {IN_PROMPT}"]
        ended = end(start([*reenact("record", "--"), *command], machine, variables))
        (asked,) = endpoint.books.entries()
    assert ended.code == 0, ended.stderr
    assert IN_ANSWER in ended.stdout
    assert IN_PROMPT in json.dumps(asked.body)
    assert leaks(archive) == set()

"""What the tests of the page share: serving it, a browser that is watched, axe-core."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from playwright.sync_api import Browser, Page, Route

from reenact.samples import SAMPLES

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "src" / "reenact" / "web" / "static"
AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
TRANSCRIPTS = ROOT / "tests" / "data" / "transcripts"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ("--no-sandbox", "--disable-dev-shm-usage", "--force-color-profile=srgb")
LOOPBACK = {"127.0.0.1", "localhost", "[::1]"}


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """A page that is being served: its address, the agents' home, and what to run `reenact` with."""

    url: str
    home: Path
    environ: dict[str, str]


def environment(folder: Path) -> dict[str, str]:
    """An environment in which only the given folder holds transcripts and an archive."""
    kept = {
        name: os.environ[name] for name in ("PATH", "LANG", "COVERAGE_PROCESS_START") if name in os.environ
    }
    (folder / "home").mkdir()
    return {
        **kept,
        "HOME": str(folder / "home"),
        "REENACT_HOME": str(folder / "archive"),
        "TZ": "UTC",
        "PYTHONUNBUFFERED": "1",
    }


def fill(home: Path) -> None:
    """Puts our small transcripts where their agents would have written them."""
    shutil.copytree(SAMPLES / "claude", home / ".claude")
    shutil.copytree(SAMPLES / "codex", home / ".codex")
    for folder in sorted(TRANSCRIPTS.glob("*/*/")):
        for name in (".claude", ".codex"):
            if (folder / name).is_dir():
                shutil.copytree(folder / name, home / name, dirs_exist_ok=True)


def serve(environ: dict[str, str], *, port: int = 0) -> Iterator[Served]:
    """Runs `reenact up` until the test is done with it."""
    command = [sys.executable, "-m", "reenact", "up", "--port", str(port), "--no-open", "--json"]
    process = subprocess.Popen(
        command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stderr is not None
    said: list[str] = []
    listening = threading.Thread(target=lambda: said.extend(process.stderr or ()), daemon=True)
    listening.start()
    try:
        document = read_document(process.stdout)
        assert document is not None, "".join(said)
        yield Served(url=document["address"], home=Path(environ["HOME"]), environ=environ)
    finally:
        process.terminate()
        process.wait(timeout=30)
        listening.join(timeout=10)
        process.stdout.close()
        process.stderr.close()


def read_document(stream: Any) -> dict[str, Any] | None:
    """Gives the one JSON document that a program writes while it goes on."""
    text = ""
    for line in stream:
        text += line
        try:
            document: dict[str, Any] = json.loads(text)
        except json.JSONDecodeError:
            continue
        return document
    return None


class Watched(msgspec.Struct, kw_only=True):
    """What a browser's page said and asked for while a test drove it."""

    complaints: list[str]
    foreign: list[str]
    """Requests to anywhere but this machine."""
    expected: tuple[str, ...] = ()
    """Complaints that a test brings about on purpose: any that holds one of these is none."""

    def judge(self) -> None:
        found = [text for text in self.complaints if not any(word in text for word in self.expected)]
        assert found == []
        assert self.foreign == []


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    page: Page
    watched: Watched


def opened(browser: Browser, url: str, **options: Any) -> Iterator[Opened]:
    """A fresh browser window at an address; nothing it says or asks for goes unseen."""
    context = browser.new_context(
        **{"viewport": {"width": 1440, "height": 940}, "timezone_id": "UTC", **options}
    )
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.set_default_timeout(15_000)
    watched = Watched(complaints=[], foreign=[])
    page.on("console", lambda said: _note(watched, said.type, said.text))
    page.on("pageerror", lambda error: watched.complaints.append(f"uncaught: {error}"))
    context.route("**/*", lambda route: _let(route, watched))
    page.goto(url)
    yield Opened(page=page, watched=watched)
    watched.judge()
    context.close()


def _note(watched: Watched, kind: str, text: str) -> None:
    if kind in {"error", "warning"}:
        watched.complaints.append(f"{kind}: {text}")


def _let(route: Route, watched: Watched) -> None:
    address = urlsplit(route.request.url)
    if address.scheme in {"http", "https"} and address.hostname not in LOOPBACK:
        watched.foreign.append(route.request.url)
        route.abort()
    else:
        route.continue_()


def serious(page: Page) -> list[str]:
    """What axe-core finds wrong and calls serious or critical, with where."""
    if not AXE.exists():
        message = "axe-core is not installed (make page)"
        if os.environ.get("REENACT_REQUIRE_PAGE") == "1":
            pytest.fail(message)
        pytest.skip(message)
    page.evaluate(AXE.read_text())
    # Colours that are still on their way from one to another are nobody's.
    page.wait_for_function(
        "document.getAnimations().every(a => a.playState !== 'running' || a.effect.getComputedTiming().iterations === Infinity)"
    )
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{violation['id']}: {node['target']} {node.get('failureSummary', '')}"
        for violation in found["violations"]
        if violation["impact"] in {"serious", "critical"}
        for node in violation["nodes"]
    ]

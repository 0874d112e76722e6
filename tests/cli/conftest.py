"""The command line as a person uses it: words in; exit code, stdout and stderr out."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from reenact.cli import main
from reenact.samples import SAMPLES


class Result(msgspec.Struct, frozen=True, kw_only=True):
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Result]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without transcripts, and an environment that knows of no other."""
    for name in ("CLAUDE_CONFIG_DIR", "CODEX_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "REENACT_CACHE"):
        monkeypatch.delenv(name, raising=False)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("REENACT_HOME", str(tmp_path / "archive"))
    return home


@pytest.fixture
def full_home(home: Path) -> Path:
    """A home with the transcripts of the bundled sample."""
    shutil.copytree(SAMPLES / "claude", home / ".claude")
    shutil.copytree(SAMPLES / "codex", home / ".codex")
    return home


@pytest.fixture
def run(home: Path, capfd: pytest.CaptureFixture[str]) -> Run:
    del home

    def call(*words: str) -> Result:
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(list(words))
        out, err = capfd.readouterr()
        return Result(code=int(ended.value.code or 0), out=out, err=err)

    return call

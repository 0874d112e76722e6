"""Laws of importing what agents and evaluations hand over: files in a folder that the settings name."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.ingest.laws import ImportLaws
from tests.sources.atif.test_parse import STEPS, step, trajectory
from tests.sources.inspect_ai.test_log import GENUINE, sample, write
from tests.sources.swe_agent.test_parse import FULL, MINI

from reenact.archive import Archive


class Named(ImportLaws):
    """The files lie in a folder `runs`, and the settings of the user say so."""

    agent: str

    @classmethod
    def opened(cls, archive: Path, home: Path) -> Archive:
        settings = home / ".config" / "reenact" / "config.toml"
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text(f"[roots]\n{cls.agent} = [{json.dumps(str(home / 'runs'))}]\n")
        return super().opened(archive, home)

    @classmethod
    def growing(cls, home: Path) -> list[Path]:
        return sorted(path for path in (home / "runs").iterdir() if path.is_file())


class TestAtif(Named):
    """A run and its continuation, which begins with copies of the run's steps."""

    agent = "atif"
    sessions = 2

    @classmethod
    def fill(cls, home: Path) -> None:
        runs = home / "runs"
        runs.mkdir()
        (runs / "one.json").write_text(json.dumps(trajectory()))
        copied = [{**each, "is_copied_context": True} for each in STEPS]
        more = [
            *copied,
            step(5, "user", "Go on."),
            step(6, "agent", "Gone.", metrics={"prompt_tokens": 150, "completion_tokens": 6}),
        ]
        (runs / "two.json").write_text(json.dumps(trajectory(more)))


class TestSweAgent(Named):
    """A run of SWE-agent and one of mini-swe-agent."""

    agent = "swe_agent"
    sessions = 2

    @classmethod
    def fill(cls, home: Path) -> None:
        runs = home / "runs"
        runs.mkdir()
        (runs / "full.traj").write_text(json.dumps(FULL))
        shutil.copy(MINI, runs / MINI.name)


class TestInspect(Named):
    """A genuine log and one of two samples."""

    agent = "inspect"
    sessions = 3

    @classmethod
    def fill(cls, home: Path) -> None:
        runs = home / "runs"
        runs.mkdir()
        shutil.copy(GENUINE, runs / GENUINE.name)
        write(runs / "two.eval", sample(), sample(id="two", epoch=2))

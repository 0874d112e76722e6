"""Laws of reading and importing what agents and evaluations hand over: files in a folder that the settings name."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ingest.laws import ImportLaws
from tests.sources.atif.test_parse import STEPS, step, trajectory
from tests.sources.inspect_ai.test_log import GENUINE, HEAD, sample, write
from tests.sources.laws import ParserLaws, as_bytes, drafts_of, event_of, odd, parsed_by
from tests.sources.swe_agent.test_parse import FULL, MINI

from reenact.archive import Archive
from reenact.events import encode
from reenact.sources import Assembled, Setting, atif, inspect_ai, swe_agent
from reenact.sources.inspect_ai.rows import lines_of


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


class TestInspectParser(ParserLaws):
    source = inspect_ai.SOURCE
    pool = tuple(json.loads(line) for line in lines_of(HEAD, sample(error={"message": "no"})))
    beside = (Setting(agent="inspect", key="e1.0"),)


DOCUMENTS = {"atif": trajectory(), "swe_agent": FULL, "mini": json.loads(MINI.read_bytes())}


@pytest.mark.parametrize(
    ("source", "name"),
    [(atif.SOURCE, "atif"), (swe_agent.SOURCE, "swe_agent"), (swe_agent.SOURCE, "mini")],
    ids=DOCUMENTS,
)
def test_a_document_with_anything_anywhere_never_raises(source: Assembled, name: str) -> None:
    hints = {"layout": "document", "native": "n"}
    setting = Setting(agent=source.agent, key="n", hints=hints)

    @settings(max_examples=200, deadline=None)
    @given(data=st.data())
    def law(data: st.DataObject) -> None:
        value = odd(DOCUMENTS[name], data)
        for draft in drafts_of(parsed_by(source, as_bytes([value]), setting)):
            assert encode(event_of(draft))

    law()

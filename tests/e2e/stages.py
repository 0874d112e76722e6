"""Plays a story with the real client under reenact: once recorded, then replayed as often as one likes."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, cast

import msgspec
from tests.clients.endpoint import Endpoint
from tests.clients.script import Script
from tests.e2e.places import (
    Elsewhere,
    Ended,
    Here,
    claude,
    end,
    environment,
    files_of,
    neutral,
    reenact,
    run_reenact,
    start,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.clients.run import Machine
    from tests.clients.stage import Stage, Story


class Curtain:
    """Stands in for a `Stage`: every start of the client goes through `reenact WORDS -- claude …`.

    `words` gives what is said to reenact for the n-th start.
    """

    def __init__(
        self, machine: Machine, archive: Path, words: Callable[[int], list[str]], *, upstream: str | None
    ) -> None:
        self.machine = machine
        self.archive = archive
        self.runs: list[Ended] = []
        self._words = words
        self._upstream = upstream
        self._report = machine.root / "report.json"

    def claude(
        self,
        prompt: str,
        *options: str,
        extra: Mapping[str, str] | None = None,
        allow: bool = True,
        code: int = 0,
    ) -> str:
        self._report.unlink(missing_ok=True)
        words = [*self._words(len(self.runs)), "--json", str(self._report), "--"]
        variables = environment(self.machine, self.archive, upstream=self._upstream, extra=extra)
        process = start([*reenact(*words), *claude(prompt, *options, allow=allow)], self.machine, variables)
        ended = end(process, self._report)
        self.runs.append(ended)
        assert ended.code == code, f"exit {ended.code}\n{ended.stderr}\n{ended.stdout[-3000:]}"
        return ended.session

    def forked(self, child: str, parent: str) -> None:
        """A stage takes note of forks; nothing here asks for them."""

    def perform(self, story: Story) -> list[Ended]:
        """Plays the story's starts of the client."""
        story.play(cast("Stage", self))  # it offers what plays ask of a stage
        return self.runs


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """A story that was recorded: one recording for each start of the client."""

    story: Story
    archive: Path
    machine: Machine
    runs: list[Ended]
    requests: int
    lanes: tuple[str, ...]
    """The lane of each request that the endpoint saw, in order."""
    files: dict[str, bytes]
    counter: itertools.count[int]

    @property
    def results(self) -> list[str]:
        return [neutral(run.result, self.machine) for run in self.runs]

    def elsewhere(self) -> Elsewhere:
        """Gives a place that differs from that of the recording."""
        return Elsewhere(self.machine.root.parent / f"b {next(self.counter)}", self.story)

    def transcript(self) -> str:
        """Gives the one transcript that the recordings saw."""
        (found,) = {str(name) for run in self.runs for name in run.report["transcripts"]}
        return found

    def imported(self) -> Path:
        """Gives an archive that knows of the story by its transcripts alone."""
        archive = self.machine.root.parent / f"imported {next(self.counter)}"
        run_reenact(self.machine, archive, "import", "--json")
        return archive


def record(story: Story, root: Path) -> Recording:
    """Plays a story against the scripted model, every start of the client recorded."""
    machine = Here(root / "a", story)
    script = Script(story.talks(machine), seed=f"e2e/{story.name}")
    archive = root / "archive"
    with Endpoint(script) as endpoint:
        curtain = Curtain(machine, archive, lambda _: ["record"], upstream=endpoint.url)
        runs = curtain.perform(story)
        entries = endpoint.books.entries()
    assert not story.strict or not script.left()
    return Recording(
        story=story,
        archive=archive,
        machine=machine,
        runs=runs,
        requests=len(entries),
        lanes=tuple(entry.lane for entry in entries),
        files=files_of(machine),
        counter=itertools.count(1),
    )


def replay(
    recording: Recording,
    words: Callable[[int], list[str]],
    *,
    archive: Path | None = None,
    upstream: str | None = None,
) -> tuple[Elsewhere, list[Ended]]:
    """Plays the story once more elsewhere, every start of the client under `reenact replay`."""
    machine = recording.elsewhere()
    curtain = Curtain(machine, archive or recording.archive, words, upstream=upstream)
    return machine, curtain.perform(recording.story)

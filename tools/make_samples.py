"""Makes the transcripts we publish: real clients play our stories offline, what they wrote is trimmed.

Run it from the checkout: `python -m tools.make_samples [samples|tests] [NAME...]`. The clients come
from `python tests/clients/install.py --all`. It writes `src/reenact/samples/` (shown to newcomers)
and `tests/data/transcripts/` (read by tests), each with the numbers of the endpoint's books, and
refuses to leave a long text of a vendor in either.
"""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.clients import expect, install, stories, stories_samples, trim, trim_claude, trim_codex, vendor
from tests.clients.stage import Played, Story, perform

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "src" / "reenact" / "samples"
TRANSCRIPTS = ROOT / "tests" / "data" / "transcripts"
# Where the runs of the samples are put in time: one start of the client after another.
WORK_WEEK = {
    "claude": ("2026-11-19T09:12:00", "2026-11-19T14:40:00", "2026-11-20T08:55:00", "2026-11-20T16:20:00"),
    "codex": ("2026-11-20T11:05:00", "2026-11-20T15:30:00", "2026-11-21T09:10:00", "2026-11-21T09:45:00"),
}
PACE = 1.7
TOLD = ("2026-05-04T08:00:00",)


class Recorder:
    """Plays stories and keeps the moments at which the client was started."""

    def __init__(self, story: Story, client: str, root: Path, pace: float) -> None:
        self.starts: list[datetime] = []
        self.played: Played = perform(story, client, root, pace=pace, before_start=self._start)

    def _start(self) -> None:
        self.starts.append(datetime.now(tz=UTC))

    def moves(self, told: Sequence[str]) -> tuple[trim.Move, ...]:
        """Each start with the time it is told at; one without keeps its distance to the one before."""
        moves: list[trim.Move] = []
        for index, start in enumerate(self.starts):
            if index < len(told):
                shift = datetime.fromisoformat(told[index] + "+00:00") - start
            else:
                shift = moves[-1].shift
            moves.append(trim.Move(start=start, shift=timedelta(seconds=math.ceil(shift.total_seconds()))))
        return tuple(moves)


def publish(recorder: Recorder, out: Path, told: Sequence[str]) -> dict[str, Any]:
    """Write the trimmed transcripts of a story below `out` and return what they must be read as."""
    played = recorder.played
    bodies = [entry.body for entry in played.entries]
    seen = vendor.gather(bodies, ours=_ours(played))
    trimmer = trim.Trimmer(vendor=seen, swaps=_swaps(played), moves=recorder.moves(told))
    if played.story.agent == "claude":
        sent = [trim_claude.Sent(body=e.body, betas=_betas(e.headers)) for e in played.entries]
        trim_claude.trim(played.machine.home, out, trimmer, sent)
    else:
        trim_codex.trim(played.machine.home, out, trimmer)
    left = vendor.left_in(out, seen) + _traces(out, played)
    if left:
        raise SystemExit("not fit to publish:\n" + "\n".join(left))
    return expect.expected(played, out)


def _betas(headers: dict[str, str]) -> tuple[str, ...]:
    return tuple(item.strip() for item in headers.get("anthropic-beta", "").split(",") if item.strip())


def _ours(played: Played) -> list[str]:
    files = [*played.story.files.values()]
    prompts = [prompt for prompts in played.prompts.values() for prompt in prompts]
    said = [e.text for e in played.entries]
    return [*files, *prompts, *said, *(re.sub(r"</?\w+>", "", text) for text in said)]


def _swaps(played: Played) -> tuple[tuple[str, str], ...]:
    ask = "import sys, sysconfig; print(sys.executable, sysconfig.get_path('stdlib'), sep='\\n')"
    said = subprocess.run(["python3", "-c", ask], check=True, capture_output=True, text=True).stdout
    python, library = (Path(line) for line in said.split())
    pairs = [
        (str(played.machine.home), "/home/dev"),
        (str(python.parent), "/usr/bin"),
        (str(library), "/usr/lib/python3"),
        (os.uname().release, "6.8.0-generic"),
        (f"/tmp/claude-{os.getuid()}", "/tmp/claude-1000"),
        (played.url.removeprefix("http://"), "127.0.0.1:8123"),
        (sys.executable, "/usr/bin/python3"),
    ]
    return trim.swaps_for(pairs)


def _traces(out: Path, played: Played) -> list[str]:
    """Anything that tells of the machine on which this ran (Codex calls its main agent by a path)."""
    marks = [
        str(played.machine.root),
        os.uname().nodename,
        f"{Path.home()}/.",
        "/root" + "/.",
        played.url.removeprefix("http://"),
    ]
    return [
        f"{path}: {mark}"
        for path in sorted(out.rglob("*"))
        if path.is_file()
        for mark in marks
        if len(mark) > 3 and mark in path.read_text(encoding="utf-8")
    ]


def _write(path: Path, document: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _play(
    story: Story, client: str, out: Path, *, told: Sequence[str] = (), pace: float = 0.0
) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="reenact-") as root:
        recorder = Recorder(story, client, Path(root), pace)
        return publish(recorder, out, told)


def make_samples() -> None:
    """The sample home: `samples/claude` is a `~/.claude`, `samples/codex` a `~/.codex`."""
    documents = []
    for story, client in (
        (stories_samples.CLAUDE, install.NEWEST[0]),
        (stories_samples.CODEX, install.NEWEST[1]),
    ):
        with tempfile.TemporaryDirectory(prefix="reenact-") as out:
            documents.append(_play(story, client, Path(out), told=WORK_WEEK[story.agent], pace=PACE))
            target = SAMPLES / story.agent
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(Path(out) / f".{story.agent}", target)
    _write(TRANSCRIPTS / "expected.json", {"samples": documents})


def make_tests(names: Sequence[str]) -> None:
    """The scenarios the tests read, each a home of its own with its `expected.json`."""
    for client, story in stories.PLAYED:
        name = f"{client}/{story.name}"
        if names and not any(name.startswith(wanted) for wanted in names):
            continue
        out = TRANSCRIPTS / client / story.name
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        _write(out / "expected.json", _play(story, client, out, told=TOLD))
        size = sum(p.stat().st_size for p in out.rglob("*") if p.is_file())
        print(f"{name}: {size // 1024} KiB", flush=True)


def main(arguments: Sequence[str]) -> int:
    """Make what is named; both sets without a name."""
    what = arguments[0] if arguments else "all"
    if what in ("samples", "all"):
        make_samples()
    if what in ("tests", "all"):
        make_tests(arguments[1:])
    subprocess.run(["du", "-sh", str(SAMPLES), str(TRANSCRIPTS)], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

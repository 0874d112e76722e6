"""The law of following: whatever happened to the files, what came is what a later import gives."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from tests.ingest.following import ONE, TWO, Told, following, row
from tests.ingest.machines import answers, imported, opened

from reenact.ingest.watching import Polled

FOLDERS = ("-home-dev-code-todo", "-home-dev-code-other")
AGENT = "a" * 17

STEPS = some.lists(
    some.one_of(
        some.tuples(some.just("write"), some.integers(0, 2), some.integers(1, 400)),
        some.tuples(some.just("lose"), some.integers(0, 2), some.integers(1, 600)),
        some.tuples(some.just("move"), some.integers(0, 2), some.just(0)),
        some.tuples(some.just("replace"), some.integers(0, 2), some.just(0)),
        some.tuples(some.just("look"), some.just(0), some.just(0)),
        some.tuples(some.just("elsewhere"), some.just(0), some.just(0)),
    ),
    max_size=25,
)


class Agents:
    """Three transcripts that are written by the byte, cut off, moved and put in place anew."""

    def __init__(self, home: Path, told: Told) -> None:
        self._home = home
        self._told = told
        self._whole = [
            b"".join(row(ONE, number) for number in range(1, 7)),
            b"".join(row(TWO, number) for number in range(1, 7)),
            b"".join(row(ONE, number, agent=AGENT) for number in range(1, 5)),
        ]
        self._written = [0, 0, 0]
        self._folder = [0, 0, 0]
        self._inner = (f"{ONE}.jsonl", f"{TWO}.jsonl", f"{ONE}/subagents/agent-{AGENT}.jsonl")

    def path(self, which: int) -> Path:
        projects = self._home / ".claude" / "projects"
        return projects / FOLDERS[self._folder[which]] / self._inner[which]

    def act(self, what: str, which: int, size: int) -> None:
        path = self.path(which)
        match what:
            case "write":
                self._put(which, self._written[which] + size)
            case "lose":
                self._put(which, max(0, self._written[which] - size))
            case "move" if path.exists():
                self._folder[which] = 1 - self._folder[which]
                there = self.path(which)
                there.parent.mkdir(parents=True, exist_ok=True)
                path.rename(there)
                self._told.tell(path, there)
            case "replace" if path.exists():
                fresh = path.with_suffix(".fresh")
                fresh.write_bytes(path.read_bytes())
                fresh.replace(path)
                self._told.tell(fresh, path)

    def _put(self, which: int, end: int) -> None:
        end = min(end, len(self._whole[which]))
        path = self.path(which)
        is_new = not path.parent.exists()
        path.parent.mkdir(parents=True, exist_ok=True)
        if end >= self._written[which]:
            with path.open("ab") as handle:
                handle.write(self._whole[which][self._written[which] : end])
        else:
            path.write_bytes(self._whole[which][:end])
        self._written[which] = end
        self._told.tell(path, *([path.parent] if is_new else []))

    def finish(self) -> None:
        for which in range(3):
            self._put(which, len(self._whole[which]))


@settings(max_examples=25)
@given(steps=STEPS)
def test_followed_events_are_those_of_a_later_import(
    steps: list[tuple[str, int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("law")
    home, told = folder / "home", Told()
    (home / ".claude" / "projects").mkdir(parents=True)
    agents = Agents(home, told)
    came: list[tuple[str, str]] = []
    with opened(folder / "archive", home) as archive, following(archive, told) as live:

        def look() -> None:
            came.extend((each.event.session, each.event.id) for each in live.step())

        for what, which, size in steps:
            if what == "look":
                look()
            elif what == "elsewhere":
                with opened(folder / "archive", home) as other:
                    other.catch_up()
            else:
                agents.act(what, which, size)
        agents.finish()
        look()
        look()
        kept = [(event.session, event.id) for name in archive.sessions() for event in archive.events(name.id)]
        assert Counter(came) == Counter(kept)  # each event once, none missing
        here = answers(archive)
        assert sum(agent.changed + agent.new for agent in archive.catch_up().agents) == 0
    with imported(folder / "later", home) as later:
        there = answers(later)
    assert here["events"] == there["events"]
    assert here["usage"] == there["usage"]
    if not any(what == "lose" for what, _, _ in steps):
        assert here == there  # in all that is told of them


def test_polling_notices_what_notifications_would(tmp_path: Path) -> None:
    home, told = tmp_path / "home", Told()
    projects = home / ".claude" / "projects"
    projects.mkdir(parents=True)
    agents = Agents(home, told)
    watch = Polled(lambda: [str(projects), str(tmp_path / "none")], interval=0.0)
    assert watch.look() == set()
    agents.act("write", 0, 900)
    found = watch.look() | watch.look()
    assert str(agents.path(0)) in found
    watch.learn([str(agents.path(0))])
    assert watch.look() == set()
    agents.act("write", 0, 10)
    assert watch.look() == {str(agents.path(0))}
    agents.act("write", 2, 100)  # two folders deep, both new
    assert str(agents.path(2)) in watch.look() | watch.look() | watch.look()
    watch.learn([str(agents.path(2))])
    before = agents.path(0)
    agents.act("move", 0, 0)
    found = watch.look() | watch.look() | watch.look()
    assert {str(before), str(agents.path(0))} <= found
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "late.jsonl").touch()
    assert str(tmp_path / "none") in watch.look()


def test_files_that_rest_are_looked_at_by_turns(tmp_path: Path) -> None:
    paths = []
    for number in range(400):
        path = tmp_path / f"{number}.jsonl"
        path.write_bytes(b"{}\n")
        paths.append(str(path))
    watch = Polled(lambda: [str(tmp_path)], interval=0.0)
    watch.learn(paths)
    with open(paths[7], "ab") as handle:
        handle.write(b"{}\n")
    seen: set[str] = set()
    for _ in range(3):  # around
        seen |= watch.look()
    assert seen == {paths[7]}

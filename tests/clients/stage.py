"""Plays a story with a real client: a machine, a scripted endpoint, one start of the client after another."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Literal

import msgspec
from tests.clients import install, run
from tests.clients.books import Entry
from tests.clients.endpoint import Endpoint
from tests.clients.run import Machine, Run
from tests.clients.script import Script, Talk

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """A small piece of work of ours: what the model says (`talks`) and how the client is started (`play`)."""

    name: str
    agent: Literal["claude", "codex"]
    project: str
    files: dict[str, str]
    talks: Callable[[Machine], tuple[Talk, ...]]
    play: Callable[[Stage], None]
    strict: bool = True


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a story. `parents` are the forks we asked for, `prompts` what we typed, by session."""

    story: Story
    client: str
    url: str
    machine: Machine
    entries: tuple[Entry, ...]
    runs: tuple[Run, ...]
    prompts: dict[str, list[str]]
    parents: dict[str, str]


class Stage:
    """Handed to a story's `play`; remembers every start."""

    def __init__(self, story: Story, client: str, machine: Machine, endpoint: Endpoint) -> None:
        self.story = story
        self.client = client
        self.machine = machine
        self.endpoint = endpoint
        self.runs: list[Run] = []
        self.prompts: dict[str, list[str]] = {}
        self.parents: dict[str, str] = {}
        self.before_start: Callable[[], None] = _nothing
        self.owners: dict[int, str] = {}

    def claude(
        self,
        prompt: str,
        *options: str,
        extra: Mapping[str, str] | None = None,
        interrupt: int = 0,
        allow: bool = True,
        code: int = 0,
    ) -> str:
        """Start Claude Code and return the session it worked in."""
        self.before_start()
        done = run.claude(
            self.machine,
            self.endpoint,
            prompt,
            *options,
            client=self.client,
            extra=extra,
            interrupt=interrupt,
            allow=allow,
        )
        self._ended(done, code)
        session = next((e.session for e in reversed(self._main()) if e.session), "") or _stated_session(done)
        self._name_new_entries(session)
        self.prompts.setdefault(session, []).append(prompt)
        return session

    def codex(
        self,
        prompt: str,
        *arguments: str,
        settings: Mapping[str, str] | None = None,
        interrupt: int = 0,
        code: int = 0,
    ) -> str:
        """Start `codex exec ARGUMENTS PROMPT` and return the thread it worked in."""
        self.before_start()
        done = run.codex(
            self.machine,
            self.endpoint,
            *arguments,
            prompt,
            client=self.client,
            settings=settings,
            interrupt=interrupt,
        )
        self._ended(done, code)
        thread = next((e.agent for e in reversed(self._main())), "")
        self.prompts.setdefault(thread, []).append(prompt)
        return thread

    def forked(self, child: str, parent: str) -> None:
        """Note that we asked for `child` to begin as a copy of `parent`."""
        self.parents[child] = parent

    def _main(self) -> list[Entry]:
        return [e for e in self.endpoint.books.entries() if e.lane == "main"]

    def entries(self) -> tuple[Entry, ...]:
        """The books, with the session filled in where the client does not tell the endpoint (before 2.0)."""
        return tuple(
            e if e.session else msgspec.structs.replace(e, session=self.owners.get(e.number, ""))
            for e in self.endpoint.books.entries()
        )

    def _name_new_entries(self, session: str) -> None:
        for entry in self.endpoint.books.entries():
            self.owners.setdefault(entry.number, session)

    def _ended(self, done: Run, code: int) -> None:
        self.runs.append(done)
        if done.code != code:
            raise AssertionError(
                f"{self.story.name}: exit {done.code}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
            )


def perform(
    story: Story,
    client: str,
    root: Path,
    *,
    pace: float = 0.0,
    before_start: Callable[[], None] | None = None,
) -> Played:
    """Play `story` with `client` on a fresh machine below `root`; a part of the script left unsaid is an error."""
    assert install.package(client).agent == story.agent
    machine = Machine(root, project=story.project, files=story.files)
    script = Script(story.talks(machine), seed=f"{client}/{story.name}")
    with Endpoint(script, pace=pace) as endpoint:
        stage = Stage(story, client, machine, endpoint)
        stage.before_start = before_start or _nothing
        story.play(stage)
        url = endpoint.url
    if story.strict and script.left():
        raise AssertionError(f"{client}/{story.name}: never asked for: {script.left()}")
    return Played(
        story=story,
        client=client,
        url=url,
        machine=machine,
        entries=stage.entries(),
        runs=tuple(stage.runs),
        prompts=stage.prompts,
        parents=stage.parents,
    )


def session_id(seed: str) -> str:
    """A session id we choose, the same for the same seed."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"reenact/{seed}"))


def _stated_session(done: Run) -> str:
    """The session a headless Claude Code names in its output."""
    for line in done.stdout.splitlines():
        if line.startswith("{") and '"session_id"' in line:
            return str(json.loads(line)["session_id"])
    return ""


def last_message(done: Run) -> str:
    """The final text a headless client printed."""
    said = ""
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            event = json.loads(line)
            if event.get("type") == "result":
                said = str(event.get("result", ""))
            item = event.get("item") or {}
            if item.get("type") == "agent_message":
                said = str(item.get("text", ""))
    return said


def _nothing() -> None:
    return

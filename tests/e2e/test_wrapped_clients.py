"""Every real client under `reenact record`, then under `reenact replay` at another place, offline.

What was followed equals a later import, recording and transcript are linked, every answer is counted
once, and the sums are those of the scripted server's books.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.clients import install, run, stories
from tests.clients.endpoint import Endpoint
from tests.clients.rules_endpoint import RulesEndpoint
from tests.clients.script import Call, Say, Script, Talk, Usage
from tests.e2e.conftest import _is_required
from tests.e2e.places import reenact
from tests.e2e.test_copilot_opencode import _BOOM, COPILOT, OPENCODE, _tokens, _with_path, _work
from tests.e2e.test_more_clients import CLIENTS
from tests.ingest.machines import answers

from reenact.archive import Archive, open_archive
from reenact.events.bodies import Custom
from reenact.launch.finding import TRANSCRIPT

pytestmark = pytest.mark.e2e
CLAUDE, CODEX = "claude-2.1.329", "codex-0.169.0"
Sums = tuple[int, int, int, int]


class Place:
    """A home with a project in it, and how a client is started there."""

    def __init__(self, root: Path, client: str) -> None:
        self.client = client
        self.machine = run.Machine(
            root, project="todo", files={"README.md": "# todo\nThe magic number is 42.\n"}
        )
        self.home, self.cwd = self.machine.home, self.machine.cwd

    def start(self, archive: Path, words: list[str], order: tuple[list[str], Mapping[str, str]]) -> Any:
        """Runs the client under reenact; gives the report."""
        report = self.machine.root / "report.json"
        command, extra = order
        done = subprocess.run(
            [*reenact(*words), "--json", str(report), "--", *command],
            cwd=self.cwd,
            env=self.machine.environment({**extra, "REENACT_HOME": str(archive)}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return {**json.loads(report.read_text()), "stdout": done.stdout}


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """How a client is set up against an address, what it is asked, and a model that answers."""

    client: str
    by: tuple[str, ...]
    """What may tell whose transcript it is."""
    model: Callable[[Place], Any]
    order: Callable[[Place, str], tuple[list[str], dict[str, str]]]
    spent: Callable[[Any], Sums]


def _more(name: str, *by: str) -> Kind:
    client = next(each for each in CLIENTS if each.name == name)

    def order(place: Place, url: str) -> tuple[list[str], dict[str, str]]:
        program = install.command(name) or []
        extra = client.settle(place.home, url)
        return [*program, *client.arguments, "-p", "what is the magic number"], extra

    def spent(endpoint: RulesEndpoint) -> Sums:
        assert endpoint.strays == []
        each = [booked.spent for booked in endpoint.books if booked.spent is not None]
        prompt, cached = sum(one.prompt for one in each), sum(one.cached for one in each)
        return prompt - cached, cached, 0, sum(one.output for one in each)

    return Kind(
        client=name,
        by=by,
        model=lambda place: RulesEndpoint(client.rules(place.cwd)),
        order=order,
        spent=spent,
    )


def _booked(endpoint: Endpoint) -> Sums:
    tokens = _tokens(endpoint.books.entries())
    return tokens.input, tokens.cache_read, tokens.cache_write, tokens.output


def _scripted(client: str, place: Place) -> Endpoint:
    names = {COPILOT: ("path", "view"), OPENCODE: ("filePath", "read"), CLAUDE: ("file_path", "Read")}
    file, read = names[client]
    first, _ = _work(file, _BOOM, read)
    if client == CLAUDE:
        calls = (Call(name="Bash", input=_BOOM), Call(name="Bash", input={"command": "true"}))
        first = Talk(
            says=first.says,
            answers=(first.answers[0], Say(calls=calls, usage=Usage(input=9, output=3)), first.answers[2]),
        )
    return Endpoint(Script((_with_path(first, place.machine.root),), seed=client))


def _copilot(place: Place, url: str) -> tuple[list[str], dict[str, str]]:
    program = install.command(COPILOT) or []
    extra = {
        "COPILOT_OFFLINE": "true", "COPILOT_PROVIDER_BASE_URL": url, "COPILOT_PROVIDER_TYPE": "anthropic",
        "COPILOT_PROVIDER_API_KEY": "dummy", "COPILOT_MODEL": "stub-model", "COPILOT_AUTO_UPDATE": "false",
    }  # fmt: skip
    if not url:
        extra = {"COPILOT_MODEL": "stub-model"}
    return [
        *program,
        "--allow-all",
        "--no-auto-update",
        "--output-format",
        "json",
        "-p",
        "Find the number",
    ], extra


def _opencode(place: Place, url: str) -> tuple[list[str], dict[str, str]]:
    provider = {
        "npm": "@ai-sdk/anthropic",
        "options": {"baseURL": f"{url or 'http://127.0.0.1:9'}/v1", "apiKey": "dummy"},
        "models": {"stub-model": {"name": "stub-model", "limit": {"context": 200_000, "output": 8192}}},
    }
    settings = place.home / ".config" / "opencode" / "opencode.json"
    settings.parent.mkdir(parents=True, exist_ok=True)
    model = {"model": "stub/stub-model", "small_model": "stub/stub-model"}
    settings.write_text(json.dumps({**model, "autoupdate": False, "provider": {"stub": provider}}))
    names = ("MODELS_FETCH", "AUTOUPDATE", "LSP_DOWNLOAD", "DEFAULT_PLUGINS")
    extra = {f"OPENCODE_DISABLE_{name}": "1" for name in names}
    return [*(install.command(OPENCODE) or []), "run", "--format", "json", "--auto", "Find the number"], extra


def _claude(place: Place, url: str) -> tuple[list[str], dict[str, str]]:
    extra = {"IS_SANDBOX": "1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1"}
    if url:
        extra |= {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "dummy"}
    how = ["-p", "Find the number", "--output-format", "stream-json", "--verbose"]
    return [*(install.command(CLAUDE) or []), *how, "--dangerously-skip-permissions"], extra


def _codex_talks(place: Place) -> tuple[Talk, ...]:
    story = next(story for client, story in stories.PLAYED if client == CODEX and story.name == "tools")
    for name, text in story.files.items():
        path = place.cwd / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return story.talks(place.machine)


def _codex(place: Place, url: str) -> tuple[list[str], dict[str, str]]:
    _codex_talks(place)
    folder = place.home / ".codex"
    folder.mkdir(exist_ok=True)
    settings = f"""model = "{run.MODELS[CODEX]}"
model_provider = "stub"
[model_providers.stub]
name = "stub"
base_url = "{url or "http://127.0.0.1:9"}/v1"
env_key = "STUB_KEY"
wire_api = "responses"
"""
    (folder / "config.toml").write_text(settings, encoding="utf-8")
    how = ["exec", "--json", "--dangerously-bypass-approvals-and-sandbox", "Mend the store and leave a note."]
    return [*(install.command(CODEX) or []), *how], {"STUB_KEY": "dummy"} if url else {}


KINDS = (
    Kind(
        client=CLAUDE,
        by=("id",),
        model=lambda place: _scripted(CLAUDE, place),
        order=_claude,
        spent=_booked,
    ),
    Kind(
        client=CODEX,
        by=("wire", "process"),
        model=lambda place: Endpoint(Script(_codex_talks(place), seed="codex")),
        order=_codex,
        spent=_booked,
    ),
    _more("gemini-0.61.0", "id"),
    _more("qwen-0.24.4", "id"),
    _more("pi-0.87.1", "content"),
    _more("pi-0.74.2", "content"),
    Kind(client=COPILOT, by=("id",), model=lambda p: _scripted(COPILOT, p), order=_copilot, spent=_booked),
    Kind(
        client=OPENCODE,
        by=("wire", "process"),
        model=lambda p: _scripted(OPENCODE, p),
        order=_opencode,
        spent=_booked,
    ),
)


@pytest.fixture(params=KINDS, ids=lambda kind: kind.client)
def kind(request: pytest.FixtureRequest) -> Kind:
    """A client that is installed."""
    found: Kind = request.param
    if install.command(found.client) is None:
        missing = f"{found.client} is not installed: python tests/clients/install.py {found.client}"
        if _is_required(found.client):
            pytest.fail(missing)
        pytest.skip(missing)
    return found


@contextlib.contextmanager
def _opened(archive: Path, home: Path) -> Iterator[Archive]:
    with open_archive(archive, variables={"HOME": str(home), "TZ": "UTC"}) as opened:
        yield opened


def test_a_client_is_recorded_with_its_transcript_and_replayed_elsewhere(kind: Kind, tmp_path: Path) -> None:
    here = Place(tmp_path / "a", kind.client)
    archive = tmp_path / "archive"
    with kind.model(here) as endpoint:
        recorded = here.start(archive, ["record"], kind.order(here, endpoint.url))
    assert (recorded["missing"], recorded["degraded"]) == ([], None)
    _is_linked_and_counted_once(kind, archive, here, recorded, kind.spent(endpoint))
    there = Place(tmp_path / "another place", kind.client)
    address = "http://127.0.0.1:9" if kind.client in {each.name for each in CLIENTS} else ""
    replayed = there.start(archive, ["replay", recorded["session"]], kind.order(there, address))
    assert replayed["diverged"] is False
    assert sum(replayed["matched"].values()) == replayed["recorded"] == recorded["exchanges"]
    assert replayed["unplayed"] == []


def test_two_of_codex_with_the_same_prompt_in_one_folder_are_told_apart(tmp_path: Path) -> None:
    if install.command(CODEX) is None:
        pytest.skip(f"{CODEX} is not installed")
    here, archive = Place(tmp_path / "a", CODEX), tmp_path / "archive"
    says = "Say it twice"
    talks = tuple(
        Talk(says=says, answers=(Say(text="The same.", usage=Usage(input=5, output=2)),)) for _ in "ab"
    )
    with Endpoint(Script(talks, seed="twins")) as endpoint:
        (*command, _), extra = _codex(here, endpoint.url)
        variables = here.machine.environment({**extra, "REENACT_HOME": str(archive)})
        reports = [tmp_path / f"{name}.json" for name in "ab"]
        started = [
            subprocess.Popen(
                [*reenact("record"), "--json", str(report), "--", *command, says],
                cwd=here.cwd,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            for report in reports
        ]
        printed = [process.communicate(timeout=120)[0] for process in started]
    assert [process.returncode for process in started] == [0, 0]
    threads = [json.loads(text.splitlines()[0])["thread_id"] for text in printed]
    found = [json.loads(report.read_text()) for report in reports]
    assert [each["native_sessions"] for each in found] == [[thread] for thread in threads]
    assert [each["missing"] for each in found] == [[], []]
    with _opened(archive, here.home) as opened:
        rows = opened.sessions()
        assert sum(row.original is not None for row in rows) == 2
        assert sum(row.own.tokens.total for row in rows) == 14


def _is_linked_and_counted_once(kind: Kind, archive: Path, here: Place, recorded: Any, spent: Sums) -> None:
    with _opened(archive, here.home) as opened:
        rows = {row.id: row for row in opened.sessions()}
        recording = rows[recorded["session"]]
        main = [row for row in rows.values() if row.original and row.kind != "subagent"]
        assert [row.id for row in main] == recorded["transcripts"]
        assert (recording.completeness, recording.hidden, main[0].hidden) == ("full", True, False)
        told = [
            event.body.data
            for event in opened.events(recording.id)
            if isinstance(event.body, Custom) and event.body.name == TRANSCRIPT
        ]
        assert any(each["native_id"] == main[0].native_id and each["by"] in kind.by for each in told)
        own = [row.own.tokens for row in rows.values()]
        assert spent == (
            sum(each.input for each in own),
            sum(each.cache_read for each in own),
            sum(each.cache_write for each in own),
            sum(each.output for each in own),
        )
        followed = _transcripts(opened, recording.id)
    with _opened(archive.with_name("later"), here.home) as later:
        later.catch_up()
        assert followed == _transcripts(later, recording.id)


def _transcripts(archive: Archive, recording: str) -> Any:
    """Gives what the archive says of all but the recording."""
    told = answers(archive)
    listed = [row for row in told["list"] if row["id"] != recording]
    for row in listed:  # who followed saw what a rewrite took away since; who came later did not
        row["removed_at_source"] = None
    names = [row["id"] for row in listed]
    return listed, [told["trees"][name] for name in names], [told["events"][name] for name in names]

"""An archive of two small sessions, and a browser's questions put to the page without a network."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.cli.sessions import ordinary
from tests.tree.builders import START, Script

from reenact.archive import Archive, open_archive
from reenact.clock import ManualClock
from reenact.events import Event, Header
from reenact.web.app import page
from reenact.web.bundle import Bundle
from reenact.web.desk import Desk
from reenact.web.guard import App, Tokens
from reenact.web.news import News
from reenact.web.shelf import Shelf
from reenact.web.views import Following

HOST = "127.0.0.1:7331"
NOW = START + 3_600_000_000
PRICES = """timezone = "UTC"
[prices."model-a"]
input = 3
output = 15
cache_read = 0.3
[prices."model-b"]
input = 1
output = 5
"""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Browser:
    """Asks an app as a browser on this machine does."""

    def __init__(self, app: App) -> None:
        self.app = app

    def get(self, path: str, *, headers: Mapping[str, str] | None = None, method: str = "GET") -> Answer:
        return asyncio.run(self._ask(path, {"host": HOST, **(headers or {})}, method))

    async def _ask(self, path: str, headers: Mapping[str, str], method: str) -> Answer:
        from urllib.parse import unquote

        name, _, query = path.partition("?")
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
            "scheme": "http", "path": unquote(name), "raw_path": name.encode(), "root_path": "",
            "query_string": query.encode(), "server": ("127.0.0.1", 7331), "client": ("127.0.0.1", 5),
            "headers": [(key.encode(), value.encode()) for key, value in headers.items() if value],
        }  # fmt: skip
        told: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            told.append(message)

        await self.app(scope, receive, send)
        start = told[0]
        return Answer(
            status=start["status"],
            headers={key.decode().lower(): value.decode() for key, value in start["headers"]},
            body=b"".join(message.get("body", b"") for message in told[1:]),
        )


def write(archive: Archive, header: Header, events: Iterable[Event]) -> None:
    """Records a session."""
    writer = archive.store.writer(header)
    for event in events:
        writer.append(msgspec.structs.replace(event, session=header.id))
    writer.close()
    archive.store.catch_up()


Opening = Callable[[], Archive]


@pytest.fixture(scope="module")
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where everything of a module's tests lies: they share one archive, which is costly to make."""
    return tmp_path_factory.mktemp("web")


@pytest.fixture(scope="module")
def opening(folder: Path, clock: ManualClock) -> Opening:
    """Opens the test's archive; a home without transcripts around it."""
    config = folder / "home" / ".config" / "reenact"
    config.mkdir(parents=True)
    (config / "config.toml").write_text(PRICES)
    variables = {"HOME": str(folder / "home"), "TZ": "UTC", "ACME_API_KEY": "sk-acme-0123456789abcdef"}
    return lambda: open_archive(folder / "archive", variables=variables, clock=clock)


@pytest.fixture(scope="module")
def archive(opening: Opening) -> Iterator[Archive]:
    with opening() as opened:
        yield opened


@pytest.fixture(scope="module")
def filled(archive: Archive) -> Archive:
    """An ordinary session `s1` with its sub-agent `s2`."""
    write(archive, Header(id="s1", agent="claude_code", native_id="native-1"), ordinary().events)
    child = Script()
    child.told("Look at every caller.", "task")
    child.calls("d1", "Grep", {"pattern": "parse("}, "n1", ts=START + 16_000_000)
    child.result("d1", "app.py:3", ts=START + 17_000_000)
    child.says("All fine.", "n2", ts=START + 18_000_000)
    child.spends("n2", 40, ts=START + 18_000_000)
    header = Header(
        id="s2", agent="claude_code", native_id="native-2", kind="subagent", parent="s1", parent_call="c5"
    )
    write(archive, header, child.events)
    archive.texts.index()
    return archive


@pytest.fixture(scope="module")
def board() -> News:
    return News(Following(following=True, count=0, last_write_at=None, since=None, error=None))


@pytest.fixture(scope="module")
def desk(opening: Opening, folder: Path, clock: ManualClock) -> Iterator[Desk]:
    made = Desk(opening, Shelf(folder / "archive" / "cache", clock), readers=1)
    yield made
    made.close()


@pytest.fixture(scope="module")
def browser(desk: Desk, board: News, filled: Archive, folder: Path) -> Browser:
    """A browser of this machine, with the ordinary session to look at."""
    return Browser(page(desk, Bundle(folder / "none"), board, hosts=(HOST, "localhost:7331")))


@pytest.fixture(scope="module")
def stranger(desk: Desk, board: News, filled: Archive, folder: Path) -> Browser:
    """A browser of another machine, where a token is needed."""
    return Browser(page(desk, Bundle(folder / "none"), board, hosts=(HOST,), tokens=Tokens("link", "cookie")))

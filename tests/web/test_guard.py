"""Who gets an answer, and what every answer carries."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.routing import Route
from tests.web.conftest import HOST, Browser

from reenact.web import of_archive, of_session
from reenact.web.app import page
from reenact.web.bundle import Bundle
from reenact.web.desk import Desk
from reenact.web.guard import App, Door, Tokens
from reenact.web.news import News
from reenact.web.serving import is_loopback, listen


@pytest.mark.parametrize(
    ("headers", "method", "path", "status"),
    [
        pytest.param({}, "GET", "/api/sessions", 200, id="this machine"),
        pytest.param({"host": "localhost:7331"}, "GET", "/api/sessions", 200, id="by its other name"),
        pytest.param({"origin": f"http://{HOST}"}, "GET", "/api/sessions", 200, id="the page itself"),
        pytest.param({"host": "evil.example:7331"}, "GET", "/api/sessions", 403, id="foreign host"),
        pytest.param({"host": "127.0.0.1"}, "GET", "/api/sessions", 403, id="another port"),
        pytest.param({"host": ""}, "GET", "/api/sessions", 403, id="no host"),
        pytest.param({"origin": "https://evil.example"}, "GET", "/api/sessions", 403, id="foreign origin"),
        pytest.param({"origin": "null"}, "GET", "/api/sessions", 403, id="a sandboxed page"),
        pytest.param(
            {"origin": "http://localhost:7331"}, "GET", "/api/sessions", 403, id="origin is not host"
        ),
        pytest.param({"sec-fetch-site": "cross-site"}, "GET", "/api/sessions", 403, id="embedded elsewhere"),
        pytest.param(
            {"sec-fetch-site": "cross-site"}, "GET", "/", 503, id="a link to the page may be followed"
        ),
        pytest.param({}, "POST", "/api/sessions", 405, id="post"),
        pytest.param({}, "DELETE", "/api/sessions/s1", 405, id="delete"),
        pytest.param({}, "OPTIONS", "/api/sessions", 405, id="preflight"),
        pytest.param({}, "GET", "/api/nothing", 404, id="no such view"),
        pytest.param({}, "GET", "/api/sessions?q=" + "x" * 9_000, 414, id="too long"),
    ],
)
def test_only_the_page_itself_gets_answers(
    browser: Browser, headers: dict[str, str], method: str, path: str, status: int
) -> None:
    answer = browser.get(path, headers=headers, method=method)
    assert answer.status == status
    if status in {403, 405, 414}:
        assert set(answer.json["error"]) == {"message", "hint"}


STRANGERS = [
    pytest.param({"host": "evil.example:7331"}, id="foreign host"),
    pytest.param({"host": "127.0.0.1"}, id="another port"),
    pytest.param({"origin": "https://evil.example"}, id="foreign origin"),
    pytest.param({"origin": "null"}, id="a sandboxed page"),
    pytest.param({"origin": "http://localhost:7331"}, id="origin is not host"),
]


@pytest.mark.parametrize("headers", STRANGERS)
def test_no_route_answers_a_stranger(desk: Desk, board: News, built: Bundle, headers: dict[str, str]) -> None:
    """Every route that the application has is asked, by whatever way it is reached."""
    door = page(desk, built, board, hosts=(HOST, "localhost:7331"))
    paths = {re.sub(r"{[^}]*}", "1", route.path) for route in routes(door)}
    assert len(paths) > len(of_archive.ROUTES) + len(of_session.ROUTES) + 3
    asking = Browser(door)
    answers = {
        (path, method): asking.get(path, headers={"x-reenact": "keep", **headers}, method=method).status
        for path in paths
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH")
    }
    assert set(answers.values()) == {403}, answers


def test_get_changes_nothing_and_only_one_route_takes_anything_else(
    desk: Desk, board: News, built: Bundle
) -> None:
    methods = {
        route.path: set(route.methods or ()) for route in routes(page(desk, built, board, hosts=(HOST,)))
    }
    assert methods.pop("/api/keep") == {"POST"}
    assert set().union(*methods.values()) == {"GET", "HEAD"}


@pytest.fixture
def built(tmp_path: Path) -> Bundle:
    for name in ("index.html", "main.js", "licences.txt"):
        (tmp_path / name).write_text("x")
    return Bundle(tmp_path)


def routes(door: App) -> list[Route]:
    assert isinstance(door, Door)
    found = door.routes
    assert all(isinstance(route, Route) for route in found)
    return [route for route in found if isinstance(route, Route)]


@pytest.mark.parametrize("path", ["/", "/api/sessions", "/api/nothing", "/licences", "/static/main.js"])
def test_every_answer_carries_the_safe_headers(browser: Browser, path: str) -> None:
    headers = browser.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] in {"no-store", "no-cache"}
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(
    "path",
    [
        "/api/sessions/..%2f..%2farchive.json",
        "/api/sessions/../../archive.json",
        "/api/sessions/..%5c..%5cx",
        "/api/sessions/%00",
        "/api/sessions/" + "a" * 5_000,
        "/api/image/..%2fs1/1/0",
        "/api/sessions/s1/body?part=../x",
        "/api/sessions/s1/body?part=1:../../x",
        "/api/sessions/s1/at/..",
        "/api/sessions/s1/at/-1",
        "/api/sessions/s1/step/999999",
        "/api/sessions/s1/requests/0",
        "/static/../views.py",
        "/static/%2e%2e/views.py",
        "/static/manifest.json",
    ],
)
def test_names_that_lead_elsewhere_lead_nowhere(browser: Browser, path: str) -> None:
    assert browser.get(path).status == 404


@pytest.mark.parametrize(
    "path", ["/api/sessions?offset=x", "/api/sessions/s1/stream?at=1e9", "/api/usage?by=eon"]
)
def test_words_that_mean_nothing_are_told(browser: Browser, path: str) -> None:
    answer = browser.get(path)
    assert answer.status == 400
    assert answer.json["error"]["hint"]


def test_elsewhere_nothing_is_answered_without_the_cookie(stranger: Browser) -> None:
    for path in ("/", "/api/sessions", "/static/main.js", "/api/live"):
        assert stranger.get(path).status == 401
    assert stranger.get("/api/sessions", headers={"cookie": "reenact=guess"}).status == 401
    assert stranger.get("/api/sessions", headers={"cookie": 'reenact="\\'}).status == 401


def test_the_link_works_once_and_gives_a_cookie_that_opens_the_page(stranger: Browser) -> None:
    assert stranger.get("/enter?token=wrong").status == 403
    first = stranger.get("/enter?token=link")
    assert (first.status, first.headers["location"]) == (303, "/")
    cookie = first.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert stranger.get("/api/sessions", headers={"cookie": cookie.partition(";")[0]}).status == 200
    assert stranger.get("/enter?token=link").status == 403


def test_words_that_are_no_ascii_are_no_token() -> None:
    tokens = Tokens("link", "cookie")
    assert tokens.exchange("lïnk") is None
    assert not tokens.opens("cöokie\udc80")


@pytest.mark.parametrize(
    ("host", "is_local"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("example.org", False)],
)
def test_loopback_is_told_from_everything_else(host: str, is_local: bool) -> None:
    assert is_loopback(host) is is_local


def test_a_port_that_is_taken_is_told_and_the_usual_one_gives_way() -> None:
    from reenact.errors import ReenactError

    taken, address = listen("127.0.0.1", 0)
    with taken:
        with pytest.raises(ReenactError, match="taken"):
            listen("127.0.0.1", address.port)
        assert f"127.0.0.1:{address.port}" in address.hosts
        assert address.url(None) == f"http://127.0.0.1:{address.port}/"
        assert address.url(Tokens("a", "b")).endswith("/enter?token=a")

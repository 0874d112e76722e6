"""Transcripts that try to do harm: they come out as text, cut and scrubbed, or not at all."""

from __future__ import annotations

import base64

import pytest
from tests.cli.sessions import hostile
from tests.tree.builders import Script
from tests.web.conftest import Browser, write

from reenact.archive import Archive
from reenact.events import Header, blocks, bodies
from reenact.web import texts
from reenact.web.contents import LARGEST_IMAGE, Picture, image_bytes

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture(scope="module")
def evil(filled: Archive) -> Archive:
    """A session of scripts, links, secrets, long lines and things that only look like images."""
    script = hostile()
    script.human("<script>alert(1)</script> [x](javascript:alert(1)) <style>*{display:none}</style>")
    script.says("key sk-acme-0123456789abcdef and more", "m9")
    script.calls("c8", "Bash", {"command": "cat big"}, "m9")
    script.result("c8", "A" * 10_000_000)
    bomb = {
        "type": "image",
        "source": {"type": "base64", "data": base64.b64encode(b"<svg onload=x>").decode()},
    }
    good = {"type": "image", "source": {"type": "base64", "data": base64.b64encode(PIXEL).decode()}}
    script.calls("c9", "Shot", {}, "m9")
    script.result("c9", [bomb, good])
    script.add(bodies.AgentSpawned(child="../../../etc/passwd", name="../x", task="<img src=x>"))
    deep: object = "x"
    for _ in range(200):
        deep = [deep]
    script.add(bodies.Custom(name="deep", data=deep))
    script.add(bodies.UserMessage(blocks=(blocks.Image(media_type="image/svg+xml", data="PHN2Zz4="),)))
    write(filled, Header(id="evil", agent="claude_code", native_id="native-evil"), script.events)
    return filled


def test_every_view_of_a_hostile_session_is_json_of_bounded_size(browser: Browser, evil: Archive) -> None:
    last = evil.session("evil").events
    paths = ["", "/columns", "/outline", "/stream?limit=200", "/requests", "/children"]
    paths += [f"/{view}/{seq}" for seq in range(1, last + 1) for view in ("at", "step", "context/at")]
    for path in paths:
        answer = browser.get(f"/api/sessions/evil{path}")
        assert answer.status == 200, (path, answer.body[:300])
        assert answer.headers["content-type"] == "application/json"
        assert len(answer.body) < 1_000_000, path


def test_a_line_of_ten_megabytes_shows_its_beginning_and_comes_in_pages(
    browser: Browser, evil: Archive
) -> None:
    rows = browser.get("/api/sessions/evil/stream?limit=200").json["rows"]
    output = next(
        row["tool"]["output"] for row in rows if row["tool"] and row["tool"]["argument"] == "cat big"
    )
    assert (len(output["text"]), output["size"], output["more"]) == (texts.BEGINNING, 10_000_000, True)
    page = browser.get(f"/api/sessions/evil/body?part={output['part']}&offset={texts.PAGE}")
    assert page.headers["content-type"] == "text/plain; charset=utf-8"
    assert (len(page.body), page.headers["x-reenact-size"]) == (texts.PAGE, "10000000")
    whole = browser.get(f"/api/sessions/evil/body?part={output['part']}&download=1")
    assert whole.headers["content-disposition"].startswith("attachment; filename=")
    assert len(whole.body) == 10_000_000


def test_no_view_lets_a_secret_of_this_environment_out(browser: Browser, evil: Archive) -> None:
    for path in ("stream?limit=200", "columns", "outline", "markdown", "step/12", "context/at/30"):
        body = browser.get(f"/api/sessions/evil/{path}").body
        assert b"sk-acme-0123456789abcdef" not in body, path
    events = [event for event in evil.events("evil") if isinstance(event.body, bodies.AssistantMessage)]
    for event in events:
        for name in ("text", "event"):
            page = browser.get(f"/api/sessions/evil/body?part={event.seq}:{name}")
            assert b"sk-acme-0123456789abcdef" not in page.body


def test_only_what_is_an_image_by_its_bytes_is_served_as_one(browser: Browser, evil: Archive) -> None:
    rows = browser.get("/api/sessions/evil/stream?limit=200").json["rows"]
    images = [image for row in rows for image in [*row["images"], *(row["tool"] or {}).get("images", [])]]
    found = [browser.get(image["url"]) for image in images]
    assert [answer.status for answer in found] == [404, 200, 404]
    shown = found[1]
    assert (shown.headers["content-type"], shown.body) == ("image/png", PIXEL)
    assert shown.headers["content-security-policy"].startswith("sandbox")


def test_an_image_too_large_or_broken_is_none(evil: Archive) -> None:
    large = Picture(data="A" * (LARGEST_IMAGE * 4 // 3 + 8))
    assert image_bytes(large, evil.store) is None
    assert image_bytes(Picture(data="%"), evil.store) is None
    assert image_bytes(Picture(blob="sha256:" + "0" * 64), evil.store) is None
    webp = base64.b64encode(b"RIFF\0\0\0\0WEBPVP8 ").decode()
    found = image_bytes(Picture(data=webp), evil.store)
    assert found is not None
    assert found[0] == "image/webp"


def test_a_blob_that_unpacks_to_very_much_is_not_unpacked(
    evil: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = evil.store.put_blob(PIXEL[:8] + bytes(LARGEST_IMAGE))
    small = evil.store.put_blob(PIXEL)
    assert image_bytes(Picture(blob=small), evil.store) == ("image/png", PIXEL)
    monkeypatch.setattr("reenact.store.blobs.read_blob", None)  # whoever reads it whole fails
    assert image_bytes(Picture(blob=name), evil.store) is None
    (path,) = (evil.path / "blobs").glob(f"*/{name[7:]}.zst")
    assert path.stat().st_size < 10_000  # this is what makes it a bomb
    path.write_bytes(b"no frame at all")
    assert image_bytes(Picture(blob=name), evil.store) is None


def test_control_and_direction_signs_stay_what_they_are_in_json(browser: Browser, evil: Archive) -> None:
    rows = browser.get("/api/sessions/evil/stream?limit=200").json["rows"]
    text = next(row["text"]["text"] for row in rows if row["kind"] == "assistant")
    assert "\u202e" in text
    assert "\x1b" in text


def test_a_sub_agent_of_a_name_that_is_a_path_is_no_session(browser: Browser, evil: Archive) -> None:
    assert browser.get("/api/sessions/..%2f..%2f..%2fetc%2fpasswd").status == 404
    lanes = browser.get("/api/sessions/evil").json["lanes"]
    assert [lane["session"] for lane in lanes] == ["evil"]


def test_of_many_long_texts_an_answer_gives_beginnings_only(browser: Browser, filled: Archive) -> None:
    script = Script()
    for number in range(60):
        script.says(f"{number} " + "b" * 60_000, f"m{number}")
    write(filled, Header(id="long", agent="claude_code", native_id="native-long"), script.events)
    answer = browser.get("/api/sessions/long/stream?limit=200")
    assert len(answer.body) < 2_500_000
    rows = answer.json["rows"]
    assert not rows[0]["text"]["more"]
    assert rows[-1]["text"]["more"]
    page = browser.get(f"/api/sessions/long/body?part={rows[-1]['text']['part']}")
    assert len(page.body) == rows[-1]["text"]["size"]

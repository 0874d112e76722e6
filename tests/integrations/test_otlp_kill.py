"""A receiver that is killed, wherever it is, loses no span that it acknowledged, and tells none twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.gateway.speakers import speak
from tests.integrations.rooms import Books, archive_in, bodies_of, family_of, tree_of
from tests.integrations.test_otlp import post, run
from tests.integrations.tracing import Tracer, batch

from reenact.archive import Archive
from reenact.integrations.otlp import Pending

STEP = int(os.environ.get("CRASH_STEP", "7"))
SERVE = """
import sys
from pathlib import Path
from tests.integrations.rooms import archive_in
with archive_in(Path(sys.argv[1])) as archive, archive.receive_otlp(port=0) as address:
    print(address, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with archive_in(tmp_path) as opened:
        yield opened


def killed_after(folder: Path, *exports: bytes) -> None:
    """Has another process receive, and kills it once all is acknowledged."""
    words = [sys.executable, "-c", SERVE, str(folder)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        for export in exports:
            assert post(address, export).status_code == 200
        process.send_signal(signal.SIGKILL)


def shape(archive: Archive) -> Any:
    """What was recorded, whatever it is called here: agents, turns, calls, answers, what they cost."""
    archive.store.catch_up()
    told = []
    for row in archive.sessions():
        if row.kind == "main":
            for each in family_of(archive, row.id):
                tree = tree_of(archive, each)
                loops = [
                    (loop.id, loop.status, loop.prompt, [[s.call for s in turn.tools] for turn in loop.turns])
                    for loop in tree.loops
                ]
                calls = {
                    kind: sorted(
                        str(getattr(body, "exchange", None) or getattr(body, "call", None) or body.key)
                        for body in bodies_of(archive, each, kind)
                    )
                    for kind in (
                        "model.requested",
                        "model.responded",
                        "tool.called",
                        "tool.finished",
                        "usage.recorded",
                    )
                }
                said = [body.blocks for body in bodies_of(archive, each, "message.user")]
                children = [(child.call, child.status) for child in tree.children]
                told.append((tree.agent, loops, calls, said, children))
    return told


def waiting(folder: Path) -> list[Path]:
    return sorted((folder / "archive" / "incoming").glob("*"))


def test_what_was_acknowledged_survives_a_kill_and_waits_for_its_root(
    archive: Archive, tmp_path: Path
) -> None:
    with Books(speak) as books:
        exports = run(books).batches(2)
    killed_after(tmp_path, *exports[:-1])
    assert waiting(tmp_path)
    archive.store.catch_up()
    assert archive.sessions() == []
    with archive.receive_otlp(port=0) as address:
        archive.store.catch_up()
        assert archive.sessions() == []  # the root may still come
        assert post(address, exports[-1]).status_code == 200
    assert waiting(tmp_path) == []
    whole = shape(archive)
    assert [agent for agent, *_ in whole] == ["agent-0", "agent-1"]
    with archive_in(tmp_path / "undisturbed") as other:
        with other.receive_otlp(port=0) as address:
            for export in exports:
                post(address, export)
        assert shape(other) == whole


def test_what_waits_is_told_and_is_no_damage(archive: Archive, tmp_path: Path) -> None:
    assert archive.incoming() == Pending()
    traces = [Tracer(trace=f"{number:032x}") for number in range(3)]
    for tracer in traces:
        with tracer.span("invoke_agent x", "invoke_agent"), tracer.span("chat", "chat"):
            pass
    whole, *rest = traces
    killed_after(tmp_path, batch([one for tracer in traces for one in tracer.ended[:1]]), batch(whole.ended))
    (path,) = waiting(tmp_path)
    size = path.stat().st_size
    assert archive.incoming() == Pending(spans=2, traces=2, bytes=size)
    assert archive.checkup().incoming == archive.incoming()
    assert {part.part: part.apparent for part in archive.sizes()}["incoming"] == size
    assert list(archive.verify()) == []
    with path.open("ab") as file:
        file.write(b'{"spans":[{"tra')  # never acknowledged
    assert list(archive.verify()) == []
    with archive.receive_otlp(port=0) as address:
        assert archive.incoming() == Pending(spans=2, traces=2, bytes=waiting(tmp_path)[0].stat().st_size)
        for tracer in rest:
            assert post(address, batch(tracer.ended[1:])).status_code == 200
        assert archive.incoming() == Pending()


def test_what_waits_and_cannot_be_read_is_damage(
    archive: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tracer = Tracer()
    with tracer.span("invoke_agent x", "invoke_agent"), tracer.span("chat", "chat"):
        pass
    killed_after(tmp_path, batch(tracer.ended[:1]))
    (path,) = waiting(tmp_path)
    path.write_bytes(b'{"spans":[{"\xff":1}]}\n' + path.read_bytes())
    (lost,) = archive.verify()
    assert (lost.where, lost.severity) == (str(path), "lost")
    assert archive.incoming().spans == 1
    with archive.receive_otlp(port=0):
        pass
    (aside,) = archive.verify()
    assert (aside.where, aside.severity) == (str(path.with_suffix(".damaged")), "note")
    assert "could not be read" in capsys.readouterr().err


def test_what_never_was_complete_is_written_by_the_next_receiver(archive: Archive, tmp_path: Path) -> None:
    with Books(speak) as books:
        spans = run(books).ended
    killed_after(tmp_path, batch(spans[:-1]))
    with archive.receive_otlp(port=0):
        pass
    assert sum(len(bodies_of(archive, row.id, "model.responded")) for row in archive.sessions()) == 3
    assert waiting(tmp_path) == []


def test_no_secret_waits_on_disk(archive: Archive, tmp_path: Path) -> None:
    secret = "sk-proj-" + "a1B2c3D4e5F6" * 4
    tracer = Tracer()
    with tracer.span("invoke_agent x", "invoke_agent"), tracer.span("chat", "chat", system=secret):
        pass
    killed_after(tmp_path, batch(tracer.ended[:1]))
    (path,) = waiting(tmp_path)
    assert path.stat().st_size
    assert secret.encode() not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0


def test_a_living_receiver_keeps_what_is_its_own(archive: Archive, tmp_path: Path) -> None:
    tracer = Tracer()
    with tracer.span("invoke_agent x", "invoke_agent"), tracer.span("chat", "chat"):
        pass
    with archive.receive_otlp(port=0) as first:
        post(first, batch(tracer.ended[:1]))
        with archive.receive_otlp(port=0):
            pass
        assert archive.sessions() == []
        assert len(waiting(tmp_path)) == 1
        post(first, batch(tracer.ended[1:]))
    (row,) = archive.sessions()
    assert len(bodies_of(archive, row.id, "model.requested")) == 1


def test_a_trace_that_is_sent_again_is_not_told_twice(archive: Archive) -> None:
    with Books(speak) as books:
        export = batch(run(books).ended)
    with archive.receive_otlp(port=0) as address:
        assert post(address, export).status_code == 200
        archive.store.catch_up()
        once = shape(archive)
        assert post(address, export).status_code == 200
    assert shape(archive) == once


def test_what_cannot_be_kept_is_not_acknowledged(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tracer = Tracer()
    with tracer.span("invoke_agent x", "invoke_agent"), tracer.span("chat", "chat"):
        pass
    real = os.write

    def full(handle: int, data: Any) -> int:
        if b'"spans"' in bytes(data[:20]):
            real(handle, data[:9])
            raise OSError(28, "No space left on device")
        return real(handle, data)

    with archive.receive_otlp(port=0) as address:
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", full)
            refused: httpx2.Response = post(address, batch(tracer.ended))
        assert refused.status_code == 500
        assert [path.stat().st_size for path in waiting(tmp_path)] == [0]
        assert post(address, batch(tracer.ended)).status_code == 200
    assert "No space left" in capsys.readouterr().err
    assert len(archive.sessions()) == 1


def test_a_span_that_waits_late_finds_its_place_after_a_kill(archive: Archive, tmp_path: Path) -> None:
    with Books(speak) as books:
        spans = run(books).ended
    agent = next(span for span in spans if span["name"] == "invoke_agent main" and span["parentSpanId"])
    (chat,) = [span for span in spans if span["parentSpanId"] == agent["spanId"]]
    rest = [span for span in spans if span not in (agent, chat)]
    killed_after(tmp_path, batch(rest), batch([chat]))  # what it is in may still come
    archive.store.catch_up()
    assert [row.agent for row in archive.sessions()] == ["agent-0"]
    assert archive.incoming().spans == 1
    with archive.receive_otlp(port=0) as address:
        assert archive.incoming().spans == 1
        assert post(address, batch([agent])).status_code == 200
    with archive_in(tmp_path / "undisturbed") as other:
        with other.receive_otlp(port=0) as address:
            post(address, batch(spans))
        assert shape(archive) == shape(other)
    assert waiting(tmp_path) == []


@pytest.mark.crash
def test_killed_at_any_write_a_receiver_loses_nothing_and_tells_nothing_twice(tmp_path: Path) -> None:
    with Books(speak) as books:
        exports = [json.loads(one) for one in run(books).batches(3)]
    (tmp_path / "batches.json").write_text(json.dumps(exports))
    words = [sys.executable, "-m", "tests.integrations.dying_receiver", str(tmp_path), str(STEP)]
    subprocess.run(words, check=True, capture_output=True)
    with archive_in(tmp_path / "count") as archive:
        whole = shape(archive)
    assert [agent for agent, *_ in whole] == ["agent-0", "agent-1"]
    folders = sorted(path for path in tmp_path.iterdir() if path.is_dir() and path.name != "count")
    assert len(folders) >= 8
    for folder in folders:
        told = (tmp_path / f"{folder.name}.told").read_text()
        with archive_in(folder) as archive:
            with archive.receive_otlp(port=0) as address:
                for export in exports[len(told) :]:  # an exporter sends again what nobody acknowledged
                    assert post(address, json.dumps(export).encode()).status_code == 200
            assert shape(archive) == whole, folder.name
        assert waiting(folder) == []

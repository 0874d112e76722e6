"""How OpenCode is told whom to ask: by `$OPENCODE_CONFIG_CONTENT`, which it puts over its files.

Seen with 1.18: settings are merged from the user's folder, `$OPENCODE_CONFIG`, the project and that
variable, in this order. A provider that nobody set up is left alone: naming it would set it up.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from reenact.config import home_directory
from reenact.launch.values import NO_KEY, Provider, Told

_CONTENT = "OPENCODE_CONFIG_CONTENT"
_USUAL = {
    "anthropic": "https://api.anthropic.com/v1",
    "openai": "https://api.openai.com/v1",
    "google": "https://generativelanguage.googleapis.com/v1beta",
}
_KEYS = {
    "anthropic": "ANTHROPIC_API_KEY",
    "openai": "OPENAI_API_KEY",
    "google": "GOOGLE_GENERATIVE_AI_API_KEY",
}
_QUIET = ("MODELS_FETCH", "AUTOUPDATE", "LSP_DOWNLOAD")
_NAMES = ("config.json", "opencode.json", "opencode.jsonc")
_COMMENT = re.compile(r'("(?:[^"\\]|\\.)*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_COMMA = re.compile(r'("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])')


class _Login(msgspec.Struct, frozen=True):
    """Of a login only its kind is looked at."""

    type: str = ""


def providers(command: Sequence[str], variables: Mapping[str, str]) -> tuple[Provider, ...]:
    """Gives the providers that are set up, those of the settings first."""
    del command
    found: dict[str, str] = {}
    logins = _logins(variables)
    for settings in _settings(variables):
        known = settings.get("provider")
        for name, value in known.items() if isinstance(known, dict) else ():
            options = value.get("options") if isinstance(value, dict) else None
            base = options.get("baseURL") if isinstance(options, dict) else None
            if isinstance(base, str) and base.startswith(("http://", "https://")):
                found[name] = base
            elif name in _USUAL:
                found.setdefault(name, _USUAL[name])
    for name, base in _USUAL.items():
        if variables.get(_KEYS[name]) or logins.get(name) == "api":
            found.setdefault(name, base)
    mine = {name: base for name, base in found.items() if logins.get(name) != "oauth"}
    return tuple(Provider(name=name, base=base) for name, base in mine.items())


def tell(
    command: Sequence[str], variables: Mapping[str, str], addresses: Mapping[str, str], *, offline: bool
) -> Told:
    """Gives the environment with the providers' addresses put over the settings."""
    environment = dict(variables)
    settings = _decoded(variables.get(_CONTENT, ""))
    known = settings.get("provider")
    told: dict[str, Any] = dict(known) if isinstance(known, dict) else {}
    for name, address in addresses.items():
        one = told.get(name)
        options = one.get("options") if isinstance(one, dict) else None
        told[name] = {
            **(one if isinstance(one, dict) else {}),
            "options": {**(options if isinstance(options, dict) else {}), "baseURL": address},
        }
        if offline and name in _KEYS:
            environment.setdefault(_KEYS[name], NO_KEY)
    if offline:
        environment |= {f"OPENCODE_DISABLE_{name}": "1" for name in _QUIET}
        settings = {"autoupdate": False, "share": "disabled", **settings}
    environment[_CONTENT] = msgspec.json.encode({**settings, "provider": told}).decode()
    return Told(command=tuple(command), environment=environment)


def _settings(variables: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Yields the settings, those that go before others last."""
    base = variables.get("XDG_CONFIG_HOME")
    folder = Path(base) if base else home_directory(variables) / ".config"
    paths = [folder / "opencode" / name for name in _NAMES]
    if named := variables.get("OPENCODE_CONFIG"):
        paths.append(Path(named))
    here = Path(os.getcwd())
    paths += [above / name for above in reversed((here, *here.parents)) for name in _NAMES[1:]]
    for path in paths:
        try:
            yield _decoded(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError):
            continue
    yield _decoded(variables.get(_CONTENT, ""))


def _decoded(text: str) -> dict[str, Any]:
    """Reads JSON with comments and commas too many."""
    plain = _COMMA.sub(_text_of, _COMMENT.sub(_text_of, text))
    try:
        return msgspec.json.decode(plain or "{}", type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError):
        return {}


def _text_of(found: re.Match[str]) -> str:
    return found.group(1) or ""


def _logins(variables: Mapping[str, str]) -> dict[str, str]:
    """Gives provider → the kind of login there is."""
    base = variables.get("XDG_DATA_HOME")
    folder = Path(base) if base else home_directory(variables) / ".local" / "share"
    try:
        found = msgspec.json.decode((folder / "opencode" / "auth.json").read_bytes(), type=dict[str, _Login])
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return {}
    return {name: login.type for name, login in found.items()}

"""How Codex is told whom to ask: by `-c`, which goes before its configuration file.

Seen with 0.42 to 0.169: a provider is named by `model_provider` (of the file, of a profile, or on the
command line); the built-in one asks at `openai_base_url`, before that at `$OPENAI_BASE_URL`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from reenact.config import home_directory
from reenact.launch.agents import program_of, words_of
from reenact.launch.values import NO_KEY, Provider, Told

_BUILT_IN = "openai"
_API = "https://api.openai.com/v1"
_SUBSCRIPTION = "https://chatgpt.com/backend-api/codex"
_QUIET = ("check_for_update_on_startup=false", "analytics.enabled=false")
_NOTHING = msgspec.Raw(b"null")


class _Login(msgspec.Struct, frozen=True):
    """Which kind of login there is; the secrets themselves are not looked at."""

    OPENAI_API_KEY: msgspec.Raw = _NOTHING
    tokens: msgspec.Raw = _NOTHING


def providers(command: Sequence[str], variables: Mapping[str, str]) -> tuple[Provider, ...]:
    """Gives the provider that a command uses."""
    settings = _settings(command, variables)
    name = _name(settings)
    if name == _BUILT_IN:
        usual = _SUBSCRIPTION if _is_subscribed(variables) else _API
        base = settings.get("openai_base_url") or variables.get("OPENAI_BASE_URL") or usual
    else:
        known = settings.get("model_providers")
        one = known.get(name) if isinstance(known, dict) else None
        base = one.get("base_url") if isinstance(one, dict) else None
    return (Provider(name=name, base=base),) if isinstance(base, str) and base else ()


def tell(
    command: Sequence[str], variables: Mapping[str, str], addresses: Mapping[str, str], *, offline: bool
) -> Told:
    """Gives the command with the provider's address overridden."""
    settings, environment = _settings(command, variables), dict(variables)
    name = _name(settings)
    address = addresses.get(name)
    if address is None:
        return Told(command=tuple(command), environment=environment)
    pairs = [f'openai_base_url="{address}"']
    if name == _BUILT_IN:
        environment["OPENAI_BASE_URL"] = address
    else:
        pairs = [f'model_providers.{name}.base_url="{address}"']
    if offline:
        pairs += _QUIET
        known = settings.get("model_providers")
        one = known.get(name) if isinstance(known, dict) else None
        needed = one.get("env_key") if isinstance(one, dict) else None
        for key in [needed] if isinstance(needed, str) else ["CODEX_API_KEY", "OPENAI_API_KEY"]:
            environment.setdefault(key, NO_KEY)
    words = [word for pair in pairs for word in ("-c", pair)]
    return Told(command=(*program_of(command), *words, *words_of(command)), environment=environment)


def _name(settings: Mapping[str, Any]) -> str:
    name = settings.get("model_provider")
    return name if isinstance(name, str) and name else _BUILT_IN


def _settings(command: Sequence[str], variables: Mapping[str, str]) -> dict[str, Any]:
    """Gives what holds for a command: its own `-c` pairs before its profile before the file."""
    folder = _home(variables)
    settings = _read(folder / "config.toml")
    pairs = list(_pairs(words_of(command)))
    named = next((value for key, value in reversed(pairs) if key == "profile"), settings.get("profile"))
    profiles = settings.get("profiles")
    profile = profiles.get(named) if isinstance(profiles, dict) and isinstance(named, str) else None
    settings |= profile if isinstance(profile, dict) else {}
    for key, value in pairs:
        place = settings
        *above, last = key.split(".")
        for part in above:
            inner = place.get(part)
            place[part] = inner = dict(inner) if isinstance(inner, dict) else {}
            place = inner
        place[last] = value
    return settings


def _pairs(words: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """Yields the settings on a command line; a value is TOML, or a text."""
    for flag, following in zip(words, [*words[1:], ""], strict=False):
        if flag in {"-p", "--profile"}:
            yield "profile", following
        told = following if flag in {"-c", "--config"} else flag.removeprefix("--config=")
        if flag in {"-c", "--config"} or flag.startswith("--config="):
            key, mark, text = told.partition("=")
            if mark:
                yield key.strip(), _value(text.strip())


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text.strip("\"'")


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}


def _home(variables: Mapping[str, str]) -> Path:
    named = variables.get("CODEX_HOME")
    return Path(named) if named else home_directory(variables) / ".codex"


def _is_subscribed(variables: Mapping[str, str]) -> bool:
    if variables.get("CODEX_API_KEY") or variables.get("OPENAI_API_KEY"):
        return False
    try:
        login = msgspec.json.decode((_home(variables) / "auth.json").read_bytes(), type=_Login)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return False
    return bytes(login.tokens) != b"null" and bytes(login.OPENAI_API_KEY) == b"null"

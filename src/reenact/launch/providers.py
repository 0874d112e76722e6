"""Where an agent sends its requests by itself, and how it is told to send them to the gateway instead.

By its environment and its arguments alone; a user's configuration is read where it names a provider,
and never touched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol
from urllib.parse import urlsplit

from reenact.launch import codex, opencode, pi
from reenact.launch.agents import known
from reenact.launch.values import NO_KEY, Provider, Told
from reenact.wire.dialects import dialect_of

ANTHROPIC = "https://api.anthropic.com"
OPENAI = "https://api.openai.com/v1"
GOOGLE = "https://generativelanguage.googleapis.com"
_VIA = "/via/"

_OFFLINE = {
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_TELEMETRY": "1",
    "DISABLE_ERROR_REPORTING": "1",
    "GEMINI_TELEMETRY_ENABLED": "false",
    "COPILOT_OFFLINE": "true",
    "COPILOT_AUTO_UPDATE": "false",
}
"""What keeps agents from asking for anything but their model (Claude Code 1.0 to 2.1, Gemini, Copilot)."""


class Ways(Protocol):
    """What a module knows of an agent that must be told by more than one variable."""

    def providers(self, command: Sequence[str], variables: Mapping[str, str]) -> tuple[Provider, ...]: ...

    def tell(
        self,
        command: Sequence[str],
        variables: Mapping[str, str],
        addresses: Mapping[str, str],
        *,
        offline: bool,
    ) -> Told: ...


_WAYS: dict[str, Ways] = {"codex": codex, "opencode": opencode, "pi": pi}
_BASE = {"anthropic": "ANTHROPIC_BASE_URL", "openai": "OPENAI_BASE_URL", "google": "GOOGLE_GEMINI_BASE_URL"}
_KEYS = {
    "anthropic": ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"),
    "openai": ("OPENAI_API_KEY",),
    "google": ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
}
_HOMES = {
    "anthropic": "anthropic",
    "openai-chat": "openai",
    "openai-responses": "openai",
    "openai-embeddings": "openai",
    "gemini": "google",
}
_USUAL = {"anthropic": ANTHROPIC, "openai": OPENAI, "google": GOOGLE}
_SPEAKS = {"claude_code": ("anthropic",), "gemini": ("google",), "qwen": ("openai",)}
"""Agent → whom it asks; programs that we do not know may ask any of them."""


def providers_of(command: Sequence[str], variables: Mapping[str, str]) -> tuple[Provider, ...]:
    """Gives whom the agent of a command asks by itself; none where that cannot be told, or not be changed."""
    agent = known(command)
    if agent is not None and agent.name in _WAYS:
        return _WAYS[agent.name].providers(command, variables)
    if agent is not None and agent.name == "copilot":
        base = variables.get("COPILOT_PROVIDER_BASE_URL")
        return (Provider(name="copilot", base=base),) if base else ()
    names = _SPEAKS.get(agent.name, tuple(_USUAL)) if agent is not None else tuple(_USUAL)
    return tuple(Provider(name=name, base=variables.get(_BASE[name]) or _USUAL[name]) for name in names)


def addresses_of(providers: Sequence[Provider], gateway: str) -> dict[str, str]:
    """Gives provider → its address at the gateway: the first one's is the gateway's own."""
    return {
        each.name: gateway + (f"{_VIA}{each.name}" if place else "") + _path(each.base)
        for place, each in enumerate(providers)
    }


def origins(providers: Sequence[Provider]) -> dict[str, str]:
    """Gives prefix at the gateway → where requests go on that come there."""
    return {
        (f"{_VIA}{each.name}" if place else ""): each.base.rstrip("/").removesuffix(_path(each.base))
        for place, each in enumerate(providers)
    }


def told(
    command: Sequence[str],
    variables: Mapping[str, str],
    addresses: Mapping[str, str],
    *,
    offline: bool,
    dialects: frozenset[str] = frozenset(),
) -> Told:
    """Gives a command and its environment in which its agent talks to these addresses.

    With `offline` the agent is kept from asking anyone else, and gets a key that is none where it
    has no key: a replay needs none. `dialects` are those in which a recording was made.
    """
    agent = known(command)
    environment = {**variables, **(_OFFLINE if offline else {})}
    if agent is not None and agent.name in _WAYS:
        return _WAYS[agent.name].tell(command, environment, addresses, offline=offline)
    if agent is not None and agent.name == "copilot":
        _tell_copilot(environment, addresses, dialects, offline=offline)
        return Told(command=tuple(command), environment=environment)
    for name, address in addresses.items():
        if name in _BASE:
            environment[_BASE[name]] = address
            if offline and not any(environment.get(key) for key in _KEYS[name]):
                environment[_KEYS[name][0]] = NO_KEY
    return Told(command=tuple(command), environment=environment)


def for_replay(command: Sequence[str], variables: Mapping[str, str]) -> tuple[Provider, ...]:
    """Gives whom an agent asks, for a replay: one that would ask nobody we know is told to ask us."""
    found = providers_of(command, variables)
    agent = known(command)
    if not found and agent is not None and agent.name == "copilot":
        return (Provider(name="copilot", base=OPENAI),)
    return found


def _tell_copilot(
    environment: dict[str, str], addresses: Mapping[str, str], dialects: frozenset[str], *, offline: bool
) -> None:
    address = addresses.get("copilot")
    if address is None:
        return
    if not offline or environment.get("COPILOT_PROVIDER_BASE_URL"):
        environment["COPILOT_PROVIDER_BASE_URL"] = address
        return
    is_anthropic = "anthropic" in dialects
    environment |= {
        "COPILOT_PROVIDER_BASE_URL": address.removesuffix("/v1") if is_anthropic else address,
        "COPILOT_PROVIDER_TYPE": "anthropic" if is_anthropic else "openai",
        "COPILOT_PROVIDER_API_KEY": environment.get("COPILOT_PROVIDER_API_KEY") or NO_KEY,
    }
    if "openai-responses" in dialects:
        environment["COPILOT_PROVIDER_WIRE_API"] = "responses"


def _path(base: str) -> str:
    return urlsplit(base).path.rstrip("/")


def base_for(method: str, path: str, headers: Mapping[str, str], providers: Sequence[Provider]) -> str:
    """Gives where a request goes on that came to a gateway without saying whom it asks: by its dialect."""
    speaks = dialect_of(method, path, headers)
    home = _HOMES.get(speaks.name) if speaks is not None else None
    known = {each.name: each.base for each in providers}
    base = known.get(home or "") or (providers[0].base if providers else _USUAL[home or "anthropic"])
    return base.rstrip("/").removesuffix(_path(base))

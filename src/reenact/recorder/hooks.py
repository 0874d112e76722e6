"""Hooks: who watches a recording, and who has a say in what the agent does.

Observers are told every event, whatever anybody decided. Deciding hooks are asked at a moment, in the
order in which they were put on: each may let it pass, deny it, put another value in its place, or
inject a text; a denial ends the asking. What each of them said is recorded. One that raises is
reported by its name and has said nothing.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Literal

import msgspec

from reenact.errors import ReenactError
from reenact.events.bodies import HookRan
from reenact.recorder.plain import plain
from reenact.recorder.recorder import Observer

Moment = Literal[
    "before_session", "after_session", "before_loop", "before_model", "before_tool", "after_tool"
]
"""When deciding hooks are asked."""


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """What a hook is asked about."""

    moment: Moment
    session: str
    name: str | None = None
    """The agent, the model or the tool."""
    value: Any = None
    """Run inputs, request, tool input, tool output, or how the session ends."""
    call: str | None = None


class Allow(msgspec.Struct, frozen=True, kw_only=True):
    """It may pass, and this hook says so (`None` lets pass without a word)."""

    reason: str | None = None


class Deny(msgspec.Struct, frozen=True):
    """It must not happen."""

    reason: str


class Replace(msgspec.Struct, frozen=True):
    """It happens with this value instead."""

    value: Any
    reason: str | None = None


class Inject(msgspec.Struct, frozen=True):
    """The agent is to be told this text."""

    text: str


Decision = Allow | Deny | Replace | Inject | None
"""What a hook may answer."""
Hook = Callable[[Ask], Decision]
"""A deciding hook."""


class DeniedError(ReenactError):
    """A hook denied what the agent was about to do."""

    def __init__(self, what: str, reason: str, *, by: str) -> None:
        super().__init__(f"{what} was denied by {by}: {reason}")
        self.what = what
        self.reason = reason
        self.by = by


class Verdict(msgspec.Struct, kw_only=True):
    """What came of asking all hooks."""

    value: Any = None
    denied: str | None = None
    by: str | None = None
    allowed: bool = False
    """True where a hook said so in words."""
    injected: tuple[str, ...] = ()
    ran: tuple[HookRan, ...] = ()

    @property
    def text(self) -> str:
        """All injected texts, in order."""
        return "\n".join(self.injected)


class Hooks:
    """Observers and deciding hooks, in the order in which they were put on."""

    def __init__(self) -> None:
        self.observers: list[tuple[str, Observer]] = []
        self._deciding: dict[str, list[tuple[str, Hook]]] = {}

    def on(self, moment: Moment, *, name: str | None = None) -> Callable[[Hook], Hook]:
        """Puts a deciding hook on; used as a decorator. Its name is the function's unless told."""

        def put(hook: Hook) -> Hook:
            self._deciding.setdefault(moment, []).append((name or _name(hook), hook))
            return hook

        return put

    def observe(self, observer: Observer, *, name: str | None = None) -> Observer:
        """Puts an observer on; used as a decorator or called."""
        self.observers.append((name or _name(observer), observer))
        return observer

    def has(self, moment: Moment) -> bool:
        """Tells whether anybody is to be asked at this moment."""
        return moment in self._deciding

    def ask(self, ask: Ask) -> Verdict:
        """Asks all hooks of a moment."""
        verdict = Verdict(value=ask.value)
        ran: list[HookRan] = []
        for name, hook in tuple(self._deciding.get(ask.moment, ())):
            now = msgspec.structs.replace(ask, value=verdict.value)
            ran.append(_decide(name, hook, now, verdict))
            if verdict.denied is not None:
                break
        verdict.ran = tuple(ran)
        return verdict


def _decide(name: str, hook: Hook, ask: Ask, verdict: Verdict) -> HookRan:
    """Takes what one hook says into the verdict; gives the record of it."""
    outcome = "failed"
    reason: str | None = None
    output: str | None = None
    try:
        decision: Any = hook(ask)
        match decision:
            case None:
                outcome = "pass"
            case Allow():
                outcome, reason = "allow", decision.reason
                verdict.allowed, verdict.by = True, name
            case Deny():
                outcome, reason = "deny", decision.reason
                verdict.denied, verdict.by = decision.reason, name
            case Replace():
                outcome, reason, output = "replace", decision.reason, _shown(decision.value)
                verdict.value = decision.value
            case Inject():
                outcome, output = "inject", decision.text
                verdict.injected = (*verdict.injected, decision.text)
            case _:
                reason = f"{type(decision).__name__} is no decision"
                if inspect.iscoroutine(decision):
                    decision.close()
    except Exception as error:  # noqa: BLE001 - a plug-in's border: reported by its name
        outcome, reason = "failed", f"{type(error).__name__}: {error}"
    return HookRan(name=name, event=ask.moment, outcome=outcome, reason=reason, output=output, call=ask.call)


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(plain(value)).decode()


def _name(hook: Any) -> str:
    return str(getattr(hook, "__name__", None) or type(hook).__name__)

"""What the scripted model says, and how an answer of it is chosen: by what was asked, never by order of arrival.

A `Talk` is one strand of conversation. It starts when the newest thing said to the model contains `says`; each
further answer waits for the results of the calls made by the answer before it. Strands that run side by side
(a session and its sub-agents) therefore cannot steal each other's answers.
"""

from __future__ import annotations

import hashlib
import json
import threading
from typing import TYPE_CHECKING, Any, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Lane = Literal["main", "sub", "warmup", "side"]


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens of one answer by category; `input` is what was neither read from nor written to a cache."""

    input: int = 0
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    output: int = 0
    reasoning: int = 0

    @property
    def prompt(self) -> int:
        """Everything that went in."""
        return self.input + self.cache_read + self.cache_write_5m + self.cache_write_1h


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A tool call the model asks for; a text as `input` makes it a custom (free form) tool."""

    name: str
    input: dict[str, Any] | str
    namespace: str | None = None


class Say(msgspec.Struct, frozen=True, kw_only=True):
    """A complete answer. `blocks` go out as they are, before the calls: what a provider's own tools say."""

    text: str = ""
    thinking: str = ""
    calls: tuple[Call, ...] = ()
    blocks: tuple[dict[str, Any], ...] = ()
    usage: Usage | None = None


class Refuse(msgspec.Struct, frozen=True, kw_only=True):
    """An HTTP error instead of an answer."""

    status: int
    kind: str = "api_error"
    message: str = "The model is not available right now."
    retry_after: int | None = None


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that breaks off after `keep` characters of its text.

    `drop` closes the connection, `error` sends the protocol's error event, `hang` stays silent until the client
    goes away (so that it can be interrupted in the middle).
    """

    say: Say
    keep: int = 24
    how: Literal["drop", "error", "hang"] = "drop"


Answer = Say | Refuse | Cut


class Talk(msgspec.Struct, frozen=True, kw_only=True):
    """One strand of conversation: what starts it, and the answers in their order."""

    says: str
    answers: tuple[Answer, ...]
    lane: Lane | None = None


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What one request of a client means, whatever dialect it came in."""

    lane: Lane
    model: str
    session: str
    agent: str
    parent: str
    opening: str
    latest: str
    results: frozenset[str]
    has_tools: bool
    prompt_chars: int
    tells_cache_writes: bool = True


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """An answer with the identifiers and the usage under which it goes out."""

    answer: Answer
    response: str
    call_ids: tuple[str, ...]
    usage: Usage
    talk: str | None


class _Strand:
    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self.at = 0
        self.waiting_for: frozenset[str] = frozenset()

    def wants(self, asked: Asked) -> bool:
        lanes = (self.talk.lane,) if self.talk.lane else ("main", "sub")
        if self.at >= len(self.talk.answers) or asked.lane not in lanes:
            return False
        if self.waiting_for:
            return bool(self.waiting_for & asked.results)
        return self.talk.says in asked.latest


class Script:
    """The strands of one run, with a meter that gives each answer numbers of its own.

    `seed` makes every identifier differ from those of other scripts, as a provider's would.
    """

    def __init__(self, talks: Sequence[Talk], *, seed: str) -> None:
        self._strands = [_Strand(talk) for talk in talks]
        self._seed = seed
        self._count = 0
        self._context: dict[tuple[str, str], int] = {}
        self._spawned: set[str] = set()
        self._lock = threading.Lock()

    def choose(self, asked: Asked) -> Chosen:
        """The answer to `asked`; a request nobody scripted gets a short one and is marked."""
        with self._lock:
            strand = next((s for s in self._strands if s.wants(asked)), None)
            answer: Answer = Say(text="Nothing to add.")
            if strand is not None:
                answer = strand.talk.answers[strand.at]
                strand.at += 1
            say = _spoken(answer)
            ids = tuple(self._id("") for _ in (say.calls if say else ()))
            if isinstance(answer, Say) and strand is not None:
                strand.waiting_for = frozenset(ids)
            for call in say.calls if say else ():
                self._spawned.update(_prompts(call))
            return Chosen(
                answer=answer,
                response=self._id(""),
                call_ids=ids,
                usage=self._measure(asked, say) if say else Usage(),
                talk=strand.talk.says if strand else None,
            )

    def spawned(self, opening: str) -> bool:
        """Whether a conversation opened with a task that this script handed to a sub-agent."""
        with self._lock:
            return any(prompt in opening for prompt in self._spawned)

    def left(self) -> list[str]:
        """Strands that were not played to their end."""
        return [s.talk.says for s in self._strands if s.at < len(s.talk.answers)]

    def _id(self, prefix: str) -> str:
        self._count += 1
        return prefix + hashlib.sha256(f"{self._seed}:{self._count}".encode()).hexdigest()[:24]

    def _measure(self, asked: Asked, say: Say) -> Usage:
        if say.usage is not None:
            return say.usage
        key = (asked.session, asked.agent)
        before = self._context.get(key, 0)
        self._count += 1
        # About four characters a token, as with a real tokenizer, and never twice the same number.
        fresh = 3 + self._count % 7
        written = max(asked.prompt_chars // 4 - before, 40) + 7 * self._count
        fresh, written = (fresh, written) if asked.tells_cache_writes else (fresh + written, 0)
        hour = written // 4 if asked.lane == "main" else 0
        thought = len(say.thinking) // 4 + (5 if say.thinking else 0)
        output = thought + 11 + (len(say.text) + sum(len(json.dumps(c.input)) for c in say.calls)) // 4
        usage = Usage(
            input=fresh,
            cache_read=before,
            cache_write_5m=written - hour,
            cache_write_1h=hour,
            output=output,
            reasoning=thought,
        )
        self._context[key] = usage.prompt
        return usage


def _spoken(answer: Answer) -> Say | None:
    match answer:
        case Say():
            return answer
        case Cut(say=say):
            return say
        case Refuse():
            return None


def _prompts(call: Call) -> Iterable[str]:
    if isinstance(call.input, dict):
        for key in ("prompt", "message"):
            value = call.input.get(key)
            if isinstance(value, str) and value:
                yield value

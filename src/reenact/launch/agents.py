"""The agents that can be wrapped: by which commands they are known, and how a new session gets its id."""

from __future__ import annotations

import os
from collections.abc import Sequence

import msgspec

from reenact.errors import UsageError

_RUNNERS = frozenset({"bun", "bunx", "deno", "env", "exec", "nice", "node", "nohup", "npx", "stdbuf", "uvx"})
"""Programs that start another one; which, is among their first words."""
_FIRST_WORDS = 4


class Agent(msgspec.Struct, frozen=True, kw_only=True):
    """What a command starts. `name` is that of its source, where there is one."""

    name: str
    programs: tuple[str, ...] = ()
    session_flag: str | None = None
    """What a new session is given its id by, in versions that can be told."""
    goes_on: frozenset[str] = frozenset()
    """Words with which no new session begins, or which give it an id already."""
    names_session: tuple[str, ...] = ()
    """Words behind which the id of a session stands."""


_COMMON = frozenset({"--session-id", "--resume", "-r", "--continue", "-c", "--help", "-h", "--version", "-v"})
_AGENTS = (
    Agent(
        name="claude_code",
        programs=("claude",),
        session_flag="--session-id",
        goes_on=_COMMON | {"--fork-session", "--from-pr", "--teleport", "--no-session-persistence", "--bg"},
        names_session=("--session-id", "--resume", "-r"),
    ),
    Agent(name="codex", programs=("codex",), names_session=("resume",)),
    Agent(
        name="gemini",
        programs=("gemini",),
        session_flag="--session-id",
        goes_on=(_COMMON - {"-c"}) | {"--session-file", "--list-sessions", "--delete-session"},
        names_session=("--session-id",),
    ),
    Agent(
        name="qwen",
        programs=("qwen",),
        session_flag="--session-id",
        goes_on=_COMMON,
        names_session=("--session-id", "--resume", "-r"),
    ),
    Agent(
        name="copilot",
        programs=("copilot",),
        session_flag="--session-id",
        goes_on=(_COMMON - {"-c"}) | {"--connect", "--acp"},
        names_session=("--session-id", "--resume"),
    ),
    Agent(name="opencode", programs=("opencode",), names_session=("--session", "-s")),
    Agent(name="pi", programs=("pi",), names_session=("--session",)),
)
_BY_PROGRAM = {program: agent for agent in _AGENTS for program in agent.programs}


def known(command: Sequence[str]) -> Agent | None:
    """Gives the agent that a command starts, also through a runner; None for one that we do not know."""
    for place, word in enumerate(command[:_FIRST_WORDS]):
        agent = _BY_PROGRAM.get(_program(word))
        if agent is not None:
            return agent
        if place == 0 and _program(word) not in _RUNNERS:
            return None
    return None


def words_of(command: Sequence[str]) -> list[str]:
    """Gives what a command says to its agent: all behind its program."""
    for place, word in enumerate(command[:_FIRST_WORDS]):
        if _program(word) in _BY_PROGRAM:
            return list(command[place + 1 :])
    return list(command[1:])


def program_of(command: Sequence[str]) -> list[str]:
    """Gives the words of a command that start its agent."""
    return list(command[: len(command) - len(words_of(command))])


def agent_of(command: Sequence[str]) -> str:
    """Gives the name of the agent that a command starts; other programs are called by their own name."""
    agent = known(command)
    if agent is not None:
        return agent.name
    return (os.path.basename(command[0]) if command else "") or "agent"


def check(command: Sequence[str]) -> None:
    """Makes sure that there is a command.

    Raises:
        UsageError: no command was given.
    """
    if not command:
        raise UsageError("no command was given", hint="put it behind `--`: reenact record -- claude -p …")


def named_session(command: Sequence[str]) -> str | None:
    """Gives the id of the session that a command names itself."""
    agent, words = known(command), words_of(command)
    for flag in agent.names_session if agent is not None else ():
        for place, word in enumerate(words):
            if word == flag and place + 1 < len(words):
                return None if words[place + 1].startswith("-") else words[place + 1]
            if word.startswith(flag + "="):
                return word[len(flag) + 1 :]
    return None


def begins_anew(command: Sequence[str]) -> bool:
    """Tells whether a command begins a new session whose id may be chosen: nothing else, nothing resumed."""
    agent, words = known(command), words_of(command)
    if agent is None or agent.session_flag is None:
        return False
    if words and not words[0].startswith("-") and not any(mark in words[0] for mark in " \n"):
        return False
    return not any(word.partition("=")[0] in agent.goes_on for word in words)


def task_of(command: Sequence[str]) -> str | None:
    """Gives the prompt that a command line carries, where it can be told from other words."""
    words = words_of(command)
    for place, word in enumerate(words):
        if word in {"-p", "--print", "--prompt"} and place + 1 < len(words):
            following = words[place + 1]
            return None if following.startswith("-") else following
    if known(command) is not None and words and words[0] in {"exec", "run", "e"} and len(words) > 1:
        last = words[-1]
        return last if any(mark in last for mark in " \n") and not last.startswith("-") else None
    return None


def _program(word: str) -> str:
    """Gives the name of a program: its file's, or its package's."""
    name = os.path.basename(word).partition("@")[0] or word.rpartition("@")[0].rpartition("/")[2]
    name = name.removesuffix(".js").removesuffix(".mjs")
    return {"claude-code": "claude", "gemini-cli": "gemini", "qwen-code": "qwen", "opencode-ai": "opencode",
            "pi-coding-agent": "pi"}.get(name, name)  # fmt: skip

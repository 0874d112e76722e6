"""What an importer must say about a story, computed from the endpoint's books.

The logs are read for one thing only: to see in which file an answer was written down, if at all. Every number,
name and text comes from what went over the wire.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.clients import install
from tests.clients.books import Entry
from tests.clients.script import Usage

if TYPE_CHECKING:
    from pathlib import Path

    from tests.clients.stage import Played

# Versions that write down what a stream stated at its start and never the final number.
STARTS_ONLY = ("claude-2.1.50",)
# Versions whose rows carry a number of thinking tokens.
TELLS_THINKING = ("claude-2.1.329",)


def expected(played: Played, home: Path) -> dict[str, Any]:
    """The document that lies beside a transcript as `expected.json`; `home` holds the logs."""
    files = {
        str(p.relative_to(home)): p.read_text(encoding="utf-8")
        for place in (".claude/projects", ".codex/sessions", ".codex/archived_sessions")
        for p in sorted((home / place).rglob("*.jsonl"))
    }
    logged: dict[str, list[Entry]] = {}
    missing: list[Entry] = []
    for entry in played.entries:
        if entry.outcome == "refused":
            logged.setdefault(entry.agent if entry.dialect == "responses" else entry.session, [])
            continue
        where = _session_of(entry, files)
        if where is None:
            missing.append(entry)
        else:
            logged.setdefault(where, []).append(entry)
    sessions = [_session(key, entries, played, files) for key, entries in logged.items()]
    sessions += _begun_only(files, sessions, missing)
    client = install.package(played.client)
    return {
        "what": "computed from the books of the scripted endpoint, not from the logs",
        "agent": {"claude": "claude_code", "codex": "codex"}[client.agent],
        "version": client.version,
        "scenario": played.story.name,
        "sessions": sessions,
        "totals": _totals(sessions),
        "exit_codes": [r.code for r in played.runs],
        "refused": [{"status": e.status} for e in played.entries if e.outcome == "refused"],
        "not_in_log": [
            {"lane": e.lane, "outcome": e.outcome, "usage": numbers(e.usage, e, played.client)}
            for e in missing
        ],
    }


def _session_of(entry: Entry, files: dict[str, str]) -> str | None:
    """The key of the session that owns an answer: its id, or `parent#opening` where the log gives it none."""
    holding = [name for name, text in files.items() if _is_in(entry, text)]
    if not holding:
        return None
    if entry.dialect == "responses":
        return entry.agent
    if entry.lane == "main":
        return entry.session
    agents = [name for name in holding if "/agent-" in name]
    if agents:
        return agents[0].rsplit("/agent-", 1)[1].split(".")[0]
    return f"{entry.session}#{entry.opening}"


def _is_in(entry: Entry, text: str) -> bool:
    if entry.response in text or any(call in text for _, call in entry.calls):
        return True
    return entry.dialect == "responses" and bool(entry.text) and entry.text in text


def _session(key: str, entries: list[Entry], played: Played, files: dict[str, str]) -> dict[str, Any]:
    lane = entries[0].lane if entries else "main"
    spent = [_stated(e, played.client) for e in entries]
    done = [e for e in entries if e.outcome == "complete" and e.lane != "side"]
    sub = lane in ("sub", "warmup")
    parent = _parent(entries[0]) if sub else played.parents.get(key)
    partial = played.client in STARTS_ONLY or any(e.outcome != "complete" for e in entries)
    return {
        "id": None if "#" in key else key,
        "kind": "subagent" if sub else "fork" if parent else "main",
        "warmup": lane == "warmup",
        "parent": parent,
        "files": [name for name in files if name.endswith(f"{key}.jsonl")],
        "models": sorted({e.model for e in entries}),
        "prompts": [entries[0].talk or entries[0].opening] if sub else played.prompts.get(key, []),
        "requests": len(entries),
        "usage": _sum([numbers(u, e, played.client) for u, e in zip(spent, entries, strict=True)])
        or numbers(Usage(), played.entries[0], None),
        "quality": "partial" if partial else "measured",
        "tool_calls": dict(Counter(name for e in done for name, _ in e.calls)),
        "server_tool_calls": dict(Counter(name for e in done for name in e.server_calls)),
        "final_text": (done[-1].text or None) if done else None,
    }


def _begun_only(
    files: dict[str, str], sessions: list[dict[str, Any]], missing: list[Entry]
) -> list[dict[str, Any]]:
    """Files of agents that were asked and never answered in writing: 2.0.76 warms agents up and drops them."""
    known = {file for session in sessions for file in session["files"]}
    begun = [name for name, text in files.items() if "/agent-" in name and text and name not in known]
    warmed = [entry for entry in missing if entry.lane == "warmup"]
    return [
        {
            "id": name.rsplit("/agent-", 1)[1].removesuffix(".jsonl"),
            "kind": "subagent",
            "warmup": True,
            "parent": warmed[0].session,
            "files": [name],
            "models": [],
            "prompts": ["Warmup"],
            "requests": 0,
            "usage": numbers(Usage(), warmed[0], None),
            "quality": "measured",
            "tool_calls": {},
            "server_tool_calls": {},
            "final_text": None,
        }
        for name in begun
    ]


def _parent(entry: Entry) -> str:
    return entry.parent or entry.session


def _stated(entry: Entry, client: str) -> Usage:
    """What the log can know: a cut stream, and some versions always, leave only the numbers of the start."""
    if entry.outcome != "complete" or client in STARTS_ONLY:
        return entry.start
    return entry.usage


def numbers(usage: Usage, entry: Entry, client: str | None) -> dict[str, int | None]:
    """The categories under their names in the archive; None where the log of `client` states nothing.

    Anthropic's stream has no number for reasoning: newer versions write 0 into the log, older ones nothing.
    """
    anthropic = entry.dialect == "messages"
    reasoning = (0 if client in TELLS_THINKING else None) if anthropic else usage.reasoning
    written = usage.cache_write_5m + usage.cache_write_1h
    return {
        "input": usage.input,
        "cache_read": usage.cache_read,
        "cache_write": written,
        "cache_write_5m": usage.cache_write_5m if anthropic else None,
        "cache_write_1h": usage.cache_write_1h if anthropic else None,
        "output": usage.output,
        "reasoning": reasoning if client else None,
        "total": usage.prompt + usage.output,
    }


def _totals(sessions: list[dict[str, Any]]) -> dict[str, Any]:
    main = [s["usage"] for s in sessions if s["kind"] != "subagent"]
    sub = [s["usage"] for s in sessions if s["kind"] == "subagent" and not s["warmup"]]
    side = [s["usage"] for s in sessions if s["warmup"]]
    return {"all": _sum(main + sub + side), "main": _sum(main), "sub": _sum(sub), "warmup": _sum(side)}


def _sum(parts: list[dict[str, int | None]]) -> dict[str, int | None]:
    total: dict[str, int | None] = {}
    for part in parts:
        for name, number in part.items():
            before = total.get(name)
            total[name] = number if before is None else before + (number or 0)
    return total

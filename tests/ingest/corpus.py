"""What an import of genuine sessions gives, and what it has to give by the books of the other side of the wire."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.corpus import oracle_of
from tests.ingest.machines import imported

from reenact.archive import Archive
from reenact.events.blocks import Text
from reenact.events.bodies import AssistantMessage, ToolCalled
from reenact.store import Filter, SessionRow

CATEGORIES = ("input", "cache_read", "cache_write", "output", "reasoning")


def role(row: SessionRow) -> str:
    if row.hidden:
        return "side"
    return "sub" if row.kind == "subagent" else "main"


def sums(rows: Iterable[SessionRow]) -> dict[str, Counter[str]]:
    """Gives what the sessions of each role cost."""
    found = {name: Counter[str]() for name in ("main", "sub", "side")}
    for row in rows:
        for name in CATEGORIES:
            found[role(row)][name] += getattr(row.own.tokens, name) or 0
    return found


def calls(archive: Archive, row: SessionRow) -> list[str]:
    """Gives the names of a session's own tool calls."""
    events = archive.events(row.id)
    return [event.body.name for event in events if isinstance(event.body, ToolCalled)]


def texts(archive: Archive, row: SessionRow) -> list[str]:
    return [
        block.text
        for event in archive.events(row.id)
        if isinstance(event.body, AssistantMessage)
        for block in event.body.blocks
        if isinstance(block, Text)
    ]


class GenuineSessions:
    """What an import of a `scenario` (a fixture) gives where the agent logs all that it asks for."""

    def side(self, oracle: dict[str, Any]) -> Counter[str]:
        """Gives what the log states of calls beside the conversation."""
        raise NotImplementedError

    def test_usage_is_what_the_log_states(self, scenario: Path, tmp_path: Path) -> None:
        oracle = oracle_of(scenario)
        states = oracle["usage_the_log_states"]
        with imported(tmp_path, scenario / "log") as archive:
            found = sums(archive.sessions())
            entries = list(archive.store.entries(Filter()))
        assert +found["main"] == +Counter(states["main"])
        assert +found["sub"] == +Counter(states["sub"])
        assert +found["side"] == +self.side(oracle)
        assert {entry.quality for entry in entries} <= {states["quality"]}

    def test_tool_calls_texts_and_sessions_are_those_of_the_wire(
        self, scenario: Path, tmp_path: Path
    ) -> None:
        oracle = oracle_of(scenario)
        with imported(tmp_path, scenario / "log") as archive:
            rows = [row for row in archive.sessions() if not row.hidden]
            asked = {name: Counter[str]() for name in ("main", "sub")}
            said = {"main": "", "sub": ""}
            for row in rows:
                asked[role(row)].update(calls(archive, row))
                said[role(row)] += "\n".join(texts(archive, row))
        wanted = oracle["tool_calls_asked"]
        assert asked == {name: Counter(wanted.get(name, {})) for name in asked}
        for name in ("main", "sub"):
            assert all(text in said[name] for text in oracle["final_texts"].get(name, ()))
        assert {each["session_id"] for each in oracle["sessions"]} == {
            row.native_id for row in rows if row.kind != "subagent"
        }

    def test_sub_agents_name_their_parents_and_the_calls_that_began_them(
        self, scenario: Path, tmp_path: Path
    ) -> None:
        with imported(tmp_path, scenario / "log") as archive:
            rows = {row.id: row for row in archive.sessions()}
            for row in rows.values():
                if row.kind == "subagent":
                    assert row.id in rows[row.parent or ""].children

    def test_every_line_is_accounted_for(self, scenario: Path, tmp_path: Path) -> None:
        with imported(tmp_path, scenario / "log") as archive:
            accounts = list(archive.accounts())
            assert [account for account in accounts if not account.balances] == []
            assert {account.source for account in accounts} == {"same"}
            assert archive.store.drift() == []
            assert [damage for damage in archive.verify() if damage.severity == "lost"] == []

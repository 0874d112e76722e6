"""A trajectory to drafts: its own session, and one for each trajectory that is embedded in it.

Fields and rules after the ATIF models of v1.0 to v1.8. The drafts of a document with fewer steps are,
session by session, a prefix of those of one with more.
"""

from __future__ import annotations

from typing import Any

from reenact import clock, ids
from reenact.events.blocks import Tokens
from reenact.events.bodies import SessionEnded, SessionForked, SessionStarted, UsageRecorded
from reenact.sources import lines
from reenact.sources.atif.discover import AGENT
from reenact.sources.atif.steps import Writer
from reenact.sources.members import count, flag, mapping, mappings, number, text
from reenact.sources.names import name_of
from reenact.sources.protocol import Line, Parsed, Setting
from reenact.sources.strand import Page, Strand

VERSION = 1
_DEEPEST = 12


class AtifParser:
    """Reads one trajectory file."""

    def __init__(self, setting: Setting) -> None:
        self._page = Page()
        self._native = setting.hints.get("native") or setting.key

    def feed(self, line: Line) -> Parsed:
        decoded = lines.decode(line, is_row=_is_trajectory)
        if decoded.held:
            return Parsed(disposition="held")
        self._page.turn()
        for value in decoded.values[:1]:
            self._trajectory(value, Strand(self._page, AGENT, self._native), depth=0)
        if decoded.warning is not None:
            strand = Strand(self._page, AGENT, self._native)
            strand.emit(name_of("warn", decoded.warning.raw or ""), decoded.warning)
            return self._page.parsed("warning")
        return self._page.parsed("events" if self._page.drafts else "metadata")

    def _trajectory(self, value: dict[str, Any], strand: Strand, *, depth: int) -> None:
        page = self._page
        agent = mapping(value, "agent")
        steps = mappings(value, "steps")
        page.version = text(value, "schema_version")
        page.ts = _moment(steps[0]) if steps else None
        copied = any(flag(step, "is_copied_context") for step in steps)
        strand.emit("started", _started(value, agent, is_copied=copied))
        run = text(value, "session_id")
        if copied and run is not None and run != strand.native:
            strand.emit(
                "forked", SessionForked(parent=ids.session_id(AGENT, run), mode="copy", parent_native=run)
            )
        embedded = {
            name: child
            for child in mappings(value, "subagent_trajectories")
            if (name := text(child, "trajectory_id")) is not None
        }
        children = {name: ids.session_id(AGENT, f"{strand.native}/{name}") for name in embedded}
        writer = Writer(strand, page, model=text(agent, "model_name"), agent=text(agent, "name") or AGENT)
        writer.children = children
        for place, step in enumerate(steps, 1):
            page.ts = _moment(step)
            writer.step(step, place)
        strand.end_loop()
        self._total(value, strand, has_metrics=writer.has_metrics or bool(embedded))
        strand.emit("ended", SessionEnded())
        if depth < _DEEPEST:
            for name, child in embedded.items():
                self._child(child, f"{strand.native}/{name}", strand, writer.started_by.get(name), depth + 1)

    def _child(
        self, value: dict[str, Any], native: str, parent: Strand, call: str | None, depth: int
    ) -> None:
        strand = Strand(self._page, AGENT, native, kind="subagent", parent=parent.session, parent_call=call)
        self._trajectory(value, strand, depth=depth)

    def _total(self, value: dict[str, Any], strand: Strand, *, has_metrics: bool) -> None:
        """Books the trajectory's sums where no step tells what it used; where one does, they are its sums."""
        told = mapping(value, "final_metrics")
        prompt, cached = count(told, "total_prompt_tokens"), count(told, "total_cached_tokens")
        output = count(told, "total_completion_tokens")
        if has_metrics or not (prompt or output):
            return
        tokens = Tokens(input=max(prompt - cached, 0), cache_read=min(cached, prompt), output=output)
        cost = number(told, "total_cost_usd")
        body = UsageRecorded(
            key=f"atif:{strand.native}:total",
            tokens=tokens,
            model=text(mapping(value, "agent"), "model_name"),
            final=True,
            cost=None if cost is None else f"{cost:.10f}".rstrip("0").rstrip("."),
        )
        strand.emit("total", body)


def _started(value: dict[str, Any], agent: dict[str, Any], *, is_copied: bool) -> SessionStarted:
    config = {
        name: found
        for name, found in (
            ("schema_version", value.get("schema_version")),
            ("session_id", value.get("session_id")),
            ("notes", value.get("notes")),
            ("continued_trajectory_ref", value.get("continued_trajectory_ref")),
            ("tool_definitions", agent.get("tool_definitions")),
            ("agent", agent.get("extra")),
            ("extra", value.get("extra")),
            ("final_metrics", mapping(value, "final_metrics").get("extra")),
        )
        if found not in (None, {}, [])
    }
    first = next((step for step in mappings(value, "steps") if step.get("source") == "user"), {})
    return SessionStarted(
        task=text(first, "message"),
        agent=text(agent, "name"),
        agent_version=text(agent, "version"),
        model=text(agent, "model_name"),
        config=config or None,
        resumed=is_copied,
    )


def _moment(step: dict[str, Any]) -> int | None:
    return clock.parse_iso(text(step, "timestamp"))


def _is_trajectory(value: dict[str, Any]) -> bool:
    return isinstance(value.get("steps"), list)

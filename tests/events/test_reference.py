"""The reference of events is complete: every kind of ours, and a home for every kind of the seeds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from reenact.events import FORMAT, KINDS, Event, SourceKind
from reenact.events.blocks import AnyBlock

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "events.md"

SEEDS = {
    "harness-rs": """
        start pre_model post_model pre_tool post_tool sensor pre_compact post_compact heartbeat
        budget_warning end
        session_start session_end acceptance_checked seal_breached pre_tool_use post_tool_use
        permission_request pre_guide post_guide pre_sensor post_sensor pre_autofix post_autofix
        model_token_delta subagent_start subagent_report file_changed cwd_changed blueprint_enter
        blueprint_exit task_completed notification error stop custom
    """,
    "phi-core": """
        AgentStart AgentEnd TurnStart TurnRequest TurnEnd MessageStart MessageUpdate MessageEnd
        ToolExecutionStart ToolExecutionUpdate ToolExecutionEnd ProgressMessage InputRejected
        ParallelLoopStart ParallelLoopEnd CompactionStarted CompactionEnded PrunApplied RevertApplied
    """,
    "Sparrow": """
        RunStarted RouteSelected ModelSwitched ThinkingDelta ReasoningDelta Message ToolUseProposed
        ApprovalRequested ApprovalResolved ToolUseStarted ToolOutput DiffProposed DiffApplied
        TestResult AgentSpawned AgentStatus CheckpointCreated SkillLearned CostUpdate TokenUsage
        TokenUsageEstimated AutonomyChanged RunFinished Error Compacted UpdateAvailable
    """,
    "harn": """
        agent_message_chunk agent_thought_chunk tool_call tool_call_update plan turn_start turn_end
        feedback_injected budget_exhausted loop_stuck daemon_watchdog_tripped skill_activated
        skill_deactivated skill_scope_tools tool_search_query tool_search_result
        transcript_compacted handoff fs_watch worker_update
        message tool_result fork fork_at trim compact inject reset close sub_agent_start
        system_prompt tool_schemas routing_decision provider_call_request provider_call_response
        interpreted_response
    """,
    "zag": """
        session_started user_message assistant_message reasoning tool_call tool_result permission
        provider_status stderr parse_warning session_cleared session_ended session_result heartbeat
        usage user_event usage_limit_hit usage_limit_resumed usage_limit_resume_failed
    """,
}
"""Every kind of event of the five recorders whose work this one continues."""


def section(title: str, level: int = 3) -> str:
    """The text under a heading, up to the next one of its level or above."""
    found = re.search(
        rf"^{'#' * level} {re.escape(title)}\n(.*?)(?=^#{{1,{level}}} |\Z)",
        PAGE.read_text(),
        re.MULTILINE | re.DOTALL,
    )
    assert found is not None, title
    return found[1]


def rows(text: str) -> Iterator[list[str]]:
    """Cells of the rows of all tables, without heads and rules."""
    for line in text.splitlines():
        if line.startswith("| `"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def words(cell: str) -> list[str]:
    """What stands between backticks."""
    return re.findall(r"`([^`]+)`", cell)


def fields(cls: type[Any]) -> tuple[list[str], list[str]]:
    """Required and optional fields."""
    known = [field for field in msgspec.structs.fields(cls) if field.name != "extra"]
    return [f.name for f in known if f.required], [f.name for f in known if not f.required]


def test_the_page_has_every_field_of_the_envelope() -> None:
    required, optional = fields(Event)
    described = [words(cells[0])[0] for cells in rows(section("The envelope", level=2))]
    assert sorted(described) == sorted(required + optional)


def test_the_page_has_every_kind_once_with_its_fields() -> None:
    described = {}
    for kind, cell, meaning in rows(section("The kinds", level=2)):
        (name,) = words(kind)
        assert name not in described
        assert meaning.endswith(".")
        bold = re.findall(r"\*\*`([^`]+)`\*\*", cell)
        described[name] = (bold, [word for word in words(cell) if word not in bold])
    assert described == {kind: fields(cls) for kind, cls in KINDS.items()}


def test_the_page_names_the_format_and_its_words() -> None:
    assert f"has the version {FORMAT} (`v`)" in PAGE.read_text()
    envelope = section("The envelope", level=2)
    assert set(get_args(SourceKind)) <= set(words(envelope))
    blocks = section("Messages")
    assert {cls.__struct_config__.tag for cls in get_args(AnyBlock)} <= set(words(blocks))


@pytest.mark.parametrize("seed", SEEDS)
def test_every_kind_of_a_seed_has_one_home_of_ours(seed: str) -> None:
    homes = {}
    for kind, home, _ in rows(section(seed)):
        (name,) = words(kind)
        assert name not in homes
        homes[name] = words(home)
    assert sorted(homes) == sorted(SEEDS[seed].split())
    for name, kinds in homes.items():
        assert kinds, name
        assert set(kinds) <= set(KINDS), name


def test_no_seed_is_forgotten() -> None:
    titles = re.findall(
        r"^### (.+)$",
        section("Where the events of older recorders find a home", level=2),
        re.MULTILINE,
    )
    assert titles == list(SEEDS)
    assert [len(kinds.split()) for kinds in SEEDS.values()] == [36, 19, 26, 36, 19]

"""Random sessions: every kind of event, with few ids, so that calls, parents and turns meet."""

from __future__ import annotations

from typing import Any, get_args

from hypothesis import strategies as st
from tests.tree.builders import START, event

from reenact.events import AnyBody, Event, Tokens, blocks, bodies
from reenact.events.blocks import PlanItem

IDS = st.sampled_from(["a", "b", "c", "d"])
MAYBE = st.none() | IDS
COUNTS = st.integers(min_value=0, max_value=9)
TOKENS = st.builds(
    Tokens,
    input=COUNTS,
    cache_read=COUNTS,
    cache_write=COUNTS,
    cache_write_5m=st.none() | COUNTS,
    output=COUNTS,
    reasoning=st.none() | COUNTS,
)
BLOCKS = st.lists(
    st.one_of(
        st.builds(blocks.Text, text=st.sampled_from(["", "hello", "two words"])),
        st.builds(blocks.Reasoning, text=st.just("hm")),
        st.builds(blocks.ToolCall, call=IDS, name=st.just("Bash"), input=st.just({"command": "ls"})),
        st.builds(blocks.ToolResult, call=IDS, output=st.just("out"), is_error=st.booleans()),
        st.just(blocks.Image()),
    ),
    max_size=3,
).map(tuple)
EVENT_IDS = st.integers(min_value=1, max_value=40).map(lambda number: f"e{number}")


def _literal(*words: str) -> st.SearchStrategy[str]:
    return st.sampled_from(words)


_FIELDS: dict[type[bodies.Body], dict[str, st.SearchStrategy[Any]]] = {
    bodies.SessionForked: {"parent": IDS, "at": MAYBE},
    bodies.LoopStarted: {
        "parent_loop": MAYBE,
        "continuation": _literal("initial", "default", "rerun", "branch", "compaction"),
    },
    bodies.ParallelStarted: {"group": IDS, "loops": st.lists(IDS, max_size=3).map(tuple)},
    bodies.ParallelEnded: {"group": IDS, "selected": MAYBE},
    bodies.UserMessage: {
        "blocks": BLOCKS,
        "human": st.sampled_from([True, True, False]),
        "origin": st.none() | _literal("prompt", "interrupt", "compact_summary"),
    },
    bodies.AssistantMessage: {
        "blocks": BLOCKS,
        "message": MAYBE,
        "exchange": MAYBE,
        "stop_reason": st.none() | _literal("end_turn", "tool_use"),
        "error": st.none() | st.just("overloaded"),
    },
    bodies.SystemMessage: {"blocks": BLOCKS},
    bodies.ReasoningBody: {"text": st.just("hm"), "message": MAYBE},
    bodies.ModelRequested: {"exchange": IDS},
    bodies.ModelResponded: {"exchange": IDS, "message": MAYBE, "blocks": BLOCKS},
    bodies.ModelDelta: {"exchange": IDS},
    bodies.ModelFailed: {"exchange": MAYBE},
    bodies.ModelSwitched: {"model": IDS},
    bodies.ToolCalled: {"call": IDS, "name": st.just("Bash"), "message": MAYBE, "server": st.booleans()},
    bodies.ToolProgress: {"call": MAYBE},
    bodies.ToolFinished: {"call": IDS, "ok": st.none() | st.booleans(), "child": MAYBE},
    bodies.PermissionAsked: {"call": MAYBE},
    bodies.PermissionAnswered: {"granted": st.booleans(), "call": MAYBE},
    bodies.FileProposed: {"path": IDS},
    bodies.FileChanged: {
        "path": IDS,
        "op": _literal("create", "modify", "delete", "move"),
        "before_known": st.booleans(),
        "after_known": st.booleans(),
        "plus": st.none() | COUNTS,
        "minus": st.none() | COUNTS,
        "moved_to": MAYBE,
        "call": MAYBE,
    },
    bodies.PlanUpdated: {"items": st.lists(st.builds(PlanItem, text=IDS), max_size=2).map(tuple)},
    bodies.ModeChanged: {"mode": IDS, "what": _literal("permission", "autonomy", "plan")},
    bodies.WorkspaceChanged: {"cwd": MAYBE, "branch": MAYBE},
    bodies.AgentSpawned: {"child": MAYBE, "call": MAYBE},
    bodies.AgentStatus: {"child": MAYBE},
    bodies.AgentFinished: {"child": MAYBE, "call": MAYBE},
    bodies.CompactionFinished: {
        "summary": st.none() | st.just("what was"),
        "kept": st.lists(EVENT_IDS, max_size=3).map(tuple),
    },
    bodies.ContextInjected: {"blocks": BLOCKS, "role": _literal("user", "system", "odd")},
    bodies.ContextTrimmed: {
        "keep_last": st.none() | COUNTS,
        "removed": st.lists(EVENT_IDS, max_size=2).map(tuple),
    },
    bodies.ContextReverted: {
        "to": st.none() | EVENT_IDS,
        "turns": st.none() | st.integers(min_value=0, max_value=3),
        "abandoned": st.lists(EVENT_IDS, max_size=3).map(tuple),
    },
    bodies.UsageRecorded: {
        "key": IDS,
        "tokens": TOKENS,
        "model": MAYBE,
        "inherited": st.booleans(),
        "final": st.booleans(),
        "quality": _literal("measured", "partial", "estimated"),
    },
}
_REQUIRED: dict[str, st.SearchStrategy[Any]] = {
    "title": IDS,
    "text": IDS,
    "name": IDS,
    "message": IDS,
    "rule": IDS,
}


def _body(cls: type[bodies.Body]) -> st.SearchStrategy[Any]:
    fields = _FIELDS.get(cls)
    if fields is None:
        required = cls.__struct_fields__[: len(cls.__struct_fields__) - len(cls.__struct_defaults__)]
        fields = {name: _REQUIRED[name] for name in required}
    return st.builds(cls, **fields)


TALK = (
    bodies.UserMessage,
    bodies.AssistantMessage,
    bodies.ToolCalled,
    bodies.ToolFinished,
    bodies.UsageRecorded,
)
EDITS = (bodies.ContextReverted, bodies.CompactionFinished, bodies.ContextTrimmed)
BODIES: st.SearchStrategy[Any] = st.one_of(
    *(_body(cls) for cls in get_args(AnyBody)),
    *(_body(cls) for cls in TALK for _ in range(8)),
    *(_body(cls) for cls in EDITS for _ in range(2)),
)


@st.composite
def sessions(draw: st.DrawFn, *, max_size: int = 40) -> list[Event]:
    """Gives the events of one session, positions from 1, some named loops, turns and parents."""
    made: list[Event] = []
    size = draw(st.integers(min_value=0, max_value=max_size))
    for seq, body in enumerate(draw(st.lists(BODIES, min_size=size, max_size=size)), start=1):
        ts = draw(st.none() | st.integers(min_value=0, max_value=60).map(lambda second: START + second))
        earlier = st.integers(min_value=1, max_value=max(seq - 1, 1)).map(lambda number: f"e{number}")
        made.append(
            event(
                seq,
                body,
                ts=ts,
                parent=draw(st.none() | earlier | EVENT_IDS),
                loop=draw(st.sampled_from([None, None, None, None, "l1", "l2"])),
                turn=draw(st.sampled_from([None, None, None, None, "t1", "t2"])),
            )
        )
    return made

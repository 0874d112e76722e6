"""A help desk of several agents, and the scripted model behind it: guard, triage, expert, billing.

The model answers by whom it is asked as and by what was already said. It is written by hand from the
Responses reference, and speaks both manners, whole and streamed.
"""

from __future__ import annotations

import json
from typing import Any

from agents import (
    Agent,
    GuardrailFunctionOutput,
    InputGuardrail,
    Model,
    RunConfig,
    RunContextWrapper,
    Runner,
    function_tool,
)
from tests.gateway.providers import Asked, Reply

GUARD, TRIAGE, EXPERT, BILLING = "You guard.", "You triage.", "You know.", "You bill."


def answer(asked: Asked) -> Reply:
    body = json.loads(asked.body)
    output = _output(body["instructions"], body["input"])
    told = {
        "id": f"resp_{len(asked.body)}_{abs(hash(asked.body)) % 10**8}",
        "object": "response", "created_at": 1_795_000_000, "status": "completed", "error": None,
        "incomplete_details": None, "model": body["model"], "output": output, "parallel_tool_calls": True,
        "tool_choice": "auto", "tools": [], "instructions": body["instructions"],
        "usage": {
            "input_tokens": len(asked.body), "input_tokens_details": {"cached_tokens": 7, "cache_write_tokens": 0},
            "output_tokens": 10 * len(output), "output_tokens_details": {"reasoning_tokens": 3},
            "total_tokens": len(asked.body) + 10 * len(output),
        },
    }  # fmt: skip
    if not body.get("stream"):
        return Reply(json.dumps(told).encode(), kind="application/json")
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": {**told, "status": "in_progress", "output": []}}
    ]
    for place, item in enumerate(output):
        events.append({"type": "response.output_item.added", "output_index": place, "item": item})
        events.append({"type": "response.output_item.done", "output_index": place, "item": item})
    events.append({"type": "response.completed", "response": told})
    pieces = [
        f"event: {event['type']}\ndata: {json.dumps({**event, 'sequence_number': number})}\n\n".encode()
        for number, event in enumerate(events)
    ]
    return Reply(*pieces)


def _output(instructions: str, items: Any) -> list[dict[str, Any]]:
    told = "" if isinstance(items, str) else json.dumps(items)
    if instructions == GUARD:
        return [_text("fine" if "bomb" not in json.dumps(items) else "trouble")]
    if instructions == BILLING:
        return [_text("It is paid.")]
    if instructions == EXPERT:
        return [_text("Forty-two.")] if "looked up" in told else [_call("look_up", {"key": "answer"}, "e1")]
    if "Forty-two" in told:
        return [_call("transfer_to_billing", {}, "t4")]
    return [
        _call("weather", {"city": "Paris"}, "t1"),
        _call("weather", {"city": "Rome"}, "t2"),
        _call("ask_expert", {"input": "what is the answer?"}, "t3"),
    ]


def _text(text: str) -> dict[str, Any]:
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    return {
        "id": f"msg_{text[:4].strip('.')}",
        "type": "message",
        "status": "completed",
        "role": "assistant",
        "content": [part],
    }


def _call(name: str, given: dict[str, Any], call: str) -> dict[str, Any]:
    return {
        "id": f"fc_{call}", "type": "function_call", "status": "completed", "call_id": f"call_{call}",
        "name": name, "arguments": json.dumps(given),
    }  # fmt: skip


@function_tool
async def weather(city: str) -> str:
    """Tells the weather."""
    return f"sun in {city}"


@function_tool
def look_up(key: str) -> str:
    """Looks something up."""
    return f"looked up {key}"


def triage() -> Agent[Any]:
    """The desk's first agent; all of its agents use the run's model."""
    guard: Agent[Any] = Agent(name="guard", instructions=GUARD)

    async def check(
        _: RunContextWrapper[Any], __: Agent[Any], said: str | list[Any]
    ) -> GuardrailFunctionOutput:
        told = await Runner.run(guard, said, run_config=RunConfig(model=_model))
        return GuardrailFunctionOutput(output_info=None, tripwire_triggered=told.final_output != "fine")

    expert: Agent[Any] = Agent(name="expert", instructions=EXPERT, tools=[look_up])
    billing: Agent[Any] = Agent(name="billing", instructions=BILLING)
    ask = expert.as_tool("ask_expert", "Asks somebody who knows")
    return Agent(
        name="triage",
        instructions=TRIAGE,
        tools=[weather, look_up, ask],
        handoffs=[billing],
        input_guardrails=[InputGuardrail(check, name="harmless", run_in_parallel=False)],
    )


_model: str | Model = "gpt-test"


async def run(prompt: str, *, stream: bool, model: Any = "gpt-test", session: Any = None) -> str:
    """Runs the desk; `model` is for all of its agents."""
    global _model  # noqa: PLW0603 - the guardrail's own run has no other way to know
    _model = model
    config = RunConfig(model=model)
    if not stream:
        told = await Runner.run(triage(), prompt, run_config=config, session=session)
        return str(told.final_output)
    streamed = Runner.run_streamed(triage(), prompt, run_config=config, session=session)
    async for _ in streamed.stream_events():
        pass
    return str(streamed.final_output)

"""What it costs an agent to be recorded: a model call with its tool calls, and many agents at once.

The peer is OpenTelemetry's SDK writing the same facts as spans of its GenAI conventions to a file, one
span for the call and one for each tool call, each exported as it ends. Both are given the same values, in
processes of their own, in turn; what is compared is the processor time in the agent's own thread.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from bench.figures import Figure
from bench.peers import python_with, surroundings
from bench.session import answer_text, calls

ROUNDS = 5
CALLS = 200
TOOLS = 2
_RESULT = 1400

_OTEL = """
import json, sys, time
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter(out=open(sys.argv[2], "w"))))
tracer = provider.get_tracer("bench")
plan = json.load(open(sys.argv[1]))
body = {**plan["head"], "messages": []}
def call(step):
    reply = step["reply"]
    body["messages"] += step["more"]
    with tracer.start_as_current_span("chat", attributes={
        "gen_ai.operation.name": "chat", "gen_ai.provider.name": "anthropic",
        "gen_ai.request.model": body["model"], "gen_ai.request.max_tokens": body["max_tokens"],
        "gen_ai.system_instructions": json.dumps(body["system"]),
        "gen_ai.tool.definitions": json.dumps(body["tools"]),
        "gen_ai.input.messages": json.dumps(body["messages"])}) as span:
        span.set_attributes({
            "gen_ai.output.messages": json.dumps(reply["content"]), "gen_ai.response.id": reply["id"],
            "gen_ai.response.model": reply["model"],
            "gen_ai.response.finish_reasons": (reply["stop_reason"],),
            "gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 12})
    for name, arguments, result in step["tools"]:
        with tracer.start_as_current_span("execute_tool", attributes={
            "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "Tool1", "gen_ai.tool.call.id": name,
            "gen_ai.tool.call.arguments": json.dumps(arguments)}) as span:
            span.set_attribute("gen_ai.tool.call.result", result)
times = []
for step in plan["steps"]:
    begun = time.thread_time()
    call(step)
    times.append(time.thread_time() - begun)
print(json.dumps(times))
"""


def measure() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        yield from against_otel(folder)
        yield from side_by_side(folder)


def plan_of(count: int, *, beginning: int) -> dict[str, Any]:
    """Gives a session: what stays in all its requests, and for each call what is new in it and what came."""
    bodies = calls(count, result=_RESULT, beginning=beginning)
    head = {name: value for name, value in bodies[0].items() if name != "messages"}
    steps = []
    said = 0
    for number, body in enumerate(bodies):
        names = [f"toolu_{number:012d}{k:012d}" for k in range(TOOLS)]
        uses = [
            {"type": "tool_use", "id": name, "name": "Tool1", "input": {"path": f"/{name}"}} for name in names
        ]
        reply = {
            "id": f"msg_{number}", "type": "message", "role": "assistant", "model": "test-model-1",
            "content": [{"type": "text", "text": answer_text(number)}, *uses], "stop_reason": "tool_use",
            "usage": {"input_tokens": 10, "output_tokens": 12},
        }  # fmt: skip
        tools = [
            [name, {"path": f"/{name}"}, answer_text(number + k, _RESULT)] for k, name in enumerate(names)
        ]
        steps.append({"more": body["messages"][said:], "reply": reply, "tools": tools})
        said = len(body["messages"])
    return {"head": head, "steps": steps}


def against_otel(folder: Path) -> Iterator[Figure]:
    """The median call of a session, with the prompts and tools that agents have, and with short ones."""
    python = python_with(folder, "opentelemetry-sdk")
    for name, beginning in (("a session", 40_000), ("short prompts and tools", 2_000)):
        plan = folder / "plan.json"
        plan.write_text(json.dumps(plan_of(CALLS, beginning=beginning)))
        ratios: list[float] = []
        told = "it cannot be had"
        for number in range(ROUNDS if python is not None else 0):
            theirs = _run([str(python), "-c", _OTEL, str(plan), str(folder / "spans")], folder)
            root = folder / f"archive{number} {beginning}"
            ours = _run([sys.executable, "-m", "bench.recording", str(plan), str(root)], folder)
            ratios.append(round(median(ours) / median(theirs), 4))
            told = f"of {len(ours)} calls: {median(ours) * 1e6:.0f} us against {median(theirs) * 1e6:.0f} us"
        yield Figure(
            name=f"a model call with {TOOLS} tool calls, {name}, against OpenTelemetry's file export",
            value=median(ratios) if ratios else None, unit="x", bound=round(1 / 15, 4), rule="at most",
            rounds=tuple(ratios), detail=told,
        )  # fmt: skip


def side_by_side(folder: Path) -> Iterator[Figure]:
    """Sixteen recording processes against one times the processors."""
    plan = folder / "plan.json"
    plan.write_text(json.dumps(plan_of(CALLS, beginning=2_000)))
    cores = os.cpu_count() or 1
    ratios = []
    for number in range(ROUNDS):
        one = _rate(plan, folder / f"one{number}", 1, folder)
        many = _rate(plan, folder / f"many{number}", 16, folder)
        ratios.append(round(many / (one * cores), 4))
    yield Figure(
        name="16 recording processes, against one times the processors", value=median(ratios), unit="x",
        bound=0.5, rule="at least", rounds=tuple(ratios),
        detail=f"{CALLS} model calls each, {cores} processors",
    )  # fmt: skip


def _rate(plan: Path, root: Path, count: int, folder: Path) -> float:
    """Gives model calls a second of so many processes that begin together."""
    words = [sys.executable, "-m", "bench.recording", str(plan), str(root), "wait"]
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "env": surroundings(folder)}
    running = [subprocess.Popen(words, **pipes) for _ in range(count)]
    for process in running:
        assert process.stdout is not None
        process.stdout.readline()
    for process in running:
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        process.stdin.flush()
    spans = [json.loads(process.communicate()[0]) for process in running]
    took: float = max(span[1] for span in spans) - min(span[0] for span in spans)
    return count * CALLS / took


def _run(words: list[str], folder: Path) -> list[float]:
    done = subprocess.run(words, check=True, capture_output=True, text=True, env=surroundings(folder))
    found: list[float] = json.loads(done.stdout)
    return found


def _record(plan: Path, root: Path, *, waits: bool) -> None:
    from reenact.archive import open_archive

    found = json.loads(plan.read_text())
    body = {**found["head"], "messages": []}
    times = []
    with open_archive(root) as archive, archive.record(agent="bench", cwd=root) as session:
        session.message("user", "begin")
        if waits:
            print("ready", flush=True)
            sys.stdin.readline()
        begun = time.perf_counter()
        for step in found["steps"]:
            before = time.thread_time()
            body["messages"] += step["more"]
            session.model_call(body, step["reply"], dialect="anthropic")
            for call, arguments, result in step["tools"]:
                with session.tool("Tool1", arguments, call=call) as tool:
                    tool.finish(result)
            times.append(time.thread_time() - before)
        ended = time.perf_counter()
        assert session.degraded is None
    print(json.dumps([begun, ended] if waits else times))


if __name__ == "__main__":
    _record(Path(sys.argv[1]), Path(sys.argv[2]), waits=len(sys.argv) > 3)

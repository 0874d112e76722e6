"""A small agent and a small model, ours, that talk the Messages API to each other in memory.

The agent puts its place (directories, date, session) into what it says and mints ids of its own;
the model is a function of what it is asked, but for the ids it mints. So one story can be recorded
at one place and played at another, and what must come out is known without the code under test.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from reenact.replay import Exchange, Incoming, Player, Script, Served, Taped, declare
from reenact.wire.declared import Declared

Body = dict[str, Any]
MODEL = "test-model-1"
TOOLS: list[Body] = [
    {
        "name": "Read",
        "description": "Reads a file.",
        "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
    },
    {"name": "Start", "description": "Starts work in the background.", "input_schema": {"type": "object"}},
    {
        "name": "Poll",
        "description": "Asks for background work.",
        "input_schema": {"type": "object", "properties": {"task": {"type": "string"}}},
    },
]


@dataclass(frozen=True)
class Place:
    """Where and when an agent runs, and what it calls itself."""

    cwd: str = "/home/ann/code/todo"
    home: str = "/home/ann"
    temp: str = "/tmp"
    date: str = "2026-03-01"
    session: str = "0b8f6f5e-3d1c-4f7a-9a55-2f6f6a1d0c01"
    salt: str = "a"
    """What makes the ids that the agent mints differ from run to run."""

    def declared(self) -> Declared:
        return declare(
            cwd=self.cwd, home=self.home, temp=self.temp, dates=(self.date,), sessions=(self.session,)
        )

    def neutral(self, text: str) -> str:
        """Takes the place out of a text: the oracle's own way, longest first."""
        for value, name in ((self.cwd, "<cwd>"), (self.home, "<home>"), (self.date, "<date>")):
            text = text.replace(value, name)
        return text.replace(self.task(), "<task>")

    def task(self) -> str:
        """The id that this run mints for background work."""
        return "b" + hashlib.sha256(self.salt.encode()).hexdigest()[:9]


ELSEWHERE = Place(
    cwd="/data/checkouts/second-copy/todo-service",
    home="/users/maria-b",
    temp="/data/scratch",
    date="2026-11-20",
    session="7c0e9c1a-77aa-4c55-8f0e-6f0b7f1d9e02",
    salt="b",
)


@dataclass
class Agent:
    """Asks the model, runs its tools, and asks again until it is told nothing more to do."""

    place: Place
    prompt: str = "Do what the document says."
    document: str = "Read a.py and b.py."
    lane: str = ""
    messages: list[Body] = field(default_factory=list)
    is_done: bool = False

    def __post_init__(self) -> None:
        self.messages = [{"role": "user", "content": [{"type": "text", "text": self.prompt}]}]

    def body(self) -> Body:
        system = (
            f"You work in {self.place.cwd}.\nNotes are kept in {self.place.home}/notes.\n"
            f"Today's date is {self.place.date}.\nSession {self.place.session}.\n{self.document}"
        )
        return {
            "model": MODEL,
            "max_tokens": 1000,
            "temperature": 0.5,
            "system": [{"type": "text", "text": system, "cache_control": {"type": "ephemeral"}}],
            "tools": TOOLS,
            "messages": self.messages,
            "metadata": {"user_id": f"device_{self.place.salt}_{self.place.session}"},
            "stream": True,
        }

    def incoming(self, body: Body | None = None) -> Incoming:
        headers = {"x-claude-code-agent-id": self.lane} if self.lane else {}
        return Incoming(
            path="/v1/messages?beta=true", headers=headers, body=json.dumps(body or self.body()).encode()
        )

    def take(self, answer: bytes) -> None:
        """Reads a streamed answer the plain way and runs the tools it asks for."""
        content = read_stream(answer)
        self.messages = [*self.messages, {"role": "assistant", "content": content}]
        calls = [block for block in content if block["type"] == "tool_use"]
        if not calls:
            self.is_done = True
            return
        results = [
            {"type": "tool_result", "tool_use_id": call["id"], "content": self._run(call)} for call in calls
        ]
        self.messages = [*self.messages, {"role": "user", "content": results}]

    def _run(self, call: Body) -> str:
        match call["name"]:
            case "Read":
                path = call["input"]["path"]
                return (
                    f"1\tprint('{path}')\n2\tdone" if path.startswith(self.place.cwd) else f"no file {path}"
                )
            case "Start":
                return f"Running in background with ID: {self.place.task()}"
            case "Poll":
                task = call["input"]["task"]
                return "finished" if task == self.place.task() else f"no task {task}"
        return "?"

    def trace(self) -> str:
        """What was said, in the order it was said, without ids and place."""
        system = self.body()["system"][0]["text"].replace(self.place.session, "<session>")
        said = [self.place.neutral(system)]
        for message in self.messages:
            for block in message["content"]:
                plain = {key: value for key, value in block.items() if key not in ("id", "tool_use_id")}
                said.append(self.place.neutral(json.dumps(plain, sort_keys=True)))
        return "\n".join(said)


class Model:
    """Answers by what it is asked; mints ids in the order of asking. `turns` calls of tools, then a text."""

    def __init__(self, *, turns: int = 3) -> None:
        self.turns = turns
        self.minted = 0

    def answer(self, body: Body, place: Place) -> bytes:
        turn = sum(message["role"] == "assistant" for message in body["messages"])
        seed = hashlib.sha256(json.dumps([body["system"], body["messages"]]).encode()).hexdigest()[:6]
        document = body["system"][0]["text"].rpartition("\n")[2]
        blocks: list[Body] = [
            {"type": "text", "text": f"Turn {turn} of {seed} for: {document} In {place.cwd}."}
        ]
        if turn < self.turns:
            blocks += self._calls(turn, place, body)
        return stream_of(blocks, message=self._mint("msg"), model=body["model"])

    def _calls(self, turn: int, place: Place, body: Body) -> list[Body]:
        if turn == 1:
            return [self._call("Start", {"note": f"see {place.home}/notes"})]
        if turn == 2:
            text = json.dumps(body["messages"])
            task = text.partition("with ID: ")[2][:10]
            return [self._call("Poll", {"task": task})]
        return [
            self._call("Read", {"path": f"{place.cwd}/a{turn}.py"}),
            self._call("Read", {"path": f"{place.cwd}/b{turn}.py"}),
        ]

    def _call(self, name: str, value: Body) -> Body:
        return {"type": "tool_use", "id": self._mint("toolu"), "name": name, "input": value}

    def _mint(self, prefix: str) -> str:
        self.minted += 1
        return f"{prefix}_01{self.minted:022d}"


def stream_of(blocks: list[Body], *, message: str, model: str, size: int = 7) -> bytes:
    """Writes an answer as the provider streams it, in small pieces."""
    events: list[Body] = [
        {
            "type": "message_start",
            "message": {
                "id": message, "type": "message", "role": "assistant", "model": model, "content": [],
                "stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 9, "output_tokens": 1},
            },
        }
    ]  # fmt: skip
    for index, block in enumerate(blocks):
        if block["type"] == "text":
            start, text, kind, name = {**block, "text": ""}, block["text"], "text_delta", "text"
        else:
            start, text = {**block, "input": {}}, json.dumps(block["input"])
            kind, name = "input_json_delta", "partial_json"
        events.append({"type": "content_block_start", "index": index, "content_block": start})
        for place in range(0, len(text), size):
            delta = {"type": kind, name: text[place : place + size]}
            events.append({"type": "content_block_delta", "index": index, "delta": delta})
        events.append({"type": "content_block_stop", "index": index})
    stop = "tool_use" if any(block["type"] == "tool_use" for block in blocks) else "end_turn"
    events.append(
        {
            "type": "message_delta",
            "delta": {"stop_reason": stop, "stop_sequence": None},
            "usage": {"output_tokens": 12},
        }
    )
    events.append({"type": "message_stop"})
    return b"".join(f"event: {one['type']}\ndata: {json.dumps(one)}\n\n".encode() for one in events)


def read_stream(answer: bytes) -> list[Body]:
    """Reads a stream without the code under test."""
    blocks: list[Body] = []
    texts: list[str] = []
    for part in answer.decode().split("\n\n"):
        if not part:
            continue
        data = json.loads(part.partition("data: ")[2])
        match data["type"]:
            case "content_block_start":
                blocks.append(data["content_block"])
                texts.append("")
            case "content_block_delta":
                delta = data["delta"]
                texts[data["index"]] += delta.get("text", "") + delta.get("partial_json", "")
    for block, text in zip(blocks, texts, strict=True):
        if block["type"] == "text":
            block["text"] = text
        else:
            block["input"] = json.loads(text or "{}")
    return blocks


def taped(body: bytes, *, status: int = 200, kind: str = "text/event-stream") -> Taped:
    """A recorded answer in chunks of 100 bytes, one each millisecond."""
    sizes = [min(100, len(body) - place) for place in range(0, len(body), 100)]
    chunks = tuple((1000 * (number + 1), size) for number, size in enumerate(sizes))
    return Taped(status=status, headers={"content-type": kind}, body=body, chunks=chunks)


def record(
    agents: Iterable[Agent],
    *,
    model: Model | None = None,
    choose: Callable[[list[Agent]], Agent] = lambda waiting: waiting[0],
) -> tuple[Exchange, ...]:
    """Lets agents talk to the model until all are done; `choose` says whose turn it is."""
    model = model or Model()
    waiting = list(agents)
    exchanges: list[Exchange] = []
    while waiting:
        agent = choose(waiting)
        body = agent.body()
        answer = model.answer(body, agent.place)
        exchanges.append(
            Exchange(
                id=f"x{len(exchanges)}",
                lane=agent.lane,
                arrival=len(exchanges),
                path="/v1/messages?beta=true",
                request=json.loads(json.dumps(body)),
                response=taped(answer),
            )
        )
        agent.take(answer)
        waiting = [one for one in waiting if not one.is_done]
    return tuple(exchanges)


def script_of(agents: Iterable[Agent], place: Place, **how: Any) -> Script:
    """Records agents at a place."""
    return Script(exchanges=record(agents, **how), declared=place.declared())


def play(
    player: Player,
    agents: Iterable[Agent],
    *,
    choose: Callable[[list[Agent]], Agent] = lambda waiting: waiting[0],
) -> list[Served]:
    """Lets agents talk to a player until all are done; whatever is not served is an error of the test."""
    waiting = list(agents)
    served: list[Served] = []
    while waiting:
        agent = choose(waiting)
        answer = player.respond(agent.incoming())
        assert isinstance(answer, Served), player.report().divergences
        served.append(answer)
        agent.take(answer.body)
        player.finish(answer.ticket, delivered=True)
        waiting = [one for one in waiting if not one.is_done]
    return served

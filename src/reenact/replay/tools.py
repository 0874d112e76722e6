"""What tools gave back in a recording, to be given again without running them.

A call is known by its name and its input; the same call again gets the next of the results that it
had, in the order in which they came. A call that was not recorded is refused, and told by its place.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from reenact.errors import ReenactError
from reenact.events import Event, blocks, bodies
from reenact.events.blocks import ToolCall
from reenact.replay.model import Taped, Told, Value
from reenact.replay.reading import spoken
from reenact.replay.script import Script
from reenact.wire import canonical
from reenact.wire.canonical import Json, Object


class ToolResult(Value, frozen=True, kw_only=True):
    """What a recorded call of a tool gave back."""

    call: str
    name: str
    input: Any = None
    output: Any = None
    ok: bool = True
    error: str | None = None


class ToolDivergedError(ReenactError):
    """A tool was called otherwise than it was recorded."""

    exit_code = 3

    def __init__(self, step: int, name: str, given: Any, reason: str) -> None:
        shown = canonical.dump(plain_input(given)).decode()[:200]
        super().__init__(f"tool call {step}, {name} {shown}: {reason}")
        self.step = step
        self.name = name


class RecordedTools:
    """Serves recorded results, each once. Not safe for threads by itself."""

    def __init__(self, results: Iterable[ToolResult]) -> None:
        self.results = tuple(results)
        self._due: dict[tuple[str, str], deque[ToolResult]] = {}
        self._step = 0
        for one in self.results:
            self._due.setdefault(_key(one.name, one.input), deque()).append(one)

    @staticmethod
    def from_events(events: Iterable[Event]) -> RecordedTools:
        """Takes the results that a recording tells of tool calls, in the order in which they were called."""
        called: dict[str, bodies.ToolCalled] = {}
        ended: dict[str, bodies.ToolFinished] = {}
        for event in events:
            match event.body:
                case bodies.ToolCalled() as body:
                    called.setdefault(body.call, body)
                case bodies.ToolFinished() as body:
                    ended.setdefault(body.call, body)
                case _:
                    pass
        return RecordedTools(
            ToolResult(
                call=call, name=body.name, input=body.input, output=end.output, ok=end.ok is not False,
                error=end.error,
            )
            for call, body in called.items()
            if (end := ended.get(call)) is not None
        )  # fmt: skip

    @staticmethod
    def from_script(script: Script) -> RecordedTools:
        """Takes the results that models were told, where nothing else recorded them."""
        asked: dict[str, ToolCall] = {}
        told: dict[str, ToolResult] = {}
        for one in script.exchanges:
            for call, output, ok in results_of(one.request):
                if call in asked and call not in told:
                    block = asked[call]
                    told[call] = ToolResult(
                        call=call, name=block.name, input=block.input, output=output, ok=ok
                    )
            for block in _calls(one.method, one.path, one.response):
                asked.setdefault(block.call, block)
        return RecordedTools(told[call] for call in asked if call in told)

    def result(self, name: str, given: Any = None) -> ToolResult:
        """Gives what a call gave back.

        Raises:
            ToolDivergedError: nothing (more) was recorded of it.
        """
        self._step += 1
        due = self._due.get(_key(name, given))
        if due:
            return due.popleft()
        if due is not None:
            raise ToolDivergedError(self._step, name, given, "it was called fewer times when it was recorded")
        others = [one for one in self.results if one.name == name]
        reason = "it was recorded with other input only" if others else "no such tool was recorded"
        raise ToolDivergedError(self._step, name, given, reason)

    @property
    def unused(self) -> tuple[ToolResult, ...]:
        """The results that were not asked for."""
        return tuple(one for due in self._due.values() for one in due)


def plain_input(given: Any) -> Json:
    """Gives a tool's input as JSON; arguments that are the text of an object are that object."""
    if isinstance(given, str) and given[:1] == "{":
        try:
            return canonical.decode(given)
        except ValueError:
            return given
    return canonical.decode(canonical.dump(given)) if given else {}


def results_of(request: Json) -> Iterator[tuple[str, Json, bool]]:
    """Yields the tools' results in a request of any dialect: call, output, whether it went well."""
    fields = request if isinstance(request, dict) else {}
    for name in ("messages", "input", "contents"):
        listed = fields.get(name)
        for message in listed if isinstance(listed, list) else ():
            yield from _results(message)


def _results(message: Json) -> Iterator[tuple[str, Json, bool]]:
    match message:
        case {"type": "function_call_output", "call_id": str(call), "output": output}:
            yield call, output, True
        case {"role": "tool", "tool_call_id": str(call), "content": output}:
            yield call, output, True
        case {"content": list(parts)} | {"parts": list(parts)}:
            for part in parts:
                match part:
                    case {"type": "tool_result", "tool_use_id": str(call), "content": output, **more}:
                        yield call, output, more.get("is_error") is not True
                    case {"functionResponse": {"id": str(call), "response": output}}:
                        yield call, output, True
                    case _:
                        pass
        case _:
            pass


def _calls(method: str, path: str, response: Taped | Told | None) -> Iterator[ToolCall]:
    dialect = spoken(method, path)
    message: Object | None = None
    match response:
        case Told() as told:
            message = told.message
        case Taped() as tape:
            form = dialect.form_of(tape.headers, tape.body)
            message = dialect.read(tape.body, form=form, status=tape.status).message
        case None:
            pass
    return (block for block in dialect.blocks(message or {}) if isinstance(block, blocks.ToolCall))


def _key(name: str, given: Any) -> tuple[str, str]:
    return name, canonical.content_hash(plain_input(given))

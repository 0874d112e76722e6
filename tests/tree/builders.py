"""Builds small event lists by hand: one call a thing that happened, numbered in order."""

from __future__ import annotations

from typing import Any

from reenact.events import FORMAT, Event, Tokens, blocks, bodies

SECOND = 1_000_000
START = 1_790_000_000 * SECOND


def event(seq: int, body: bodies.AnyBody, **more: Any) -> Event:
    """Gives one event; its id is `e<seq>` and its time `seq` seconds after the start."""
    values: dict[str, Any] = {"id": f"e{seq}", "ts": START + seq * SECOND, **more}
    return Event(v=FORMAT, seq=seq, session="s1", recorded_at=START, body=body, **values)


class Script:
    """Writes a session down, event by event; `events` is the list so far."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def add(self, body: bodies.AnyBody, **more: Any) -> Event:
        made = event(len(self.events) + 1, body, **more)
        self.events.append(made)
        return made

    def human(self, words: str, **more: Any) -> Event:
        return self.add(bodies.UserMessage(blocks=(blocks.Text(text=words),)), **more)

    def told(self, words: str, origin: str = "meta", **more: Any) -> Event:
        """Something in the user's place that no person said."""
        content = (blocks.Text(text=words),)
        return self.add(bodies.UserMessage(blocks=content, human=False, origin=origin), **more)

    def says(self, words: str, message: str | None = None, *, stop: str | None = None, **more: Any) -> Event:
        content = (blocks.Text(text=words),)
        return self.add(
            bodies.AssistantMessage(blocks=content, message=message, model="model-a", stop_reason=stop),
            **more,
        )

    def calls(
        self, call: str, name: str = "Bash", value: Any = None, message: str | None = None, **more: Any
    ) -> Event:
        body = bodies.ToolCalled(call=call, name=name, input=value, message=message, tool_kind="shell")
        return self.add(body, **more)

    def result(self, call: str, output: Any = "done", *, ok: bool | None = True, **more: Any) -> Event:
        return self.add(bodies.ToolFinished(call=call, ok=ok, output=output), **more)

    def spends(self, key: str, output: int = 10, *, model: str = "model-a", **more: Any) -> Event:
        tokens = Tokens(input=100, cache_read=1000, cache_write=50, output=output)
        return self.add(bodies.UsageRecorded(key=key, tokens=tokens, model=model), **more)

    def changes(self, path: str, **more: Any) -> Event:
        values: dict[str, Any] = {"op": "modify", "plus": 2, "minus": 1, **more}
        parent = values.pop("parent", None)
        return self.add(bodies.FileChanged(path=path, **values), parent=parent)

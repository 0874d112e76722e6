"""How long a session of 100,000 events takes to fold, to look up a state in, and to write as a trace.

Run: python bench/fold.py [EVENTS]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

from reenact.cli.glyphs import Look
from reenact.cli.trace import trace
from reenact.events import FORMAT, AnyBody, Event, Tokens, blocks, bodies
from reenact.tree import fold

SECOND = 1_000_000


def main(count: int) -> None:
    events = [
        Event(v=FORMAT, seq=seq, id=f"e{seq}", session="s", ts=seq * SECOND, recorded_at=0, body=body)
        for seq, body in zip(range(1, count + 1), happenings(), strict=False)
    ]
    start = time.perf_counter()
    tree = fold(events)
    print(f"fold        {time.perf_counter() - start:8.3f} s  {len(events):,} events")
    for seq in (count // 100, count // 2, count):
        start = time.perf_counter()
        view = tree.at(seq)
        took = (time.perf_counter() - start) * 1000
        print(f"at {seq:<9}{took:8.3f} ms {len(view.context):,} parts of context, {len(view.files):,} files")
    start = time.perf_counter()
    lines = sum(1 for _ in trace(tree, {}, look=Look(width=100)))
    print(f"short trace {time.perf_counter() - start:8.3f} s  {lines:,} lines")


def happenings() -> Iterator[AnyBody]:
    """Yields prompts, each with ten turns of two parallel calls, a change and what they cost."""
    number = 0
    while True:
        yield bodies.UserMessage(blocks=(blocks.Text(text=f"prompt {number}"),))
        for _ in range(10):
            number += 1
            message, calls = f"m{number}", (f"c{number}", f"d{number}")
            yield bodies.AssistantMessage(
                blocks=(blocks.Text(text="words " * 20),), message=message, model="a"
            )
            for call in calls:
                yield bodies.ToolCalled(call=call, name="Bash", input={"command": "ls -la"}, message=message)
            for call in calls:
                yield bodies.ToolFinished(call=call, ok=True, output="out " * 50)
            yield bodies.UsageRecorded(key=message, tokens=Tokens(input=10, output=20), model="a")
            yield bodies.FileChanged(path=f"f{number % 500}.py", plus=2, minus=1, call=calls[0])


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)

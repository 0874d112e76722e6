"""The readable trace of a session: one line a step under headings of prompts, or all of it.

Pure: from values to lines. The numbers in the margin are positions, the same that `--at` takes;
usage, marks and other small events fold into what they belong to, so the numbers skip.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.cells import cell_len
from rich.text import Text

from reenact.cli.glyphs import Look, Sign
from reenact.cli.text import clip, clock_text, count_text, duration_text, line, pad, safe
from reenact.cli.trace_details import Styled, details
from reenact.events import Event
from reenact.tree import Loop, Step, Tree, Turn

FOLDED = frozenset({"mark", "usage", "model"})
"""Kinds of steps that have no line of their own."""
_SHOWN_OF_SESSION = frozenset({"session.forked", "session.cleared", "session.ended"})
_SIGNS: dict[str, Sign] = {
    "reasoning": "thought",
    "file": "file",
    "plan": "plan",
    "compaction": "compaction",
    "agent": "agent",
    "error": "error",
    "warning": "warning",
    "limit": "warning",
    "setting": "setting",
    "note": "note",
}
_STYLES = {
    "error": "red",
    "warning": "yellow",
    "limit": "yellow",
    "compaction": "yellow",
    "reasoning": "dim italic",
    "setting": "dim",
    "hook": "dim",
    "context": "dim",
    "session": "dim",
    "other": "dim",
    "output": "dim",
}


def trace(tree: Tree, events: Mapping[int, Event], *, look: Look, verbose: bool = False) -> Iterator[Text]:
    """Yields the lines of a session, none wider than `look.width` cells.

    Args:
        tree: the session.
        events: its events by position; only looked at where `verbose`.
        look: how it is to look.
        verbose: with texts, arguments, results and diffs below the lines.
    """
    writer = _Writer(tree, events, look, verbose=verbose)
    for step in tree.steps:
        yield from writer.step(step, turn=None)
    for number, loop in enumerate(tree.loops, start=1):
        yield from writer.loop(number, loop)


def around(
    tree: Tree, events: Mapping[int, Event], *, seq: int, context: int, look: Look, verbose: bool = False
) -> Iterator[Text]:
    """Yields the lines of the step at a position and of so many steps before and after it."""
    writer = _Writer(tree, events, look, verbose=verbose)
    shown = [(loop, turn, step) for loop, turn, step in _places(tree) if writer.is_shown(step)]
    if not shown:
        return
    at = _index_of([step for _, _, step in shown], seq)
    previous: Loop | None = None
    for index in range(max(at - context, 0), min(at + context + 1, len(shown))):
        loop, turn, step = shown[index]
        if loop is not None and loop is not previous:
            yield from writer.heading(tree.loops.index(loop) + 1, loop)
        previous = loop
        yield from writer.step(step, turn=turn, loop=loop, is_now=index == at)


def _places(tree: Tree) -> list[tuple[Loop | None, Turn | None, Step]]:
    """Gives all steps in the order in which they are shown, with where they belong."""
    places: list[tuple[Loop | None, Turn | None, Step]] = [(None, None, step) for step in tree.steps]
    for loop in tree.loops:
        found: list[tuple[Loop | None, Turn | None, Step]] = [(loop, None, step) for step in loop.steps]
        found += [(loop, turn, step) for turn in loop.turns for step in turn.steps]
        found.sort(key=lambda place: place[2].seq)
        places += found
    return places


def _index_of(steps: list[Step], seq: int) -> int:
    """Gives the step that an event is part of, else the last one that began before it."""
    for index, step in enumerate(steps):
        if seq in step.events:
            return index
    before = [index for index, step in enumerate(steps) if step.seq <= seq]
    return max(before, key=lambda index: steps[index].seq) if before else 0


def _time_of(loop: Loop, seq: int) -> int | None:
    steps = (*loop.steps, *(loop.turns[0].steps if loop.turns else ()))
    return next((step.ts for step in steps if step.seq == seq), None)


class _Writer:
    """Writes steps as lines; knows the width of the margin and which calls stand together."""

    def __init__(self, tree: Tree, events: Mapping[int, Event], look: Look, *, verbose: bool) -> None:
        self._events = events
        self._look = look
        self._verbose = verbose
        self._digits = max(len(str(tree.last)), 3)
        self._indentation = self._digits + 5
        self._branches = {branch.seq: branch for branch in tree.branches}

    def loop(self, number: int, loop: Loop) -> Iterator[Text]:
        yield from self.heading(number, loop)
        places: list[tuple[Turn | None, Step]] = [(None, step) for step in loop.steps]
        places += [(turn, step) for turn in loop.turns for step in turn.steps]
        places.sort(key=lambda place: place[1].seq)
        previous: Turn | None = None
        for turn, step in places:
            if turn is not None and turn is not previous and self._verbose:
                yield self._turn(turn)
            previous = turn or previous
            yield from self.step(step, turn=turn, loop=loop)

    def heading(self, number: int, loop: Loop) -> Iterator[Text]:
        """Yields a blank line, where the conversation went back, and the prompt."""
        look = self._look
        yield Text("")
        begin = loop.prompt_seq if loop.prompt_seq is not None else loop.begin
        branch = self._branches.get(begin)
        if branch is not None:
            count = len(branch.abandoned)
            steps = "1 prompt or turn" if count == 1 else f"{count:,} prompts or turns"
            words = f"went back; {steps} left behind" if count else "went back"
            yield self._line("", f"{look.sign('branch')} {words}", style="yellow")
        state = "" if loop.status in {"completed", "open"} else f" [{loop.status}]"
        left = "" if loop.live else " [left behind]"
        right = clock_text(_time_of(loop, begin), zone=look.zone).strip()
        prompt = f"{look.sign('you')} {number} · "
        said = "(no prompt)" if loop.prompt is None else loop.prompt or "(no words)"
        yield self._line(str(begin), prompt, said, right=f"{state}{left} {right}".strip(), style="bold")

    def _turn(self, turn: Turn) -> Text:
        parts = [f"turn {turn.index + 1}", turn.model or ""]
        if turn.usage is not None:
            tokens = turn.usage
            asked = tokens.total - tokens.output
            mark = {"measured": "", "partial": "≥", "estimated": "≈"}[turn.quality]
            parts.append(f"{count_text(asked)} in, {mark}{count_text(tokens.output)} out")
        if turn.stop_reason and turn.stop_reason not in {"end_turn", "tool_use"}:
            parts.append(turn.stop_reason)
        words = " · ".join(safe(part) for part in parts if part)
        return self._line("", words, style="dim")

    def is_shown(self, step: Step) -> bool:
        if step.kind in FOLDED:
            return False
        if step.kind == "session":
            return step.event in _SHOWN_OF_SESSION
        return step.kind != "reasoning" or self._look.thinking

    def step(
        self, step: Step, *, turn: Turn | None, loop: Loop | None = None, is_now: bool = False
    ) -> Iterator[Text]:
        """Yields the line of a step and, in the verbose form, what is below it."""
        if not self.is_shown(step):
            return
        below = self._below(step) if self._verbose else []
        is_prompt = loop is not None and step.seq == loop.prompt_seq
        is_told = bool(below) and step.kind in {"message", "reasoning"}
        if not is_prompt or is_now:
            yield self._step_line(step, turn, is_now=is_now, words="" if is_told else None)
        for text, style in below:
            yield Text(" " * self._indentation).append(self._look.plain(text), style=style)

    def _below(self, step: Step) -> list[Styled]:
        """Gives what stands below a step; nothing where its own line says it all."""
        room = self._look.width - self._indentation
        below = list(details(step, self._events, self._look, width=room))
        is_same = len(below) == 1 and below[0][0] == step.text and cell_len(step.text) <= room - 24
        return [] if is_same else below

    def _step_line(self, step: Step, turn: Turn | None, *, is_now: bool, words: str | None = None) -> Text:
        look = self._look
        is_gone = turn is not None and not turn.live
        gutter = look.sign("now") if is_now else look.sign("gone") if is_gone else " "
        if gutter == " " and turn is not None and step is turn.steps[0]:
            gutter = look.sign("turn")
        sign, name, right = self._parts(step)
        bracket = self._bracket(step, turn)
        style = "dim" if is_gone else _STYLES.get(step.kind, "")
        if step.kind == "tool" and step.ok is False and not is_gone:
            style = "red"
        if words is None:
            is_failed = step.kind == "tool" and step.ok is False and bool(step.error)
            words = f"{step.text} {look.sign('to')} {step.error}" if is_failed else step.text
        elif not name:
            name = step.role or step.kind
        if is_now:
            style = f"{style} reverse".strip()
        return self._line(
            str(step.seq), f"{bracket}{sign} {name}", words, gutter=gutter, right=right, style=style
        )

    def _parts(self, step: Step) -> tuple[str, str, str]:
        """Gives the sign of a step, the name before its words, and what stands at the right."""
        look = self._look
        match step.kind:
            case "message":
                sign: Sign = "you" if step.human else "assistant" if step.role == "assistant" else "told"
                origin = f"[{line(step.name, width=20)}] " if step.name and not step.human else ""
                return look.sign(sign), origin, ""
            case "tool":
                sign = (
                    "denied"
                    if step.denied
                    else "open"
                    if step.is_open
                    else "failed"
                    if step.ok is False
                    else "ok"
                )
                name = line(step.name or "(unknown call)", width=28) + " "
                agent = f"{look.sign('agent')} " if step.child else ""
                took = "" if step.duration is None else duration_text(step.duration)
                return look.sign(sign), agent + name, took
            case "file":
                lines = (
                    f"+{step.plus} -{step.minus}" if step.plus is not None and step.minus is not None else ""
                )
                return look.sign("file"), f"{line(step.name or '', width=self._look.width // 2)} ", lines
            case "reasoning":
                return look.sign("thought"), "", ""
            case _:
                name = f"{step.event} " + (f"{line(step.name, width=32)} " if step.name else "")
                return look.sign(_SIGNS.get(step.kind, "other")), name, ""

    def _bracket(self, step: Step, turn: Turn | None) -> str:
        """Gives the bracket that holds calls together which one response asked for."""
        if step.group is None or turn is None:
            return ""
        seqs = [other.seq for other in turn.steps if other.group == step.group]
        place: Sign = "first" if step.seq == seqs[0] else "last" if step.seq == seqs[-1] else "middle"
        return f"{self._look.sign(place)} "

    def _line(
        self, number: str, lead: str, words: str = "", *, gutter: str = " ", right: str = "", style: str = ""
    ) -> Text:
        """Gives one line: number, gutter, lead, what fits of the words, and what stands at the right."""
        plain = self._look.plain
        left = Text(f"{number:>{self._digits}} {gutter} ", style="dim")
        room = self._look.width - self._digits - 3
        right = clip(right, max(room // 2, 0))
        room -= cell_len(right) + 1 if right else 0
        lead = clip(lead, room)
        rest = room - cell_len(lead)
        said = plain(lead + (line(words, width=rest) if rest > 3 else "")).rstrip()
        if right:
            return left.append(pad(said, room + 1), style=style).append(plain(right), style="dim")
        return left.append(said, style=style)

"""The lines of a trace: a step, a heading, a turn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.cells import cell_len
from rich.text import Text

from reenact.cli.glyphs import Look, Sign
from reenact.cli.text import clip, clock_text, count_text, duration_text, line, pad, safe
from reenact.cli.trace_details import Styled, details
from reenact.cli.trace_rows import Row
from reenact.cli.trace_state import near
from reenact.events import Event
from reenact.tree import Loop, Step, Tree, Turn

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


def _time_of(loop: Loop, seq: int) -> int | None:
    steps = (*loop.steps, *(loop.turns[0].steps if loop.turns else ()))
    return next((step.ts for step in steps if step.seq == seq), None)


class Writer:
    """Writes steps as lines; knows the width of the margin and which calls stand together."""

    def __init__(self, tree: Tree, events: Mapping[int, Event], look: Look, *, verbose: bool) -> None:
        self._events = events
        self._look = look
        self._verbose = verbose
        self._digits = max(len(str(tree.last)), 3)
        self._indentation = self._digits + 5
        self._cwd = tree.at(tree.last).setting.cwd
        self._groups: dict[tuple[int, str], tuple[int, int]] = {}
        """Turn and group → positions of its first and last call."""
        self._branches = {branch.seq: branch for branch in tree.branches}

    def row(self, row: Row, *, is_now: bool = False) -> Iterator[Text]:
        """Yields the line of a step, or the heading of the loop that it asks for, and what is below."""
        step, loop = row.step, row.loop
        below = self._below(step) if self._verbose else []
        is_told = bool(below) and step.kind in {"message", "reasoning"}
        if loop is not None and row.is_prompt:
            yield from self.heading(row.number, loop, is_now=is_now)
        elif row.more:
            yield self._folded(row, is_now=is_now)
        else:
            yield self._step(row, is_now=is_now, words="" if is_told else None)
        room = self._look.width - self._indentation
        for text, style in below:
            yield Text(" " * self._indentation).append(self._look.plain(clip(text, room)), style=style)

    def heading(self, number: int, loop: Loop, *, is_now: bool = False) -> Iterator[Text]:
        """Yields that the conversation went back, where it did, and the prompt."""
        look = self._look
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
        yield self._line(
            str(begin),
            prompt,
            said,
            gutter=look.sign("now") if is_now else " ",
            right=f"{state}{left} {right}".strip(),
            style="bold",
        )

    def turn(self, turn: Turn) -> Text:
        """Gives the line above a turn: the model and what it spent."""
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

    def _below(self, step: Step) -> list[Styled]:
        """Gives what stands below a step; nothing where its own line says it all."""
        room = self._look.width - self._indentation
        below = list(details(step, self._events, self._look, width=room))
        is_same = len(below) == 1 and below[0][0] == step.text and cell_len(step.text) <= room - 24
        return [] if is_same else below

    def _step(self, row: Row, *, is_now: bool, words: str | None = None) -> Text:
        look, step, turn = self._look, row.step, row.turn
        is_gone = turn is not None and not turn.live
        sign, name, right = self._parts(step)
        style = "dim" if is_gone else _STYLES.get(step.kind, "")
        if step.kind == "tool" and step.ok is False and not is_gone:
            style = "red"
        if words is None:
            is_failed = step.kind == "tool" and step.ok is False and bool(step.error)
            told = near(step.text, self._cwd)
            words = f"{told} {look.sign('to')} {step.error}" if is_failed else told
        elif not name:
            name = step.role or step.kind
        lead = f"{self._bracket(step, turn)}{sign} {name}"
        if is_now:
            style = f"{style} reverse".strip()
        return self._line(
            str(step.seq), lead, words, gutter=self._gutter(row, is_now=is_now), right=right, style=style
        )

    def _folded(self, row: Row, *, is_now: bool) -> Text:
        """Gives one line for many steps that are of little interest each."""
        names = dict.fromkeys(line(step.name or step.event, width=32) for step in (row.step, *row.more))
        count = len(row.more) + 1
        what = "hooks ran" if row.step.kind == "hook" else "texts for the model"
        lead = f"{self._look.sign('told')} {count} {what}: "
        gutter = self._gutter(row, is_now=is_now)
        return self._line(str(row.step.seq), lead, ", ".join(names), gutter=gutter, style="dim")

    def _gutter(self, row: Row, *, is_now: bool) -> str:
        if is_now:
            return self._look.sign("now")
        if row.turn is not None and not row.turn.live:
            return self._look.sign("gone")
        return self._look.sign("turn") if row.begins_turn else " "

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
                return (
                    look.sign("file"),
                    f"{line(near(step.name or '', self._cwd), width=self._look.width // 2)} ",
                    lines,
                )
            case "reasoning":
                return look.sign("thought"), "", ""
            case _:
                name = f"{step.event} " + (f"{line(step.name, width=32)} " if step.name else "")
                return look.sign(_SIGNS.get(step.kind, "other")), name, ""

    def _bracket(self, step: Step, turn: Turn | None) -> str:
        """Gives the bracket that holds calls together which one response asked for."""
        if step.group is None or turn is None:
            return ""
        key = (id(turn), step.group)
        if key not in self._groups:
            seqs = [other.seq for other in turn.steps if other.group == step.group]
            self._groups[key] = (seqs[0], seqs[-1])
        first, last = self._groups[key]
        place: Sign = "first" if step.seq == first else "last" if step.seq == last else "middle"
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

"""One file at a step: its line of life, its content as far as that is known, and what changed."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Literal

from reenact.events import bodies
from reenact.web.views import FileView, Known, LifeEvent

if TYPE_CHECKING:
    from reenact.web.desk import Reading
    from reenact.web.reel import Reel
    from reenact.web.texts import Cutter

Against = Literal["previous", "start", "none"]
_LONGEST = 400_000
"""Characters of a text that is still compared here, line by line."""
_MOST_LIFE = 2_000


def file_at(
    reading: Reading, reel: Reel, seq: int, *, path: str, against: Against, cutter: Cutter
) -> FileView:
    """Gives a file as it was after the event at `seq`."""
    scrub = reading.archive.guard.text
    changes = [item for item in reel.changes if scrub(item.path) == path or item.path == path]
    reads = [item for item in reel.reads if scrub(item.path) == path or item.path == path]
    done = [item for item in changes if item.last <= seq]
    life = [LifeEvent(seq=item.seq, kind="read", op=None, ok=item.found) for item in reads]
    life += [LifeEvent(seq=item.last, kind="change", op=item.op, ok=True) for item in changes]
    life.sort(key=lambda item: item.seq)
    last = _body(reading, reel, done[-1].last, done[-1].path) if done else None
    first = _body(reading, reel, done[0].last, done[0].path) if done else None
    text = diff = None
    known: Known = "none"
    part_seq = done[-1].last if done else 0
    if last is not None:
        known = "full" if last.after_known else ("partial" if last.patch else "none")
        if against == "none":
            text = last.after if last.after_known and last.after is not None else None
        elif against == "previous":
            diff = last.patch or _diff(last.before, last.after, last, path)
        elif first is not None:
            diff = _diff(first.before, last.after, last, path) if _is_told(first, last) else None
            known = "full" if diff is not None else "partial"
    return FileView(
        path=path,
        seq=seq,
        against=against,
        life=tuple(life[:_MOST_LIFE]),
        text=None if text is None else cutter.cut(text, part_seq, "after"),
        diff=None if diff is None else cutter.cut(diff, part_seq, "patch"),
        known=known,
        changed_at=done[-1].last if done else None,
        why=_why(reel, seq, last, known, against),
    )


def _body(reading: Reading, reel: Reel, seq: int, path: str) -> bodies.FileChanged | None:
    for event in reading.archive.store.events(reel.session, start=seq, stop=seq + 1):
        if isinstance(event.body, bodies.FileChanged) and path in {event.body.path, event.body.moved_to}:
            return event.body
    return None


def _is_told(first: bodies.FileChanged, last: bodies.FileChanged) -> bool:
    return first.before_known and last.after_known


def _diff(before: str | None, after: str | None, last: bodies.FileChanged, path: str) -> str | None:
    """Gives a unified diff of two texts; an absent file is an empty one."""
    if not (last.after_known or after):
        return None
    old, new = before or "", after or ""
    if len(old) + len(new) > _LONGEST:
        return None
    lines = difflib.unified_diff(
        old.splitlines(keepends=True), new.splitlines(keepends=True), f"a/{path}", f"b/{path}"
    )
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def _why(reel: Reel, seq: int, last: bodies.FileChanged | None, known: Known, against: Against) -> str:
    """Gives what cannot be known, in a sentence."""
    shells = sum(1 for number in reel.shells if number <= seq)
    may = f"{shells} shell commands ran by then; they may have changed more." if shells else ""
    if last is None:
        return f"Nothing is on record that changed this file by step {seq}. {may}".strip()
    if known == "full":
        return may
    if against == "start":
        return f"The text before the first change, or after the last, is not on record. {may}".strip()
    return f"Only the changed lines are on record, not the whole file. {may}".strip()

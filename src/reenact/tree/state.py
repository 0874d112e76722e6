"""The state of a session over time, as columns by position: `at` looks up, it never folds again."""

from __future__ import annotations

from bisect import bisect_right
from typing import Generic, TypeVar

from reenact import usage
from reenact.events import Tokens, bodies
from reenact.events.blocks import PlanItem, Quality
from reenact.tree.context import Context
from reenact.tree.view import FileState, ModelUsage, OpenCall, Setting, UsageSoFar, View

T = TypeVar("T")


class Column(Generic[T]):
    """Values with the position from which each holds."""

    __slots__ = ("seqs", "values")

    def __init__(self) -> None:
        self.seqs: list[int] = []
        self.values: list[T] = []

    def put(self, seq: int, value: T) -> None:
        self.seqs.append(seq)
        self.values.append(value)

    def at(self, seq: int) -> T | None:
        index = bisect_right(self.seqs, seq)
        return self.values[index - 1] if index else None

    def upto(self, seq: int) -> list[T]:
        return self.values[: bisect_right(self.seqs, seq)]


class State:
    """All columns of a session. Grows while the session is folded and stands still afterwards."""

    def __init__(self) -> None:
        self.context = Context()
        self.files = Files()
        self.spent = Spending()
        self.calls = Calls()
        self.settings: Column[Setting] = Column()
        self.plans: Column[tuple[PlanItem, ...]] = Column()
        self.places: Column[tuple[int | None, str | None, str | None]] = Column()
        """(time, loop, turn) of every event."""

    def at(self, seq: int) -> View:
        """Gives the state after the event at `seq`."""
        ts, loop, turn = self.places.at(seq) or (None, None, None)
        plan = bisect_right(self.plans.seqs, seq)
        known = bisect_right(self.places.seqs, seq)
        return View(
            seq=self.places.seqs[known - 1] if known else 0,
            ts=ts,
            loop=loop,
            turn=turn,
            context=self.context.at(seq),
            files=self.files.at(seq),
            plan=self.plans.values[plan - 1] if plan else (),
            plan_seq=self.plans.seqs[plan - 1] if plan else None,
            usage=self.spent.at(seq),
            setting=self.settings.at(seq) or Setting(),
            open_calls=self.calls.at(seq),
        )


class Files:
    """What was done to each file, summed up with every change."""

    def __init__(self) -> None:
        self._changes: Column[FileState] = Column()
        self._latest: dict[str, FileState] = {}

    def change(self, seq: int, body: bodies.FileChanged) -> None:
        """Adds one change; a move also touches the path that it goes to."""
        self._put(seq, body, body.path)
        if body.op == "move" and body.moved_to and body.moved_to != body.path:
            self._put(seq, body, body.moved_to, arrives=True)

    def at(self, seq: int) -> tuple[FileState, ...]:
        return tuple({state.path: state for state in self._changes.upto(seq)}.values())

    def history(self) -> list[FileState]:
        """Gives every file as it was after each of its changes, by position (`last`)."""
        return list(self._changes.values)

    def _put(self, seq: int, body: bodies.FileChanged, path: str, *, arrives: bool = False) -> None:
        old = self._latest.get(path)
        leaves = body.op == "delete" or (body.op == "move" and bool(body.moved_to) and not arrives)
        counted = 0 if arrives else 1  # the lines of a move are counted where it starts
        state = FileState(
            path=path,
            op=body.op,
            ops=(old.ops if old else 0) + 1,
            first=old.first if old else seq,
            last=seq,
            before_known=old.before_known if old else (body.before_known and not arrives),
            after_known=body.after_known and not (leaves and body.op == "move"),
            exists=not leaves,
            plus=(old.plus if old else 0) + (body.plus or 0) * counted,
            minus=(old.minus if old else 0) + (body.minus or 0) * counted,
            is_counted=(old is None or old.is_counted)
            and (arrives or (body.plus is not None and body.minus is not None)),
            moved_to=body.moved_to if leaves else None,
        )
        self._latest[path] = state
        self._changes.put(seq, state)


class Spending:
    """The session's own ledger: each response once, by its best record, summed per model."""

    def __init__(self) -> None:
        self._best: dict[str, bodies.UsageRecorded] = {}
        self._sums: dict[tuple[str | None, bool], _Sum] = {}

    def record(self, seq: int, body: bodies.UsageRecorded) -> None:
        """Adds a record; where its response is known already, the better one of the two holds."""
        old = self._best.get(body.key)
        best = body if old is None else usage.better(old, body)
        if best is old:
            return
        if old is not None:
            self._sum(old).take(seq, old, sign=-1)
        self._best[body.key] = best
        self._sum(best).take(seq, best, sign=1)

    def at(self, seq: int) -> UsageSoFar:
        models: list[ModelUsage] = []
        inherited = Tokens()
        for (model, is_inherited), column in self._sums.items():
            found = column.history.at(seq)
            if found is None or not found.responses:
                continue
            if is_inherited:
                inherited = usage.add(inherited, found.tokens)
            else:
                models.append(
                    ModelUsage(
                        model=model, tokens=found.tokens, responses=found.responses, quality=found.quality
                    )
                )
        models.sort(key=lambda item: item.model or "")
        return UsageSoFar(
            tokens=usage.total(item.tokens for item in models),
            responses=sum(item.responses for item in models),
            quality=usage.worst(item.quality for item in models),
            models=tuple(models),
            inherited=inherited,
        )

    def _sum(self, body: bodies.UsageRecorded) -> _Sum:
        key = body.model, body.inherited
        found = self._sums.get(key)
        if found is None:
            found = self._sums[key] = _Sum(body.model)
        return found


class _Sum:
    """Running sums of one model, with what was told of the parts that not every source tells."""

    def __init__(self, model: str | None) -> None:
        self.model = model
        self.history: Column[ModelUsage] = Column()
        self._sums = [0] * 7
        self._told = [0] * 7
        self._qualities: dict[Quality, int] = {}
        self._responses = 0

    def take(self, seq: int, body: bodies.UsageRecorded, *, sign: int) -> None:
        tokens = body.tokens
        parts = (
            tokens.input, tokens.cache_read, tokens.cache_write, tokens.output,
            tokens.cache_write_5m, tokens.cache_write_1h, tokens.reasoning,
        )  # fmt: skip
        for index, part in enumerate(parts):
            if part is not None:
                self._sums[index] += sign * part
                self._told[index] += sign
        self._qualities[body.quality] = self._qualities.get(body.quality, 0) + sign
        self._responses += sign
        self.history.put(seq, self._snapshot())

    def _snapshot(self) -> ModelUsage:
        sums, told = self._sums, self._told
        tokens = Tokens(
            input=sums[0],
            cache_read=sums[1],
            cache_write=sums[2],
            output=sums[3],
            cache_write_5m=sums[4] if told[4] else None,
            cache_write_1h=sums[5] if told[5] else None,
            reasoning=sums[6] if told[6] else None,
        )
        quality = usage.worst(quality for quality, count in self._qualities.items() if count)
        return ModelUsage(model=self.model, tokens=tokens, responses=self._responses, quality=quality)


class Calls:
    """When each tool call began and ended."""

    def __init__(self) -> None:
        self._begun: Column[OpenCall] = Column()
        self._ends: list[int | None] = []
        self._index: dict[str, int] = {}
        self._early: set[str] = set()

    def begin(self, seq: int, call: str, name: str) -> None:
        if call not in self._index and call not in self._early:
            self._index[call] = len(self._ends)
            self._begun.put(seq, OpenCall(call=call, name=name, seq=seq))
            self._ends.append(None)

    def end(self, seq: int, call: str) -> None:
        index = self._index.get(call)
        if index is None:
            self._early.add(call)
        elif self._ends[index] is None:
            self._ends[index] = seq

    def at(self, seq: int) -> tuple[OpenCall, ...]:
        begun = self._begun.upto(seq)
        return tuple(call for call, end in zip(begun, self._ends, strict=False) if end is None or end > seq)

"""Finds the loop and the turn that an event belongs to, and opens those that are not there yet."""

from __future__ import annotations

from collections.abc import Callable

from reenact.events import Event
from reenact.tree.growing import GrowingLoop, GrowingTurn
from reenact.tree.lineage import Node
from reenact.tree.model import Trigger

Enter = Callable[[Event, Node], None]


class Placing:
    """All loops and turns of a session, and which of them are current."""

    def __init__(self, enter: Enter, *, is_subagent: bool) -> None:
        self.loops: dict[str, GrowingLoop] = {}
        self.current: GrowingLoop | None = None
        self._enter = enter
        self._is_subagent = is_subagent
        self._turns: dict[tuple[str, str], GrowingTurn] = {}
        self._turn_home: dict[str, GrowingLoop] = {}
        self._by_response: dict[str, GrowingTurn] = {}
        """Provider's message id or exchange → the turn it is the response of."""

    def loop_of(self, event: Event, *, opens: bool) -> GrowingLoop | None:
        """Gives the loop that an event names or falls into; None where there is none yet."""
        if event.loop is not None:
            loop = self.loops.get(event.loop)
            self.current = loop if loop is not None else self._open_loop(event.loop, event.seq)
            return self.current
        if event.turn is not None and event.turn in self._turn_home:
            return self._turn_home[event.turn]
        if self.current is None and opens:
            self.current = self._open_loop(event.id, event.seq)
        return self.current

    def loop_to_talk(self, event: Event) -> GrowingLoop:
        """Gives the loop of something said or done by model or tool; opens one where there is none."""
        loop = self.loop_of(event, opens=True)
        assert loop is not None
        return loop

    def loop_of_prompt(self, event: Event) -> GrowingLoop:
        """Gives the loop that a person's message belongs to.

        That is a new one, unless its source tells otherwise or the current one has not been asked
        anything yet.
        """
        current = self.current
        is_asked = current is None or (
            not current.is_explicit and (bool(current.turns) or current.prompt_seq is not None)
        )
        if event.loop is None and event.turn not in self._turn_home and is_asked:
            self.current = self._open_loop(event.id, event.seq)
            return self.current
        return self.loop_to_talk(event)

    def start_loop(self, event: Event) -> GrowingLoop:
        """Gives the loop whose begin is told."""
        loop_id = event.loop or event.id
        self.current = self.loops.get(loop_id) or self._open_loop(loop_id, event.seq)
        return self.current

    def end_loop(self, loop: GrowingLoop) -> None:
        """Leaves a loop whose end is told; what goes on is the loop that it was part of, if any."""
        loop.is_explicit = False
        loop.current = None
        if self.current is loop:
            parent = self.loops.get(loop.parent) if loop.parent else None
            self.current = parent if parent is not None and parent.is_explicit else None

    def turn_named(
        self, event: Event, loop: GrowingLoop, *, trigger: Trigger | None = None
    ) -> GrowingTurn | None:
        """Gives the turn that an event names, if it names one."""
        if event.turn is None:
            return None
        return (
            self._turns.get((loop.id, event.turn))
            or self._adopt(loop, event.turn, trigger)
            or self.open_turn(event, loop, event.turn, trigger=trigger)
        )

    def _adopt(self, loop: GrowingLoop, name: str, trigger: Trigger | None) -> GrowingTurn | None:
        """Gives the name of a turn to the one that its request opened, where nothing was said since."""
        turn = loop.current
        if turn is None or turn.is_named or turn.has_spoken:
            return None
        turn.id, turn.is_named, turn.trigger = name, True, trigger or turn.trigger
        self._turns[loop.id, name] = turn
        self._turn_home[name] = loop
        return turn

    def turn_of_output(self, event: Event, *keys: str | None, asks: bool = False) -> GrowingTurn:
        """Gives the turn of something a model was asked or said; `keys` name its response.

        Without a name, what a model says joins the current turn until a result, a person's word or
        another response comes between. With `asks` it is a request: that starts a turn of its own
        once the current one has said anything.
        """
        known = next((self._by_response[key] for key in keys if key in self._by_response), None)
        turn = known
        if turn is None:
            loop = self.loop_to_talk(event)
            turn = self.turn_named(event, loop)
            if turn is None:
                turn = loop.current
                if turn is None or self._is_over(turn, keys, asks=asks):
                    turn = self.open_turn(event, loop, next(filter(None, keys), event.id))
                    turn.is_named = not asks
        for key in keys:
            if key is not None:
                self._by_response.setdefault(key, turn)
        return turn

    def turn_of_response(self, key: str) -> GrowingTurn | None:
        return self._by_response.get(key)

    def open_turn(
        self,
        event: Event,
        loop: GrowingLoop,
        turn_id: str,
        *,
        trigger: Trigger | None = None,
        human: bool = False,
    ) -> GrowingTurn:
        turn = GrowingTurn(turn_id, loop, event.seq, trigger or self._trigger(loop))
        loop.trigger = None
        loop.turns.append(turn)
        loop.current = turn
        self._turns[loop.id, turn_id] = turn
        self._turn_home[turn_id] = loop
        turn.node.is_prompt = human
        turn.node.is_talk = human or not hasattr(event.body, "exchange") or hasattr(event.body, "blocks")
        self._enter(event, turn.node)
        return turn

    @staticmethod
    def _is_over(turn: GrowingTurn, keys: tuple[str | None, ...], *, asks: bool) -> bool:
        has_spoken = bool(turn.messages) or turn.has_spoken
        if turn.is_explicit:
            return asks and has_spoken
        if turn.is_closed:
            return True
        return has_spoken and (asks or (bool(turn.messages) and keys[0] is not None))

    def _trigger(self, loop: GrowingLoop) -> Trigger:
        if loop.trigger is not None:
            return loop.trigger
        if loop.turns:
            return "continuation"
        return "sub_agent" if self._is_subagent else "user" if loop.prompt_seq is not None else "continuation"

    def _open_loop(self, loop_id: str, seq: int) -> GrowingLoop:
        loop = GrowingLoop(loop_id, seq)
        if not self.loops:
            loop.continuation = "initial"
        self.loops[loop_id] = loop
        return loop

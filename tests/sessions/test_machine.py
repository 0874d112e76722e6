"""Live sessions against a plain model of them: thousands of random steps, no difference.

The model knows nothing of events: a chat is a list of messages, and a list of what that list once was.
`REENACT_STEPS` says how many steps are taken.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from tests.recorder.rooms import archive_in
from tests.sessions.elsewhere import Elsewhere

from reenact.archive import Archive
from reenact.errors import UnpairedError
from reenact.events import blocks
from reenact.sessions import LiveSession

STEPS = int(os.environ.get("REENACT_STEPS", "2000"))
EACH = 50
Said = tuple[str, str]
"""Role and text; of a call `asks` and its name, of a result `tells` and the call's."""


class Moment(NamedTuple):
    """What a chat was: a copy of all that there is to it."""

    said: list[Said]
    log: list[Said]
    compactions: list[tuple[list[Said], int]] | None


class Chat:
    """One session, as plainly as can be."""

    def __init__(self, said: list[Said]) -> None:
        self.said = said
        self.log: list[Said] = list(said)
        self.moments: dict[int, Moment] = {}
        self.compactions: list[tuple[list[Said], int]] | None = []
        """What there was before each, and how much had ever been said by then; None: nobody knows."""
        self.is_open = True

    def moment(self) -> Moment:
        compactions = None if self.compactions is None else list(self.compactions)
        return Moment(list(self.said), list(self.log), compactions)

    def become(self, moment: Moment) -> None:
        self.said, self.log = list(moment.said), list(moment.log)
        self.compactions = None if moment.compactions is None else list(moment.compactions)

    def add(self, said: Said) -> None:
        self.said = [*self.said, said]
        self.log.append(said)

    def parted(self, cut: int) -> set[str]:
        """The calls before a cut whose results are behind it."""
        asked = {text for role, text in self.said[:cut] if role == "asks"}
        return {text for role, text in self.said[cut:] if role == "tells" and text in asked}

    def without_calls(self, calls: set[str], said: list[Said]) -> list[Said]:
        return [each for each in said if not (each[0] in {"asks", "tells"} and each[1] in calls)]


def like(live: LiveSession) -> list[Said]:
    found: list[Said] = []
    for message in live.messages():
        if message.is_summary:
            found.append(("summary", message.text))
        elif message.calls:
            found.append(("asks", message.calls[0]))
        elif message.results:
            found.append(("tells", message.results[0]))
        else:
            found.append((message.role, message.text))
    return found


WAYS = st.sampled_from(["error", "include", "drop"])
COUNTS = st.integers(0, 6)
PICK = st.integers(0, 10**6)


class Machine(RuleBasedStateMachine):
    """All that can be done to live sessions, done to both."""

    elsewhere: Elsewhere

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.stack = ExitStack()
        self.archive: Archive = self.stack.enter_context(archive_in(self.folder))
        self.archive.live().cap = 2
        self.chats: dict[str, Chat] = {}
        self.lives: dict[str, LiveSession] = {}
        self.number = 0
        self.begin()

    def teardown(self) -> None:
        for name in self.chats:
            self.same(name)
        self.stack.close()
        shutil.rmtree(self.folder)

    # -- what every step does ------------------------------------------------------------------

    def pick(self, at: int) -> tuple[str, LiveSession, Chat]:
        name = list(self.chats)[at % len(self.chats)]
        live, chat = self.lives[name], self.chats[name]
        if not chat.is_open:
            live = self.lives[name] = self.archive.live().open(name)
            chat.is_open = True
        return name, live, chat

    def same(self, name: str) -> None:
        live, chat = self.lives[name], self.chats[name]
        assert like(live) == chat.said
        assert live.length() == len(chat.said)
        chat.moments[live.context().own] = chat.moment()

    def fresh(self) -> str:
        self.number += 1
        return f"n{self.number}"

    # -- adding --------------------------------------------------------------------------------

    @precondition(lambda self: len(self.chats) < 6)
    @rule()
    def begin(self) -> None:
        name = self.fresh()
        self.lives[name], self.chats[name] = self.archive.live().open(name), Chat([])
        self.same(name)

    @rule(at=PICK, role=st.sampled_from(["user", "assistant", "system"]))
    def inject(self, at: int, role: str) -> None:
        name, live, chat = self.pick(at)
        word = self.fresh()
        live.inject(role, word)
        chat.add((role, word))
        self.same(name)

    @rule(at=PICK, role=st.sampled_from(["user", "assistant"]))
    def say(self, at: int, role: Any) -> None:
        name, live, chat = self.pick(at)
        word = self.fresh()
        live.message(role, word)
        chat.add((role, word))
        self.same(name)

    @rule(at=PICK, between=st.booleans())
    def use_tool(self, at: int, between: bool) -> None:
        name, live, chat = self.pick(at)
        call, word = self.fresh(), self.fresh()
        live.inject("assistant", [blocks.ToolCall(call=call, name="t")])
        chat.add(("asks", call))
        if between:
            live.inject("assistant", word)
            chat.add(("assistant", word))
        live.inject("tool", "x" * 3000, call=call)
        chat.add(("tells", call))
        self.same(name)

    # -- editing -------------------------------------------------------------------------------

    @rule(at=PICK, count=COUNTS, way=WAYS)
    def trim(self, at: int, count: int, way: Any) -> None:
        name, live, chat = self.pick(at)
        start = max(0, len(chat.said) - count)
        parted = chat.parted(start)
        if parted and way == "error":
            with pytest.raises(UnpairedError):
                live.trim(count, on_unpaired=way)
            return
        while way == "include" and chat.parted(start):
            start -= 1
        kept = chat.said[start:]
        if way == "drop":
            kept = chat.without_calls(parted, kept)
        assert live.trim(count, on_unpaired=way) == len(kept)
        chat.said = kept
        self.same(name)

    @rule(at=PICK)
    def reset(self, at: int) -> None:
        name, live, chat = self.pick(at)
        live.reset()
        chat.said = []
        self.same(name)

    @rule(at=PICK, keep=st.integers(0, 4), strategy=st.sampled_from(["truncate", "mask"]))
    def compact(self, at: int, keep: int, strategy: Any) -> None:
        name, live, chat = self.pick(at)
        before = chat.said
        told = live.compact(strategy, keep_last=keep)
        head = 0
        while head < len(before) and before[head][0] == "system":
            head += 1
        after = like(live)
        assert told.is_done == (after != before)
        if len(before) <= head + keep:
            assert after == before
        if told.is_done:
            place = next(n for n, each in enumerate(after) if each[0] == "summary" and each not in before[:n])
            head_kept, kept = after[:place], after[place + 1 :]
            assert head_kept == before[:place]
            assert place == head
            assert kept == (before[len(before) - len(kept) :])
            assert len(kept) >= keep or chat.parted(len(before) - keep)
            assert not chat.parted(len(before) - len(kept))
            archived = before[place : len(before) - len(kept)]
            assert after[place][1].startswith(f"[{len(archived)} earlier messages,")
            if [role for role, _ in archived] == ["summary"]:
                assert len(after[place][1]) <= len(archived[0][1]) / 2
            if chat.compactions is not None:
                chat.compactions.append((before, len(chat.log)))
        chat.said = after
        self.same(name)

    @rule(at=PICK)
    def restore(self, at: int) -> None:
        name, live, chat = self.pick(at)
        if chat.compactions is None:
            return
        if not chat.compactions:
            assert not live.restore()
            self.same(name)
            return
        before, length = chat.compactions.pop()
        assert live.restore()
        chat.said = [*before, *chat.log[length:]]
        self.same(name)

    @rule(at=PICK, moment=PICK)
    def revert(self, at: int, moment: int) -> None:
        name, live, chat = self.pick(at)
        seq = sorted(chat.moments)[moment % len(chat.moments)]
        chat.become(chat.moments[seq])  # and what was left behind does not come back with originals
        assert live.revert(seq) == len(chat.said)
        self.same(name)

    # -- lineage -------------------------------------------------------------------------------

    @precondition(lambda self: len(self.chats) < 8)
    @rule(at=PICK, count=COUNTS, way=WAYS)
    def fork_behind(self, at: int, count: int, way: Any) -> None:
        _, live, chat = self.pick(at)
        cut = min(count, len(chat.said))
        parted = chat.parted(cut)
        fresh = self.fresh()
        if parted and way == "error":
            with pytest.raises(UnpairedError):
                live.fork_at(messages=count, id=fresh, on_unpaired=way)
            return
        while way == "include" and chat.parted(cut):
            cut += 1
        kept = chat.said[:cut]
        if way == "drop":
            kept = chat.without_calls(parted, kept)
        self.lives[fresh] = live.fork_at(messages=count, id=fresh, on_unpaired=way)
        self.chats[fresh] = Chat(kept)
        self.chats[fresh].compactions = None
        self.same(fresh)

    @precondition(lambda self: len(self.chats) < 8)
    @rule(at=PICK, moment=PICK)
    def fork_at_moment(self, at: int, moment: int) -> None:
        name, live, chat = self.pick(at)
        seq = sorted(chat.moments)[moment % len(chat.moments)]
        fresh = self.fresh()
        try:
            self.lives[fresh] = live.fork_at(seq, id=fresh)
        except UnpairedError:
            said = chat.moments[seq].said
            told = {text for role, text in said if role == "tells"}
            assert any(role == "asks" and text not in told for role, text in chat.log), name
            return
        self.chats[fresh] = Chat([])
        self.chats[fresh].become(chat.moments[seq])
        self.same(fresh)

    # -- closing -------------------------------------------------------------------------------

    @rule(at=PICK)
    def close(self, at: int) -> None:
        name, live, chat = self.pick(at)
        live.close()
        chat.is_open = False
        self.same(name)

    @rule(at=PICK)
    def rest(self, at: int) -> None:
        name, live, _ = self.pick(at)
        live.rest()
        self.same(name)

    @rule()
    def reopen_the_archive(self) -> None:
        self.stack.close()
        self.archive = self.stack.enter_context(archive_in(self.folder))
        self.archive.live().cap = 2
        for name, chat in self.chats.items():
            chat.is_open = False
            self.lives[name] = self.archive.live().read(name)
            self.same(name)

    @rule(at=PICK, held=st.booleans())
    def let_another_process_write(self, at: int, held: bool) -> None:
        name, live, chat = self.pick(at)
        if held:
            live.inject("user", word := self.fresh())
            chat.add(("user", word))
            assert self.elsewhere.ask(self.folder, "read", name) == {"ok": len(chat.said)}
            return
        live.close()
        chat.is_open = False
        word = self.fresh()
        assert self.elsewhere.ask(self.folder, "add", name, "user", word) == {"ok": len(chat.said) + 1}
        chat.add(("user", word))
        self.same(name)


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    process = Elsewhere()
    yield process
    process.leave()


def test_live_sessions_are_what_the_model_says(elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("fsync", "fdatasync"):  # only the death of the machine would ask for these
        monkeypatch.setattr(os, name, lambda _: None)
    Machine.elsewhere = elsewhere
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=max(STEPS // EACH, 1),
            stateful_step_count=EACH,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

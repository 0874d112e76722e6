"""What Codex is made to do for the tests; each story shows one thing that its transcripts can hold."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.clients import app_server, run
from tests.clients.responses import COMPACTION
from tests.clients.script import Call, Cut, Refuse, Say, Talk, Usage
from tests.clients.stage import Story
from tests.clients.stories_samples import FILES

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.clients.stage import Stage

    Play = Callable[[Stage], None]

TEAM = "collaboration"
LONG = "This answer is long enough to be cut somewhere in the middle of a sentence that never ends."


def _story(name: str, talks: tuple[Talk, ...], play: Play) -> Story:
    return Story(name=name, agent="codex", project="todo", files=FILES, talks=lambda _: talks, play=play)


def _plain(stage: Stage) -> None:
    stage.codex("Say hello to the todo list.")


HELLO = Talk(says="Say hello to the todo list.", answers=(Say(text="Hello, todo list: nothing is due."),))
PLAIN = _story("plain", (HELLO,), _plain)


def _shell(command: str, *, early: bool = False) -> Call:
    if early:
        return Call(name="shell", input={"command": ["bash", "-lc", command]})
    return Call(name="exec_command", input={"cmd": command})


PATCH = """\
*** Begin Patch
*** Update File: todo/store.py
@@
-        return [t for t in self.all() if t["due"] and t["due"] <= today and not t["done"]]
+        return [t for t in self.all() if t["due"] and t["due"] < today and not t["done"]]
*** Add File: notes.txt
+today is not overdue – naïve ☀
*** End Patch
"""
BAD_PATCH = "*** Begin Patch\n*** Update File: absent.py\n@@\n-a\n+b\n*** End Patch\n"


def _tools(*, early: bool) -> Story:
    plan = [{"step": "read", "status": "completed"}, {"step": "mend", "status": "in_progress"}]
    talks = Talk(
        says="Mend the store and leave a note.",
        answers=(
            Say(
                thinking="Read it, then list the tests.",
                text="I will look first.",
                calls=(_shell("cat todo/store.py", early=early), _shell("ls tests", early=early)),
            ),
            Say(calls=(_shell("python3 missing.py", early=early),)),
            Say(calls=(Call(name="update_plan", input={"plan": plan}),)),
            Say(text="Now the change.", calls=(Call(name="apply_patch", input=PATCH),)),
            Say(calls=(Call(name="apply_patch", input=BAD_PATCH),)),
            Say(calls=(Call(name="no_such_tool", input={"x": 1}),)),
            Say(text="The store is mended and notes.txt says so."),
        ),
    )
    return _story("tools", (talks,), lambda stage: _codex(stage, "Mend the store and leave a note."))


def _codex(stage: Stage, prompt: str, *arguments: str) -> None:
    stage.codex(prompt, *arguments)


NUMBERS = (
    Talk(says="Remember the number forty-one.", answers=(Say(text="I will remember forty-one."),)),
    Talk(says="Add one to it.", answers=(Say(text="That makes forty-two."),)),
)


def _resume_play(stage: Stage) -> None:
    thread = stage.codex("Remember the number forty-one.")
    stage.codex("Add one to it.", "resume", thread)


RESUME = _story("resume", NUMBERS, _resume_play)


def _fork_play(stage: Stage) -> None:
    thread = stage.codex("Remember the number forty-one.")
    stage.codex("Add one to it.", "resume", thread)
    fork = stage.codex("Take one away instead.", "fork", thread)
    stage.forked(fork, thread)
    stage.codex("And halve it.", "resume", fork)
    again = stage.codex("Say it in words.", "fork", fork)
    stage.forked(again, fork)
    stage.codex("Double the first.", "resume", thread)


FORK = _story(
    "resume-fork",
    (
        *NUMBERS,
        Talk(
            says="Take one away instead.",
            answers=(Say(calls=(_shell("expr 41 - 1"),)), Say(text="That makes forty.")),
        ),
        Talk(says="And halve it.", answers=(Say(text="Twenty is half of it."),)),
        Talk(says="Say it in words.", answers=(Say(text="Twenty, in words."),)),
        Talk(says="Double the first.", answers=(Say(text="Eighty-four is the double."),)),
    ),
    _fork_play,
)


def _fork_by_server(stage: Stage) -> None:
    thread = stage.codex("Remember the number forty-one.")
    stage.codex("Add one to it.", "resume", thread)
    prompt = "Take one away instead."
    fork = app_server.fork(stage.machine, stage.client, thread, prompt)
    stage.prompts[fork] = [prompt]
    stage.forked(fork, thread)


FORK_BY_COPY = _story(
    "fork-by-copy",
    (*NUMBERS, Talk(says="Take one away instead.", answers=(Say(text="That makes forty."),))),
    _fork_by_server,
)


def _migrate_play(stage: Stage) -> None:
    _resume_play(stage)
    done = run.codex_command(stage.machine, "migrate-rollouts", "--apply", "--json", client="codex-0.169.0")
    assert done.code == 0, done.stderr


MIGRATED = _story("migrated", NUMBERS, _migrate_play)

TASK = "Tell me what todo/store.py does."


def _subagent(name: str, *, fork_turns: str | None) -> Story:
    how = {"fork_turns": fork_turns} if fork_turns else {}
    spawn = Call(name="spawn_agent", namespace=TEAM, input={"message": TASK, "task_name": "reader", **how})
    wait = Call(name="wait_agent", namespace=TEAM, input={"timeout_ms": 20000})
    return _story(
        name,
        (
            Talk(
                says="Ask a helper what the store does.",
                lane="main",
                answers=(
                    Say(text="I will ask.", calls=(spawn,)),
                    Say(calls=(wait,)),
                    Say(text="The helper says: it keeps tasks in a JSON file."),
                ),
            ),
            Talk(
                says=TASK,
                lane="sub",
                answers=(
                    Say(calls=(_shell("cat todo/store.py"),)),
                    Say(text="It keeps tasks in a JSON file and finds overdue ones."),
                ),
            ),
        ),
        lambda stage: _codex(stage, "Ask a helper what the store does.", "--enable", "multi_agent_v2"),
    )


def _early_subagent(name: str, *, fork_context: bool) -> Story:
    """Before there was a team: the helper is waited for with a sleep, its id being unknown to the script."""
    how = {"fork_context": True} if fork_context else {}
    wait = Call(name="exec_command", input={"cmd": "sleep 4; echo waited", "yield_time_ms": 10000})
    return _story(
        name,
        (
            Talk(
                says="Ask a helper what the store does.",
                lane="main",
                answers=(
                    Say(
                        text="I will ask.", calls=(Call(name="spawn_agent", input={"message": TASK, **how}),)
                    ),
                    Say(calls=(wait,)),
                    Say(text="The helper says: it keeps tasks in a JSON file."),
                ),
            ),
            Talk(
                says=TASK,
                lane="sub",
                answers=(
                    Say(calls=(_shell("cat todo/store.py"),)),
                    Say(text="It keeps tasks in a JSON file and finds overdue ones."),
                ),
            ),
        ),
        lambda stage: _codex(stage, "Ask a helper what the store does."),
    )


def _full_play(stage: Stage) -> None:
    thread = stage.codex("Fill the context.", settings={"model_auto_compact_token_limit": "50000"})
    stage.codex("Go on where we were.", "resume", thread)


FULL = _story(
    "autocompact",
    (
        Talk(says=COMPACTION, lane="side", answers=(Say(text="Summary: the readme was read."),)),
        Talk(
            says="Fill the context.",
            answers=(
                Say(
                    text="Reading.",
                    calls=(_shell("cat README.md"),),
                    usage=Usage(input=20, cache_read=50_000, cache_write_5m=9_000, output=60, reasoning=7),
                ),
            ),
        ),
        Talk(says="Summary: the readme was read.", answers=(Say(text="Gone on after the summary."),)),
        Talk(says="Go on where we were.", answers=(Say(text="And gone on once more."),)),
    ),
    _full_play,
)

SLOW = (
    Talk(
        says="Think for a very long time.",
        answers=(
            Say(text="First a look.", calls=(_shell("cat README.md"),)),
            Cut(say=Say(text=LONG), keep=40, how="hang"),
        ),
    ),
)


def _interrupt_play(stage: Stage) -> None:
    stage.codex("Think for a very long time.", interrupt=signal.SIGINT, code=1)


def _kill_play(stage: Stage) -> None:
    stage.codex("Think for a very long time.", interrupt=signal.SIGKILL, code=-signal.SIGKILL)


INTERRUPT = _story("interrupt", SLOW, _interrupt_play)
KILL = _story("killed", SLOW, _kill_play)


def _archive_play(stage: Stage) -> None:
    gone = stage.codex("Say hello to the todo list.")
    stage.codex("Remember the number forty-one.")
    done = run.codex_command(stage.machine, "archive", gone, client=stage.client)
    assert done.code == 0, done.stderr


ARCHIVE = _story("archive", (HELLO, NUMBERS[0]), _archive_play)

REFUSED = _story(
    "api-error",
    (
        Talk(
            says="Ask for the impossible.",
            answers=(Refuse(status=400, kind="invalid_request_error", message="That cannot be asked."),),
        ),
    ),
    lambda stage: _fails(stage, "Ask for the impossible."),
)
LIMIT = _story(
    "usage-limit",
    (
        Talk(
            says="Ask once too often.",
            answers=(
                Say(calls=(_shell("ls"),)),
                Refuse(status=429, kind="usage_limit_reached", message="The limit of your plan is reached."),
            ),
        ),
    ),
    lambda stage: _fails(stage, "Ask once too often."),
)


def _fails(stage: Stage, prompt: str) -> None:
    stage.codex(prompt, code=1)


DROP = _story(
    "dropped-stream",
    (
        Talk(
            says="Answer over a bad line.",
            answers=(Cut(say=Say(text=LONG)), Say(text="The second try came through.")),
        ),
    ),
    lambda stage: _codex(stage, "Answer over a bad line."),
)


def _mcp_play(stage: Stage) -> None:
    server = stage.machine.home / "lines.py"
    server.write_text((Path(__file__).parent / "mcp_server.py").read_text(encoding="utf-8"), encoding="utf-8")
    settings = {
        "mcp_servers.lines.command": json.dumps(sys.executable),
        "mcp_servers.lines.args": json.dumps([str(server)]),
    }
    stage.codex("Count lines with the server.", settings=settings)


MCP = _story(
    "mcp",
    (
        Talk(
            says="Count lines with the server.",
            answers=(
                Say(calls=(Call(name="count_lines", namespace="mcp__lines", input={"path": "README.md"}),)),
                Say(calls=(Call(name="count_lines", namespace="mcp__lines", input={"path": "absent.md"}),)),
                Say(text="Three lines, and one file is missing."),
            ),
        ),
    ),
    _mcp_play,
)


def _switch_play(stage: Stage) -> None:
    thread = stage.codex("Begin with the large model.")
    stage.codex("Go on with the small model.", "resume", "-m", "gpt-5.3-codex", thread)


SWITCH = _story(
    "model-switch",
    (
        Talk(says="Begin with the large model.", answers=(Say(text="Begun with the large one."),)),
        Talk(says="Go on with the small model.", answers=(Say(text="Gone on with the small one."),)),
    ),
    _switch_play,
)

NEWEST = (
    PLAIN, _tools(early=False), RESUME, FORK, _subagent("subagent", fork_turns="none"),
    _subagent("subagent-fork-context", fork_turns=None), FULL, INTERRUPT, KILL, ARCHIVE, REFUSED, LIMIT, DROP, MCP,
    SWITCH,
)  # fmt: skip
MIDDLE = (
    PLAIN, _tools(early=False), RESUME, FORK_BY_COPY, _early_subagent("subagent", fork_context=False),
    _early_subagent("subagent-fork-context", fork_context=True), MIGRATED,
)  # fmt: skip
EARLY = (PLAIN, _tools(early=True), RESUME)

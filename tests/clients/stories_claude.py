"""What Claude Code is made to do for the tests; each story shows one thing that its transcripts can hold."""

from __future__ import annotations

import base64
import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.clients.messages import COMPACTION
from tests.clients.script import Call, Cut, Refuse, Say, Talk, Usage
from tests.clients.stage import Story
from tests.clients.stories_samples import FILES

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.clients.run import Machine
    from tests.clients.stage import Stage

    Talks = Callable[[Machine], tuple[Talk, ...]]
    Play = Callable[[Stage], None]

# One red dot, the smallest file a client accepts as an image.
DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)


def _story(name: str, talks: Talks, play: Play) -> Story:
    return Story(name=name, agent="claude", project="todo", files=FILES, talks=talks, play=play)


def _bash(command: str, why: str = "Run it") -> Call:
    return Call(name="Bash", input={"command": command, "description": why})


def _read(machine: Machine, name: str) -> Call:
    return Call(name="Read", input={"file_path": str(machine.cwd / name)})


def _write(machine: Machine, name: str, text: str) -> Call:
    return Call(name="Write", input={"file_path": str(machine.cwd / name), "content": text})


def _agent(task: str, *, tool: str, background: bool | None = None) -> Call:
    how = {} if background is None else {"run_in_background": background}
    about = {"description": "Look around", "prompt": task, "subagent_type": "general-purpose"}
    return Call(name=tool, input={**about, **how})


def _one(prompt: str, *answers: Say | Refuse | Cut) -> Talks:
    return lambda _: (Talk(says=prompt, answers=answers),)


def _plain_play(stage: Stage) -> None:
    stage.claude("Say hello to the todo list.")


PLAIN = _story(
    "plain", _one("Say hello to the todo list.", Say(text="Hello, todo list: nothing is due.")), _plain_play
)


def _tools_talks(machine: Machine) -> tuple[Talk, ...]:
    change = {
        "file_path": str(machine.cwd / "todo/store.py"),
        "old_string": '"due"] <= today',
        "new_string": '"due"] < today',
    }
    return (
        Talk(
            says="Mend the store and leave a note.",
            answers=(
                Say(
                    thinking="Two files to look at, and a listing.",
                    text="I will look at both files first.",
                    calls=(_read(machine, "todo/store.py"), _read(machine, "README.md"), _bash("ls tests")),
                ),
                Say(calls=(_bash("python3 missing.py", "Run a script that is not there"),)),
                Say(text="That script does not exist.", calls=(Call(name="Edit", input=change),)),
                Say(calls=(_write(machine, "notes.txt", "today is not overdue – naïve ☀\n"),)),
                Say(text="The store is mended and notes.txt says so."),
            ),
        ),
    )


def _tools_play(stage: Stage) -> None:
    stage.claude("Mend the store and leave a note.")


TOOLS = _story("tools", _tools_talks, _tools_play)


def _subagent(tool: str) -> Story:
    def talks(machine: Machine) -> tuple[Talk, ...]:
        background = False if tool == "Agent" else None
        return (
            Talk(
                says="Ask a helper what the store does.",
                answers=(
                    Say(
                        text="I will ask.",
                        calls=(_agent("Tell me what todo/store.py does.", tool=tool, background=background),),
                    ),
                    Say(text="The helper says: it keeps tasks in a JSON file."),
                ),
            ),
            Talk(
                says="Tell me what todo/store.py does.",
                lane="sub",
                answers=(
                    Say(calls=(_read(machine, "todo/store.py"),)),
                    Say(text="It keeps tasks in a JSON file and finds overdue ones."),
                ),
            ),
        )

    return _story("subagent", talks, lambda stage: _claude(stage, "Ask a helper what the store does."))


def _claude(stage: Stage, prompt: str, *options: str) -> None:
    stage.claude(prompt, *options)


def _parallel_talks(machine: Machine) -> tuple[Talk, ...]:
    tasks = ("Read the readme and say its title.", "Count the tests and say how many.")
    spawned = tuple(_agent(task, tool="Agent", background=False) for task in tasks)
    return (
        Talk(
            says="Ask two helpers at once.",
            answers=(Say(text="Two helpers.", calls=spawned), Say(text="Title: todo. Tests: two.")),
        ),
        Talk(
            says=tasks[0],
            lane="sub",
            answers=(Say(calls=(_read(machine, "README.md"),)), Say(text="The title is todo.")),
        ),
        Talk(
            says=tasks[1],
            lane="sub",
            answers=(
                Say(calls=(_bash("grep -c 'def test' tests/test_store.py"),)),
                Say(text="There are two tests."),
            ),
        ),
    )


PARALLEL = _story(
    "subagents-parallel", _parallel_talks, lambda stage: _claude(stage, "Ask two helpers at once.")
)


def _background_talks(machine: Machine) -> tuple[Talk, ...]:
    task = "Look through the tests in your own time."
    return (
        Talk(
            says="Let a helper look through the tests in the background.",
            answers=(
                Say(text="Started.", calls=(_agent(task, tool="Agent", background=True),)),
                Say(text="The helper is at work; I will report when it is done."),
            ),
        ),
        Talk(says="Two tests, both about dates.", answers=(Say(text="It is done: two tests about dates."),)),
        Talk(
            says=task,
            lane="sub",
            answers=(
                Say(calls=(_bash("sleep 1; grep -c 'def test' tests/test_store.py"),)),
                Say(text="Two tests, both about dates."),
            ),
        ),
    )


BACKGROUND = _story(
    "subagent-background",
    _background_talks,
    lambda stage: _claude(stage, "Let a helper look through the tests in the background."),
)


def _resume_talks(machine: Machine) -> tuple[Talk, ...]:
    del machine
    return (
        Talk(says="Remember the number forty-one.", answers=(Say(text="I will remember forty-one."),)),
        Talk(says="Add one to it.", answers=(Say(text="That makes forty-two."),)),
    )


def _resume_play(stage: Stage) -> None:
    session = stage.claude("Remember the number forty-one.")
    resumed = stage.claude("Add one to it.", "--resume", session)
    if resumed != session:  # 1.0.30 goes on in a copy
        stage.forked(resumed, session)


RESUME = _story("resume", _resume_talks, _resume_play)


def _fork_talks(machine: Machine) -> tuple[Talk, ...]:
    return (
        *_resume_talks(machine),
        Talk(
            says="Take one away instead.",
            answers=(Say(calls=(_bash("expr 41 - 1"),)), Say(text="That makes forty.")),
        ),
        Talk(says="And halve it.", answers=(Say(text="Twenty is half of it."),)),
        Talk(says="Double the first.", answers=(Say(text="Eighty-four is the double."),)),
    )


def _fork_play(stage: Stage) -> None:
    session = stage.claude("Remember the number forty-one.", "--name", "Numbers")
    stage.claude("Add one to it.", "--resume", session)
    fork = stage.claude("Take one away instead.", "--resume", session, "--fork-session")
    stage.forked(fork, session)
    stage.claude("And halve it.", "--resume", fork)
    stage.claude("Double the first.", "--resume", session)


FORK = _story("resume-fork", _fork_talks, _fork_play)


def _switch_talks(machine: Machine) -> tuple[Talk, ...]:
    del machine
    return (
        Talk(says="Begin with the large model.", answers=(Say(text="Begun with the large one."),)),
        Talk(says="Go on with the small model.", answers=(Say(text="Gone on with the small one."),)),
    )


def _switch_play(stage: Stage) -> None:
    session = stage.claude("Begin with the large model.", "--model", "claude-opus-5-5")
    stage.claude("Go on with the small model.", "--resume", session, "--model", "claude-sonnet-5")


SWITCH = _story("model-switch", _switch_talks, _switch_play)


def _compact_talks(machine: Machine) -> tuple[Talk, ...]:
    return (
        Talk(
            says="Read the store.",
            answers=(Say(calls=(_read(machine, "todo/store.py"),)), Say(text="I have read the store.")),
        ),
        Talk(
            says=COMPACTION,
            lane="side",
            answers=(Say(text="<summary>We read the store; nothing is open.</summary>"),),
        ),
        Talk(says="What did we do?", answers=(Say(text="We read the store before the break."),)),
    )


def _compact_play(stage: Stage) -> None:
    session = stage.claude("Read the store.")
    stage.claude("/compact", "--resume", session)
    stage.claude("What did we do?", "--resume", session)


COMPACT = _story("compact", _compact_talks, _compact_play)


def _spilled_talks(machine: Machine) -> tuple[Talk, ...]:
    del machine
    return (
        Talk(
            says="Print the whole log.",
            answers=(
                Say(calls=(_bash("seq -f 'line %05g of a long log' 1 1300", "Print the log"),)),
                Say(text="The log has thirteen hundred lines."),
            ),
        ),
    )


SPILLED = _story("spilled-output", _spilled_talks, lambda stage: _claude(stage, "Print the whole log."))


def _denied_talks(machine: Machine) -> tuple[Talk, ...]:
    return (
        Talk(
            says="Write a file you may not write.",
            answers=(
                Say(calls=(_write(machine, "secret.txt", "no\n"),)),
                Say(text="I was not allowed to write it."),
            ),
        ),
    )


def _denied_play(stage: Stage) -> None:
    stage.claude("Write a file you may not write.", allow=False)


DENIED = _story("permission-denied", _denied_talks, _denied_play)


def _image_talks(machine: Machine) -> tuple[Talk, ...]:
    return (
        Talk(
            says="What is on the picture?",
            answers=(Say(calls=(_read(machine, "dot.png"),)), Say(text="One red dot is on it.")),
        ),
    )


def _image_play(stage: Stage) -> None:
    (stage.machine.cwd / "dot.png").write_bytes(DOT)
    stage.claude("What is on the picture?")


IMAGE = _story("image", _image_talks, _image_play)


def _limit_talks(machine: Machine) -> tuple[Talk, ...]:
    del machine
    limit = Refuse(status=429, kind="rate_limit_error", message="Slow down, please.", retry_after=1)
    return (Talk(says="Ask too often.", answers=(limit, limit, Say(text="Now it went through."))),)


LIMIT = _story("rate-limit", _limit_talks, lambda stage: _claude(stage, "Ask too often."))


def _error_talks(machine: Machine) -> tuple[Talk, ...]:
    del machine
    broken = Refuse(status=500, message="Something broke.")
    return (Talk(says="Ask a broken model.", answers=(broken, broken)),)


def _error_play(stage: Stage) -> None:
    stage.claude("Ask a broken model.", extra={"CLAUDE_CODE_MAX_RETRIES": "1"}, code=1)


ERROR = _story("api-error", _error_talks, _error_play)

LONG = "This answer is long enough to be cut somewhere in the middle of a sentence that never ends."


def _drop_talks(machine: Machine) -> tuple[Talk, ...]:
    del machine
    cut = Cut(say=Say(text=LONG))
    return (Talk(says="Answer over a bad line.", answers=(cut, Say(text="The second try came through."))),)


DROP = _story("dropped-stream", _drop_talks, lambda stage: _claude(stage, "Answer over a bad line."))


def _interrupt_talks(machine: Machine) -> tuple[Talk, ...]:
    hang = Cut(say=Say(text=LONG), keep=40, how="hang")
    return (
        Talk(
            says="Think for a very long time.",
            answers=(Say(text="First a look.", calls=(_read(machine, "README.md"),)), hang),
        ),
    )


def _interrupt_play(stage: Stage) -> None:
    stage.claude("Think for a very long time.", interrupt=signal.SIGINT)


def _kill_play(stage: Stage) -> None:
    stage.claude("Think for a very long time.", interrupt=signal.SIGKILL, code=-signal.SIGKILL)


INTERRUPT = _story("interrupt", _interrupt_talks, _interrupt_play)
KILL = _story("killed", _interrupt_talks, _kill_play)


def _mcp_talks(machine: Machine) -> tuple[Talk, ...]:
    count = Call(name="mcp__lines__count_lines", input={"path": str(machine.cwd / "README.md")})
    wrong = Call(name="mcp__lines__count_lines", input={"path": str(machine.cwd / "absent.md")})
    return (
        Talk(
            says="Count lines with the server.",
            answers=(
                Say(calls=(count,)),
                Say(calls=(wrong,)),
                Say(text="Three lines, and one file is missing."),
            ),
        ),
    )


def _mcp_play(stage: Stage) -> None:
    server = stage.machine.home / "lines.py"
    server.write_text((Path(__file__).parent / "mcp_server.py").read_text(encoding="utf-8"), encoding="utf-8")
    lines = {"command": sys.executable, "args": [str(server)]}
    config = json.dumps({"mcpServers": {"lines": lines}})
    stage.claude("Count lines with the server.", "--mcp-config", config, "--strict-mcp-config")


MCP = _story("mcp", _mcp_talks, _mcp_play)


def _hooks_play(stage: Stage) -> None:
    after = [{"matcher": "Bash", "hooks": [{"type": "command", "command": "echo checked by a hook"}]}]
    before = [{"matcher": "Write", "hooks": [{"type": "command", "command": "echo not here >&2; exit 2"}]}]
    settings = json.dumps({"hooks": {"PostToolUse": after, "PreToolUse": before}})
    stage.claude("Work under hooks.", "--settings", settings)


def _hooks_talks(machine: Machine) -> tuple[Talk, ...]:
    return (
        Talk(
            says="Work under hooks.",
            answers=(
                Say(calls=(_bash("ls todo"),)),
                Say(calls=(_write(machine, "blocked.txt", "no\n"),)),
                Say(text="One hook looked on, the other one said no."),
            ),
        ),
    )


HOOKS = _story("hooks", _hooks_talks, _hooks_play)


def _full_talks(machine: Machine) -> tuple[Talk, ...]:
    full = Usage(input=20, cache_read=150_000, cache_write_5m=31_000, output=60)
    return (
        Talk(says=COMPACTION, lane="side", answers=(Say(text="<summary>The readme was read.</summary>"),)),
        Talk(
            says="Fill the context.",
            answers=(
                Say(text="Reading.", calls=(_read(machine, "README.md"),)),
                Say(text="Read all of it.", usage=full),
            ),
        ),
        Talk(says="Go on where we were.", answers=(Say(text="Gone on after the summary."),)),
    )


def _full_play(stage: Stage) -> None:
    session = stage.claude("Fill the context.", "--autocompact", "100000")
    stage.claude("Go on where we were.", "--resume", session, "--autocompact", "100000")


FULL = _story("autocompact", _full_talks, _full_play)

SEARCH = "srvtoolu_01searchforwhatatodolistis"
FOUND = {
    "type": "web_search_result",
    "url": "https://example.org/todo",
    "title": "On lists",
    "page_age": None,
}


def _search_talks(machine: Machine) -> tuple[Talk, ...]:
    blocks = (
        {"type": "redacted_thinking", "data": "c2NyaXB0ZWQgYW5kIHNlYWxlZA=="},
        {"type": "server_tool_use", "id": SEARCH, "name": "web_search", "input": {"query": "to-do lists"}},
        {
            "type": "web_search_tool_result",
            "tool_use_id": SEARCH,
            "content": [FOUND | {"encrypted_content": "c2NyaXB0ZWQ="}],
        },
    )
    return (
        Talk(
            says="Search the web for lists.",
            answers=(
                Say(text="I have searched.", blocks=blocks, calls=(_read(machine, "README.md"),)),
                Say(text="Others write lists too."),
            ),
        ),
    )


SEARCHED = _story("server-tools", _search_talks, lambda stage: _claude(stage, "Search the web for lists."))

NEWEST = (
    PLAIN, TOOLS, _subagent("Agent"), PARALLEL, BACKGROUND, RESUME, FORK, SWITCH, COMPACT, SPILLED, DENIED, IMAGE,
    LIMIT, ERROR, DROP, INTERRUPT, KILL, MCP, HOOKS, FULL, SEARCHED,
)  # fmt: skip
OLDER = (PLAIN, TOOLS, _subagent("Task"), RESUME)

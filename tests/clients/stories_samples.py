"""The stories newcomers see first: a few days of work on a small to-do tool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.clients.script import Call, Refuse, Say, Talk
from tests.clients.stage import Story

if TYPE_CHECKING:
    from tests.clients.run import Machine
    from tests.clients.stage import Stage

STORE = '''\
"""Tasks, kept in a JSON file."""

import json
from datetime import date
from pathlib import Path


class Store:
    def __init__(self, path):
        self.path = Path(path)

    def all(self):
        return json.loads(self.path.read_text()) if self.path.exists() else []

    def add(self, text, due=None):
        tasks = self.all()
        tasks.append({"id": len(tasks) + 1, "text": text, "due": due, "done": False})
        self.path.write_text(json.dumps(tasks, indent=2))

    def overdue(self, today=None):
        today = today or date.today().isoformat()
        return [t for t in self.all() if t["due"] and t["due"] <= today and not t["done"]]
'''
CLI = '''\
"""todo add TEXT | todo list | todo overdue"""

import sys

from todo.store import Store


def main(arguments, store=None):
    store = store or Store("tasks.json")
    match arguments:
        case ["add", text]:
            store.add(text)
        case ["list"]:
            for task in store.all():
                print(task["id"], task["text"])
        case ["overdue"]:
            for task in store.overdue():
                print(task["id"], task["due"], task["text"])
        case _:
            print(__doc__)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
'''
TESTS = """\
import tempfile
import unittest
from pathlib import Path

from todo.store import Store


class OverdueTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.store = Store(Path(self.folder.name) / "tasks.json")

    def tearDown(self):
        self.folder.cleanup()

    def test_yesterday_is_overdue(self):
        self.store.add("water the plants", due="2026-03-01")
        self.assertEqual(len(self.store.overdue(today="2026-03-02")), 1)

    def test_today_is_not_overdue(self):
        self.store.add("call the bank", due="2026-03-02")
        self.assertEqual(self.store.overdue(today="2026-03-02"), [])


if __name__ == "__main__":
    unittest.main()
"""
FILES = {
    "README.md": "# todo\n\nA to-do list for the terminal. Tasks live in `tasks.json`.\n",
    "todo/__init__.py": "",
    "todo/store.py": STORE,
    "todo/cli.py": CLI,
    "tests/__init__.py": "",
    "tests/test_store.py": TESTS,
}
FIX = "The test for overdue tasks fails. Find out why and fix it."
NOTES = "Write a short docs/design.md that says where tasks are kept and who reads them."
NOTES_AGAIN = "Add a section on what happens when two processes write at once."
OTHER_WAY = "Try it another way: compare dates, not texts, and say which is better."
HELPER = "Find every place in this project that reads or writes the task file and list file and line."
JSON_FLAG = "Add a --json option to `todo list`."
JSON_TEST = "Now add a test for the option."
JSON_FORK = "Instead of an option, make it a `todo export` command."
REVIEW = "Let a reviewer look for ways the store could lose tasks, then tell me the worst one."
REVIEWER = "Review todo/store.py: list the ways in which tasks could be lost, worst first."


def _shell(command: str, why: str) -> Call:
    return Call(name="Bash", input={"command": command, "description": why})


def _claude_talks(machine: Machine) -> tuple[Talk, ...]:
    store, tests = str(machine.cwd / "todo/store.py"), str(machine.cwd / "tests/test_store.py")
    design = str(machine.cwd / "docs/design.md")
    run_tests = _shell("python3 -m unittest -v", "Run the tests")
    old, new = 't["due"] <= today', 't["due"] < today'
    fix = Talk(
        says=FIX,
        answers=(
            Refuse(status=529, kind="overloaded_error", message="Overloaded"),
            Say(text="I will run the tests to see what fails.", calls=(run_tests,)),
            Say(
                thinking="One test fails: a task due today counts as overdue. Look at the comparison.",
                text="A task that is due today is reported as overdue. Let me read both sides.",
                calls=(
                    Call(name="Read", input={"file_path": store}),
                    Call(name="Read", input={"file_path": tests}),
                ),
            ),
            Say(
                text="`overdue` uses `<=`, so today counts. It should be `<`.",
                calls=(Call(name="Edit", input={"file_path": store, "old_string": old, "new_string": new}),),
            ),
            Say(calls=(run_tests,)),
            Say(
                text="Fixed: `Store.overdue` compared with `<=`, so a task due today was already "
                "overdue. It is `<` now, and both tests pass."
            ),
        ),
    )
    helper = Call(
        name="Agent",
        input={
            "description": "Find users of the task file",
            "prompt": HELPER,
            "subagent_type": "general-purpose",
            "run_in_background": False,
        },
    )
    text = "# Design\n\nTasks live in `tasks.json`. Only `Store` reads and writes it; `cli` goes through `Store`.\n"
    section = "\n## Two writers\n\nThe last one wins: `add` reads, changes and writes without a lock.\n"
    notes = Talk(
        says=NOTES,
        answers=(
            Say(text="I will let a helper find the places first.", calls=(helper,)),
            Say(calls=(Call(name="Write", input={"file_path": design, "content": text}),)),
            Say(
                text="docs/design.md says that only `Store` touches `tasks.json` and that `cli` goes through it."
            ),
        ),
    )
    places = Talk(
        says=HELPER,
        lane="sub",
        answers=(
            Say(calls=(_shell("grep -rn 'path\\|Store' todo", "Find users of the file"),)),
            Say(text="todo/store.py: `all` reads, `add` writes. todo/cli.py only uses `Store`."),
        ),
    )
    again = Talk(
        says=NOTES_AGAIN,
        answers=(
            Say(
                calls=(
                    Call(
                        name="Edit",
                        input={"file_path": design, "old_string": text, "new_string": text + section},
                    ),
                )
            ),
            Say(text="Added. In short: the last writer wins, and a task can be lost."),
        ),
    )
    other = Talk(
        says=OTHER_WAY,
        answers=(
            Say(
                thinking="ISO dates sort like texts, so this changes nothing for valid input.",
                calls=(
                    _shell(
                        "python3 -c \"from datetime import date; print(date.fromisoformat('2026-3-2'))\"",
                        "What an invalid date does",
                    ),
                ),
            ),
            Say(
                text="Comparing dates is stricter: `2026-3-2` raises an error instead of sorting wrongly. "
                "For a file that only this tool writes, comparing texts is enough."
            ),
        ),
    )
    return (fix, notes, places, again, other)


def _claude_play(stage: Stage) -> None:
    fixed = stage.claude(FIX, "--name", "Overdue test fails")
    noted = stage.claude(NOTES, "--name", "A design note")
    stage.claude(NOTES_AGAIN, "--resume", noted)
    stage.forked(
        stage.claude(OTHER_WAY, "--resume", fixed, "--fork-session", "--name", "Dates, not texts"), fixed
    )


def _patch(text: str) -> Call:
    return Call(name="apply_patch", input=f"*** Begin Patch\n{text}*** End Patch\n")


def _run(command: str) -> Call:
    return Call(name="exec_command", input={"cmd": command})


LIST_PATCH = """\
*** Update File: todo/cli.py
@@
-        case ["list"]:
+        case ["list", "--json"]:
+            print(json.dumps(store.all()))
+        case ["list"]:
"""
IMPORT_PATCH = """\
*** Update File: todo/cli.py
@@
-import sys
+import json
+import sys
"""
TEST_PATCH = """\
*** Add File: tests/test_cli.py
+import contextlib
+import io
+import json
+import tempfile
+import unittest
+from pathlib import Path
+
+from todo.cli import main
+from todo.store import Store
+
+
+class ListTest(unittest.TestCase):
+    def test_list_as_json_is_the_whole_task(self):
+        with tempfile.TemporaryDirectory() as folder:
+            store = Store(Path(folder) / "tasks.json")
+            store.add("water the plants")
+            out = io.StringIO()
+            with contextlib.redirect_stdout(out):
+                main(["list", "--json"], store)
+        self.assertEqual(json.loads(out.getvalue())[0]["text"], "water the plants")
"""


def _codex_talks(machine: Machine) -> tuple[Talk, ...]:
    del machine
    spawn = {"message": REVIEWER, "task_name": "reviewer", "fork_turns": "none"}
    team = "collaboration"
    return (
        Talk(
            says=JSON_FLAG,
            answers=(
                Say(
                    thinking="See how the command line is built first.",
                    text="I will read the command line first.",
                    calls=(_run("cat todo/cli.py"), _run("ls tests")),
                ),
                Say(calls=(_patch(LIST_PATCH),)),
                Say(text="Try it.", calls=(_run("python3 -m todo.cli list --json"),)),
                Say(text="`json` is not imported yet.", calls=(_patch(IMPORT_PATCH),)),
                Say(calls=(_run("python3 -m todo.cli list --json"),)),
                Say(text="`todo list --json` prints the tasks as one JSON array."),
            ),
        ),
        Talk(
            says=JSON_TEST,
            answers=(
                Say(calls=(_patch(TEST_PATCH),)),
                Say(calls=(_run("python3 -m unittest tests.test_cli"),)),
                Say(text="tests/test_cli.py checks the option; it passes."),
            ),
        ),
        Talk(
            says=JSON_FORK,
            answers=(
                Say(calls=(_run("grep -n case todo/cli.py"),)),
                Say(
                    text="A command of its own would be one more case: `todo export`, printing the same array."
                ),
            ),
        ),
        Talk(
            says=REVIEW,
            answers=(
                Say(
                    text="I will ask a reviewer.",
                    calls=(Call(name="spawn_agent", namespace=team, input=spawn),),
                ),
                Say(calls=(Call(name="wait_agent", namespace=team, input={"timeout_ms": 20000}),)),
                Say(
                    text="The worst one: `add` rewrites the file in place, so a crash in between loses every task."
                ),
            ),
        ),
        Talk(
            says=REVIEWER,
            lane="sub",
            answers=(
                Say(calls=(_run("cat todo/store.py"),)),
                Say(
                    text="1. A crash during `write_text` truncates the file. 2. Two writers: the last one wins."
                ),
            ),
        ),
    )


def _codex_play(stage: Stage) -> None:
    flag = stage.codex(JSON_FLAG)
    stage.codex(REVIEW, "--enable", "multi_agent_v2")
    stage.codex(JSON_TEST, "resume", flag)
    stage.forked(stage.codex(JSON_FORK, "fork", flag), flag)


CLAUDE = Story(
    name="todo", agent="claude", project="todo", files=FILES, talks=_claude_talks, play=_claude_play
)
CODEX = Story(name="todo", agent="codex", project="todo", files=FILES, talks=_codex_talks, play=_codex_play)

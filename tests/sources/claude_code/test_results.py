from __future__ import annotations

from typing import Any

import pytest

from reenact.events.blocks import PlanItem
from reenact.events.bodies import (
    FileChanged,
    PermissionAnswered,
    PlanUpdated,
    ToolCalled,
    ToolFinished,
)

from .transcripts import Log, use


def one_call(block: dict[str, Any], output: Any, structured: Any = None, **fields: Any) -> Any:
    log = Log()
    log.prompt()
    log.says(block, stop="tool_use")
    log.result("toolu_1", output, structured, **fields)
    return log.read()


@pytest.mark.parametrize(
    ("name", "kind", "server"),
    [
        ("Bash", "shell", None),
        ("Read", "file_read", None),
        ("MultiEdit", "file_edit", None),
        ("Write", "file_write", None),
        ("Grep", "search", None),
        ("Task", "sub_agent", None),
        ("Agent", "sub_agent", None),
        ("WebFetch", "web", None),
        ("NotebookEdit", "notebook", None),
        ("mcp__linear__list_issues", "other", "linear"),
        ("mcp__a_b__c__d", "other", "a_b"),
        ("Whatever", "other", None),
    ],
)
def test_a_call_has_its_kind_and_its_server(name: str, kind: str, server: str | None) -> None:
    called = one_call(use(name, x=1), "ok").one(ToolCalled)
    assert (called.name, called.tool_kind, called.mcp_server, called.input) == (name, kind, server, {"x": 1})


@pytest.mark.parametrize(
    ("output", "structured", "fields", "expected"),
    [
        ("hi", {"stdout": "hi", "interrupted": False}, {}, (True, None, 0)),
        ("started", {"stdout": "", "backgroundTaskId": "b1"}, {}, (True, None, None)),
        ("Exit code 3\noops", "Error: Exit code 3\noops", {"error": True}, (False, "error", 3)),
        ("No such file", "Error: No such file", {"error": True}, (False, "error", None)),
        ("cut", {"stdout": "cut", "interrupted": True}, {}, (False, "interrupted", None)),
        (
            "The user doesn't want to proceed with this tool use. The tool use was rejected",
            "User rejected tool use",
            {"error": True},
            (False, "denied", None),
        ),
        ("no", "Error: no", {"error": True, "toolDenialKind": "user-rejected"}, (False, "denied", None)),
    ],
    ids=["ran", "background", "exit code", "failed", "interrupted", "rejected", "denied"],
)
def test_a_result_tells_how_the_call_ended(
    output: str, structured: Any, fields: dict[str, Any], expected: tuple[bool, str | None, int | None]
) -> None:
    found = one_call(use("Bash", command="x"), output, structured, **fields)
    done = found.one(ToolFinished)
    assert (done.ok, done.category, done.exit_code) == expected
    assert done.output == output
    denied = found.of(PermissionAnswered)
    assert [body.granted for body in denied] == ([False] if expected[1] == "denied" else [])


def test_a_permission_that_people_gave_is_told_and_one_by_rule_is_not() -> None:
    by_user = {"decision": "accept", "source": "user_temporary", "reasonType": "asked"}
    found = one_call(use("Bash", command="x"), "ok", permissionDecision=by_user)
    assert found.one(PermissionAnswered) == PermissionAnswered(
        granted=True, call="toolu_1", tool="Bash", reason="asked", source="user_temporary"
    )
    by_rule = {"decision": "accept", "source": "config", "reasonType": "mode"}
    assert one_call(use("Bash", command="x"), "ok", permissionDecision=by_rule).of(PermissionAnswered) == []


def test_an_edit_has_the_file_before_and_after() -> None:
    hunk = {"oldStart": 1, "oldLines": 2, "newStart": 1, "newLines": 2, "lines": ["-a - b", "+a + b", " end"]}
    structured = {
        "filePath": "/p/app.py",
        "oldString": "a - b",
        "newString": "a + b",
        "originalFile": "a - b\nend\n",
        "structuredPatch": [hunk],
        "replaceAll": False,
    }
    given = use("Edit", file_path="/p/app.py", old_string="a - b", new_string="a + b")
    found = one_call(given, "updated", structured)
    assert found.one(FileChanged) == FileChanged(
        path="/p/app.py",
        before="a - b\nend\n",
        after="a + b\nend\n",
        before_known=True,
        after_known=True,
        patch="@@ -1,2 +1,2 @@\n-a - b\n+a + b\n end\n",
        plus=1,
        minus=1,
        call="toolu_1",
    )
    assert found.one(ToolFinished).data == {"filePath": "/p/app.py", "replaceAll": False}


def test_an_edit_that_people_changed_leaves_the_text_after_it_unknown() -> None:
    structured = {
        "filePath": "/p",
        "oldString": "a",
        "newString": "b",
        "originalFile": "a",
        "userModified": True,
    }
    changed = one_call(use("Edit", file_path="/p"), "updated", structured).one(FileChanged)
    assert (changed.before, changed.after_known, changed.after) == ("a", False, None)


def test_several_edits_of_one_call_apply_in_order() -> None:
    edits = [
        {"old_string": "a", "new_string": "b"},
        {"old_string": "b", "new_string": "c", "replace_all": True},
    ]
    structured = {"filePath": "/p", "edits": edits, "originalFile": "a b"}
    changed = one_call(use("MultiEdit", file_path="/p", edits=edits), "ok", structured).one(FileChanged)
    assert changed.after == "c c"


def test_a_written_file_is_new_or_replaces_what_was_there() -> None:
    new: dict[str, Any] = {
        "type": "create",
        "filePath": "/p",
        "content": "x\ny",
        "structuredPatch": [],
        "originalFile": None,
    }
    changed = one_call(use("Write", file_path="/p", content="x\ny"), "File created", new).one(FileChanged)
    assert (changed.op, changed.before, changed.before_known, changed.after, changed.plus) == (
        "create",
        None,
        True,
        "x\ny",
        2,
    )
    over = {"type": "update", "filePath": "/p", "content": "new", "originalFile": "old"}
    changed = one_call(use("Write", file_path="/p", content="new"), "updated", over).one(FileChanged)
    assert (changed.op, changed.before, changed.after) == ("modify", "old", "new")


def test_without_a_structured_result_the_call_tells_what_it_can() -> None:
    done = one_call(use("Write", file_path="/p", content="x"), "File created successfully at: /p")
    changed = done.one(FileChanged)
    assert (changed.op, changed.after, changed.before_known) == ("create", "x", True)
    done = one_call(use("Edit", file_path="/p", old_string="a", new_string="b"), "updated")
    changed = done.one(FileChanged)
    assert (changed.path, changed.before_known, changed.after_known) == ("/p", False, False)


def test_a_notebook_cell_changes_its_file() -> None:
    structured = {"new_source": "x", "original_file": "{}", "updated_file": '{"x":1}', "error": ""}
    changed = one_call(use("NotebookEdit", notebook_path="/n.ipynb"), "ok", structured).one(FileChanged)
    assert (changed.path, changed.before, changed.after) == ("/n.ipynb", "{}", '{"x":1}')
    assert one_call(use("NotebookEdit", notebook_path="/n"), "ok", {"error": "no cell"}).of(FileChanged) == []
    assert one_call(use("Edit"), "ok").of(FileChanged) == []  # no path, no file


@pytest.mark.parametrize(
    ("before", "old", "new", "after", "op"),
    [
        ("", "", "all new", "all new", "create"),
        ("text", "", "x", None, "modify"),
        ("text", "absent", "x", None, "modify"),
        ("text", None, None, None, "modify"),
    ],
    ids=["into an empty file", "nothing to replace", "not there", "untold"],
)
def test_an_edit_that_does_not_fit_leaves_the_text_after_it_unknown(
    before: str, old: str | None, new: str | None, after: str | None, op: str
) -> None:
    structured = {"filePath": "/p", "oldString": old, "newString": new, "originalFile": before}
    changed = one_call(use("Edit", file_path="/p"), "ok", structured).one(FileChanged)
    assert (changed.after, changed.after_known, changed.op) == (after, after is not None, op)


def test_reads_and_failed_edits_change_nothing() -> None:
    file = {"filePath": "/p", "content": "secret\n" * 9, "numLines": 9}
    found = one_call(use("Read", file_path="/p"), "1\tsecret", {"type": "text", "file": file})
    assert found.of(FileChanged) == []
    assert found.one(ToolFinished).data == {"type": "text", "file": {"filePath": "/p", "numLines": 9}}
    assert one_call(use("Edit", file_path="/p"), "no", "Error: no", error=True).of(FileChanged) == []


def test_the_plan_follows_the_tools_that_keep_it() -> None:
    todos = [{"content": "one", "status": "completed"}, {"content": "two", "status": "pending", "id": "2"}]
    found = one_call(use("TodoWrite", todos=todos), "ok", {"oldTodos": [], "newTodos": todos})
    assert found.one(PlanUpdated).items == (
        PlanItem(text="one", status="completed"),
        PlanItem(text="two", id="2"),
    )
    log = Log()
    log.prompt()
    log.says(use("TaskCreate", "toolu_1", subject="one"), stop="tool_use")
    log.result("toolu_1", "Task #1 created", {"task": {"id": "1", "subject": "one"}})
    log.says(use("TaskUpdate", "toolu_2", taskId="1", status="completed"), message="msg_2", stop="tool_use")
    log.result("toolu_2", "Updated task #1", {"success": True})
    log.says(use("TaskUpdate", "toolu_3", taskId="1", status="deleted"), message="msg_3", stop="tool_use")
    log.result("toolu_3", "Updated task #1", {"success": True})
    assert [body.items for body in log.read().of(PlanUpdated)] == [
        (PlanItem(text="one", id="1"),),
        (PlanItem(text="one", status="completed", id="1"),),
        (),
    ]
    found = one_call(use("ExitPlanMode", plan="1. do"), "User has approved", {"plan": None})
    assert found.one(PlanUpdated).text == "1. do"


def test_tools_of_the_provider_have_call_and_result_in_the_message() -> None:
    log = Log()
    log.prompt()
    asked = {"type": "server_tool_use", "id": "srv_1", "name": "web_search", "input": {"query": "x"}}
    given = {"type": "web_search_tool_result", "tool_use_id": "srv_1", "content": [{"url": "u"}]}
    wrong = {
        "type": "web_fetch_tool_result",
        "tool_use_id": "srv_2",
        "content": {"type": "web_fetch_tool_result_error"},
    }
    log.says(asked, given, wrong)
    found = log.read()
    assert (found.one(ToolCalled).server, found.one(ToolCalled).tool_kind) == (True, "web")
    assert [(body.ok, body.executor) for body in found.of(ToolFinished)] == [
        (True, "provider"),
        (False, "provider"),
    ]


def test_large_structures_are_not_kept_twice() -> None:
    structured = {"note": "x" * 20_000, "rows": [{"n": "y" * 20_000}], "short": [1], "odd": ["\ud800"]}
    assert one_call(use("Other"), "ok", structured).one(ToolFinished).data == {
        "short": [1],
        "odd": ["\ufffd"],
    }

"""The check that no prompt of a vendor is published."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.clients import vendor

if TYPE_CHECKING:
    from pathlib import Path

PROMPT = "You are a helpful machine. " * 10
DESCRIPTION = "Runs a command in a shell and returns what it printed. " * 5
REMINDER = f"<system-reminder>\n{'Keep in mind what was said before. ' * 8}\n</system-reminder>"
BODY: dict[str, Any] = {
    "system": [{"type": "text", "text": PROMPT}],
    "tools": [{"name": "Bash", "description": DESCRIPTION, "input_schema": {"type": "object"}}],
    "messages": [
        {"role": "user", "content": [{"type": "text", "text": REMINDER}, {"type": "text", "text": "Fix it."}]}
    ],
}


def write(root: Path, *rows: object) -> Path:
    path = root / "projects" / "session.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return root


def test_a_prompt_left_in_a_row_is_found_with_its_line(tmp_path: Path) -> None:
    root = write(tmp_path, {"type": "user"}, {"deep": [{"text": PROMPT}]})
    found = vendor.left_in(root, vendor.gather([BODY]))
    assert len(found) == 1
    assert found[0].startswith("projects/session.jsonl:2: ")


def test_a_tool_description_and_a_reminder_are_found(tmp_path: Path) -> None:
    root = write(tmp_path, {"shape": {"description": DESCRIPTION}}, {"content": REMINDER})
    assert len(vendor.left_in(root, vendor.gather([BODY]))) == 2


def test_a_long_line_of_a_prompt_inside_another_text_is_found(tmp_path: Path) -> None:
    root = write(tmp_path, {"content": f"before\n{PROMPT}\nafter"})
    assert vendor.left_in(root, vendor.gather([BODY]))


def test_what_is_ours_is_not_the_vendors(tmp_path: Path) -> None:
    ours = "A long prompt of our own that a client repeats inside of a reminder. " * 4
    body = {"messages": [{"role": "user", "content": f"<system-reminder>\n{ours}\n</system-reminder>"}]}
    root = write(tmp_path, {"message": {"content": ours}})
    assert vendor.left_in(root, vendor.gather([body]))
    assert not vendor.left_in(root, vendor.gather([body], ours=[ours]))


def test_words_of_the_user_are_not_the_vendors() -> None:
    assert "Fix it." not in vendor.gather([BODY]).lines


def test_instructions_and_developer_items_are_the_vendors() -> None:
    body = {
        "instructions": "Be brief.",
        "input": [
            {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "Be kind."}]},
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello."}]},
        ],
    }
    assert vendor.gather([body]).lines == {"Be brief.", "Be kind."}


def test_names_in_tags_are_no_prose() -> None:
    assert vendor.is_mark("<status>completed</status>")
    assert vendor.is_mark("  </environment_context>")
    assert not vendor.is_mark("<note>Do this and that.</note>")

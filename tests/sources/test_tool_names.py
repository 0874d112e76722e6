"""What a tool does is told by the words of its name (S5-04)."""

from __future__ import annotations

import pytest

from reenact.sources.tool_names import kind_of


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Bash", "shell"), ("run_shell", "shell"), ("exec_command", "shell"), ("read_file", "file_read"),
        ("write_file", "file_write"), ("apply_patch", "file_edit"), ("edit_line", "file_edit"),
        ("str_replace_editor", "file_edit"), ("search_code", "search"), ("Grep", "search"),
        ("sub_agent", "sub_agent"), ("Agent", "sub_agent"), ("web_fetch", "web"), ("WebSearch", "web"),
        ("notebook_edit", "notebook"), ("NotebookEdit", "notebook"), ("custom_mcp", "other"), ("", "other"),
    ],
)  # fmt: skip
def test_the_kind_of_a_tool_is_told_by_the_words_of_its_name(name: str, kind: str) -> None:
    assert kind_of(name) == kind

"""The tiny MCP server that clients start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.clients.mcp_server import TOOL, answer

if TYPE_CHECKING:
    from pathlib import Path


def test_it_introduces_itself_with_the_version_it_was_asked_for() -> None:
    said = answer({"id": 1, "method": "initialize", "params": {"protocolVersion": "2025-06-18"}})
    assert said is not None
    assert said["result"]["protocolVersion"] == "2025-06-18"


def test_it_lists_its_tool_and_counts_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("one\ntwo\n")
    listed = answer({"id": 2, "method": "tools/list"})
    counted = answer({"id": 3, "method": "tools/call", "params": {"arguments": {"path": str(path)}}})
    assert listed is not None
    assert counted is not None
    assert listed["result"]["tools"] == [TOOL]
    assert counted["result"]["content"][0]["text"] == "2 lines"


def test_a_missing_file_is_an_error_of_the_tool_and_an_unknown_method_one_of_the_protocol() -> None:
    missing = answer({"id": 4, "method": "tools/call", "params": {"arguments": {"path": "absent"}}})
    unknown = answer({"id": 5, "method": "nonsense"})
    assert missing is not None
    assert unknown is not None
    assert missing["result"]["isError"] is True
    assert unknown["error"]["code"] == -32601
    assert answer({"method": "notifications/initialized"}) is None

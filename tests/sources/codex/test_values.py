"""The small pure parts: outputs, patches, origins, usage arithmetic."""

from __future__ import annotations

from typing import Any

import pytest

from reenact.events import Tokens
from reenact.events.blocks import File, Image, Other, Text
from reenact.sources.codex import content, outputs, patches, usage
from reenact.sources.codex.records import born

from .rows import spent


@pytest.mark.parametrize(
    ("given", "ok", "code", "duration", "category"),
    [
        ('{"output":"a","metadata":{"exit_code":0,"duration_seconds":1.5}}', True, 0, 1_500_000, None),
        ('{"output":"a","metadata":{"exit_code":3}}', False, 3, None, None),
        ('{"agent_id":"x"}', None, None, None, None),
        ("{not json", None, None, None, None),
        (
            "Chunk ID: 1\nWall time: 0.5 seconds\nProcess exited with code 0\nOutput:\na",
            True,
            0,
            500_000,
            None,
        ),
        (
            "Exit code: 1\nWall time: 2 seconds\nOutput:\nProcess exited with code 0",
            False,
            1,
            2_000_000,
            None,
        ),
        ("Chunk ID: 1\nProcess running with session ID 7\nOutput:\n", None, None, None, None),
        ("unsupported call: x", False, None, None, "unsupported"),
        ("aborted by user after 1s", False, None, None, "aborted"),
        ("exec command rejected by user", False, None, None, "denied"),
        ("Plan updated", True, None, None, None),
        ("anything", None, None, None, None),
        ({"content": "failed to parse", "success": False}, False, None, None, "failed"),
        ({"content": [], "success": True}, True, None, None, None),
        ([{"type": "input_text", "text": "Exit code: 2\nOutput:\n"}, 7], False, 2, None, None),
        (None, None, None, None, None),
    ],
)
def test_an_output_tells_how_it_went(
    given: Any, ok: bool | None, code: int | None, duration: int | None, category: str | None
) -> None:
    told = outputs.shown(given)
    assert (told.ok, told.exit_code, told.duration, told.category) == (ok, code, duration, category)


def test_an_output_that_was_cut_says_so() -> None:
    text = "Process exited with code 0\nOutput:\na\n…123 tokens truncated…\nz"
    assert outputs.shown(text).truncated


@pytest.mark.parametrize(
    ("given", "microseconds"),
    [
        ({"secs": 1, "nanos": 500_000}, 1_000_500),
        ("1.5s", 1_500_000),
        ("20ms", 20_000),
        ("7µs", 7),
        ("?", None),
        (3, None),
    ],
)
def test_a_duration_is_microseconds_however_it_is_written(given: Any, microseconds: int | None) -> None:
    assert outputs.duration(given) == microseconds


def test_an_mcp_tool_names_its_server() -> None:
    assert outputs.mcp_server("mcp__files__read", None) == "files"
    assert outputs.mcp_server("read", "mcp__files") == "files"
    assert outputs.mcp_server("shell", "functions") is None


def test_a_patch_tells_each_file() -> None:
    patch = (
        "*** Begin Patch\n*** Add File: new.py\n+a\n+b\n*** Delete File: old.py\n"
        "*** Update File: a.py\n*** Move to: b.py\n@@\n-x\n+y\n+z\n*** End Patch\nafter"
    )
    added, deleted, moved = patches.asked(patch, "c1")
    assert (added.path, added.op, added.after, added.before_known, added.plus) == (
        "new.py",
        "create",
        "a\nb\n",
        True,
        2,
    )
    assert (deleted.path, deleted.op, deleted.after_known, deleted.before_known) == (
        "old.py",
        "delete",
        True,
        False,
    )
    assert (moved.path, moved.op, moved.moved_to, moved.plus, moved.minus) == ("a.py", "move", "b.py", 2, 1)
    assert moved.patch == "@@\n-x\n+y\n+z\n"


def test_a_patch_without_end_tells_what_it_has_and_other_text_nothing() -> None:
    assert [change.path for change in patches.asked("*** Begin Patch\n*** Delete File: a", None)] == ["a"]
    assert list(patches.asked("nothing", None)) == []


def test_listed_changes_are_read_in_both_forms() -> None:
    changes = {
        "a": {"add": {"content": "x\n"}},
        "b": {"type": "delete", "content": "1\n2\n"},
        "c": {"type": "update", "unified_diff": "@@\n+n\n", "move_path": "d"},
        "e": 5,
    }
    found = list(patches.listed(changes, None))
    assert [(change.path, change.op) for change in found] == [("a", "create"), ("b", "delete"), ("c", "move")]
    assert (found[1].before, found[1].minus) == ("1\n2\n", 2)


@pytest.mark.parametrize(
    "given",
    [
        {"command": ["apply_patch", "*** Begin Patch\n*** End Patch"]},
        {"command": ["bash", "-lc", "apply_patch <<'E'\n*** Begin Patch\n*** End Patch\nE"]},
        {"cmd": "apply_patch <<'E'\n*** Begin Patch\n*** End Patch\nE"},
    ],
)
def test_a_patch_in_a_command_is_found(given: Any) -> None:
    assert "*** Begin Patch" in (patches.in_command(given) or "")


@pytest.mark.parametrize(
    "given", [None, {}, {"command": ["ls"]}, {"command": [1]}, {"cmd": "echo '*** Begin Patch'"}]
)
def test_other_commands_hold_no_patch(given: Any) -> None:
    assert patches.in_command(given) is None


def test_blocks_keep_what_they_do_not_know() -> None:
    parts = [
        {"type": "input_text", "text": "<image name=[Image #1]>"},
        {"type": "input_image", "image_url": "data:image/png;base64,aGk="},
        {"type": "input_text", "text": "</image>"},
        {"type": "input_text", "text": "See?"},
        {"type": "input_file", "filename": "a.pdf"},
        {"type": "refusal", "refusal": "No."},
        {"type": "hologram"},
        {"type": "encrypted_content", "encrypted_content": "gAAAAB"},
        {"type": "encrypted_content", "encrypted_content": "plain words"},
    ]
    found = content.blocks({"content": parts})
    assert found[:2] == (Image(media_type="image/png", data="aGk="), Text(text="See?"))
    assert isinstance(found[2], File)
    assert found[3] == Text(text="No.", extra={"type": "refusal"})
    assert found[4] == Other(raw={"type": "hologram"})
    assert isinstance(found[5], Other)
    assert found[6] == Text(text="plain words")
    assert content.blocks({"content": parts[:1]}) == (Text(text="<image name=[Image #1]>"),)
    assert content.blocks({"content": "bare"}) == (Text(text="bare"),)
    assert content.image("https://x/a.png").url == "https://x/a.png"


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("Go", "prompt"),
        ("<b>bold</b> words", "prompt"),
        ("<div>typed</div>", "prompt"),
        ("<not closed", "prompt"),
        ("<environment_context>x</environment_context>", "environment"),
        ("<some_new_context>x</some_new_context>", "some_new_context"),
        ("<hook_prompt id='1'>x</hook_prompt>", "hook"),
    ],
)
def test_only_a_text_that_one_tag_encloses_counts_as_injected(text: str, origin: str) -> None:
    assert content.origin(text, []) == origin


def test_tokens_never_fall_below_zero() -> None:
    assert usage.tokens(usage.totals(spent(10, 20, 1))) == Tokens(
        input=0, cache_read=20, output=1, reasoning=0
    )


def test_a_usage_record_without_a_response_is_counted_by_its_totals() -> None:
    meter = usage.Meter()
    one = usage.totals(spent(10, 0, 1))
    first = meter.record(None, one, turn="t", thread=one)
    second = meter.record(None, one, turn="t", thread=one)
    assert first is not None
    assert second is not None
    assert second.key == f"{first.key}#2"


def test_a_response_whose_usage_grew_is_told_again_under_the_same_key() -> None:
    meter = usage.Meter()
    small, large = usage.totals(spent(10, 0, 1)), usage.totals(spent(10, 0, 9))
    first = meter.record("r", small, turn=None, thread=small)
    assert meter.record("r", small, turn=None, thread=small) is None
    second = meter.record("r", large, turn=None, thread=large)
    assert first is not None
    assert second is not None
    assert (first.key, first.tokens.output, second.key, second.tokens.output) == ("resp:r", 1, "resp:r", 9)


def test_a_counter_without_last_that_falls_counts_its_new_total() -> None:
    meter = usage.Meter()
    for given, counted in ((spent(50, 0, 5), 5), (spent(20, 0, 2), 2)):
        found = meter.count(usage.totals(given), None, root="r", turn=None, has_past=False, has_output=True)
        assert found is not None
        assert found.tokens.output == counted


def test_only_a_time_ordered_id_tells_when_it_was_born() -> None:
    assert born("01a1f000-0000-7000-8000-00000000000a") == 0x01A1F0000000
    assert born("01a1f000-0000-4000-8000-00000000000a") is None
    assert born("zzzzzzzz-zzzz-7zzz-zzzz-zzzzzzzzzzzz") is None
    assert born("child-session") is None
    assert born(None) is None

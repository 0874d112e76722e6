from __future__ import annotations

from typing import Any

import pytest

from reenact.events.bodies import (
    ContextInjected,
    ParseWarning,
    Unknown,
)

from .transcripts import SESSION, Log, read, use


def test_what_we_do_not_know_is_kept_whole_and_counted() -> None:
    log = Log(version="3.0.0")
    log.prompt()
    log.meta("hologram", depth=3)
    log.meta("hologram", depth=3)
    log.attach("aura", strength=1)
    log.attach("glow", "<system-reminder>glow</system-reminder>")
    log.notice("quantum_boundary", x=1)
    log.row("user", message="not an object")
    log.rows.append({"no": "type"})
    found = log.read()
    assert found.unknown == [
        "hologram",
        "hologram",
        "attachment/aura",
        "attachment/glow",
        "system/quantum_boundary",
        "user",
        "(no type)",
    ]
    raws = [(body.name, body.raw) for body in found.of(Unknown)]
    assert raws[0] == ("hologram", {"type": "hologram", "depth": 3, "sessionId": SESSION})
    assert [name for name, _ in raws] == [
        "hologram",
        "hologram",
        "attachment/aura",
        "system/quantum_boundary",
        "user",
        "(no type)",
    ]
    assert found.one(ContextInjected).origin == "glow"
    assert len({draft.record for draft in found.drafts}) == len(found.drafts)
    assert {line.agent_version for line in found.parsed} == {"3.0.0"}


def test_a_file_of_garbage_has_a_hundred_samples_and_every_line_counted() -> None:
    found = read(b"".join(b"garbage %d\n" % number for number in range(250)))
    assert found.dispositions == ["warning"] * 250
    assert len(found.of(ParseWarning)) == 100
    assert found.kinds[0] == "session.started"


@pytest.mark.parametrize("value", [None, 1, "x", [], {}, [1, None, "x", {}], {"type": "text"}, True])
@pytest.mark.parametrize(
    "field",
    ["message", "attachment", "data", "error", "toolUseResult", "rendered", "uuid", "parentUuid", "timestamp",
     "compactMetadata", "hookInfos", "tail", "params", "version", "type", "subtype", "isSidechain", "forkedFrom",
     "permissionDecision", "origin", "content"],
)  # fmt: skip
def test_a_field_may_hold_anything(field: str, value: Any) -> None:
    log = Log(version="2.1.329")
    log.prompt()
    log.says("a", use("Bash", command="x"))
    log.result("toolu_1", "out", {"stdout": "out"})
    log.attach("date", "today")
    log.notice("api_error", error={"status": 1})
    log.notice("stop_hook_summary", hookInfos=[{"command": "a"}])
    log.notice("compact_boundary", compactMetadata={"preservedMessages": {"uuids": ["x"]}})
    log.row("progress", data={"type": "hook_progress"})
    log.meta("api-request", id="r", params={}, tail=[])
    for row in list(log.rows):
        log.rows.append({**row, "uuid": f"{row.get('uuid')}-odd", field: value})
    assert len(log.read().parsed) == len(log.rows)


@pytest.mark.parametrize("value", [None, 1, "x", [], {}, [1, None, "x", {}], True])
@pytest.mark.parametrize("field", ["id", "model", "content", "usage", "stop_reason", "role"])
def test_a_field_of_a_message_may_hold_anything(field: str, value: Any) -> None:
    log = Log(version="2.1.329")
    log.prompt()["message"][field] = value
    log.says("a", use("Bash", command="x"))["message"][field] = value
    log.says({"type": "tool_use", "id": value, "name": value, "input": value}, message="msg_2")
    log.result(value, value, value)
    assert len(log.read().parsed) == 4


def test_defects_in_fields_that_nobody_reads_do_no_harm() -> None:
    log = Log()
    log.prompt()
    log.meta("hologram", note="NOTE")
    found = read(log.data.replace(b"NOTE", b"\xfb"))
    assert found.one(Unknown).raw["note"] == "\ufffd"

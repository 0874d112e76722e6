from __future__ import annotations

from reenact import ids
from reenact.events.bodies import (
    ModeChanged,
    SessionForked,
    SessionStarted,
    SessionTagged,
    SessionTitled,
    UserMessage,
)

from .transcripts import OTHER, SESSION, Log, session_id

MAIN = session_id(SESSION)


def test_a_session_starts_with_the_first_time_in_the_file_and_what_its_first_row_tells() -> None:
    log = Log(version="2.1.329")
    queued = log.stamp()
    log.meta("mode", mode="normal")
    log.meta("queue-operation", operation="enqueue", timestamp=queued)
    log.prompt(entrypoint="cli")
    found = log.read()
    first = found.drafts[0]
    assert isinstance(first.body, SessionStarted)
    assert first.ts == 1_772_359_201_000_000
    assert first.body.imported
    assert (first.body.cwd, first.body.agent_version) == ("/home/dev/code/todo", "2.1.329")
    assert first.body.repo is not None
    assert first.body.repo.branch == "main"
    assert first.body.config == {"entrypoint": "cli"}
    header = found.headers[MAIN]
    assert (header.native_id, header.kind, header.parent) == (SESSION, "main", None)


def test_the_name_of_the_file_beats_the_session_that_its_rows_name() -> None:
    log = Log(OTHER)
    log.prompt()
    headers = log.read(key=SESSION).headers
    assert {lane: header.native_id for lane, header in headers.items()} == {MAIN: SESSION}


def test_rows_that_name_no_session_belong_to_that_of_their_file() -> None:
    log = Log(OTHER)
    del log.prompt("nobody's")["sessionId"]
    found = log.read(key=SESSION)
    assert {lane: header.native_id for lane, header in found.headers.items()} == {MAIN: SESSION}
    assert len(found.of(UserMessage)) == 1


def test_titles_tags_and_modes_make_an_event_only_when_they_change() -> None:
    log = Log()
    log.meta("mode", mode="plan")
    log.prompt(permissionMode="default")
    for _ in range(3):
        log.meta("ai-title", aiTitle="Fix the list")
        log.meta("custom-title", customTitle="Mine")
        log.meta("tag", tag="work")
        log.meta("mode", mode="plan")
        log.meta("permission-mode", permissionMode="acceptEdits")
    log.meta("ai-title", aiTitle="Fix the list and more")
    log.meta("tag", tag="")
    found = log.read()
    assert found.of(SessionTitled) == [
        SessionTitled(title="Fix the list", by="agent"),
        SessionTitled(title="Mine", by="user"),
        SessionTitled(title="Fix the list and more", by="agent"),
    ]
    assert found.of(SessionTagged) == [SessionTagged(add=("work",)), SessionTagged(remove=("work",))]
    assert found.of(ModeChanged) == [
        ModeChanged(mode="plan", what="autonomy", previous="normal"),
        ModeChanged(mode="acceptEdits", what="permission", previous="default"),
    ]
    assert found.dispositions[0] == "joined"
    assert found.dispositions.count("repeat") == 11


def test_a_summary_titles_the_session_only_when_its_leaf_is_in_the_file() -> None:
    log = Log(version="2.0.64")
    log.meta("summary", summary="Another conversation", leafUuid="elsewhere")
    log.meta("summary", summary="This one", leafUuid="leaf")
    log.prompt(uuid="leaf")
    found = log.read()
    assert found.of(SessionTitled) == [SessionTitled(title="This one", by="summary")]
    assert found.dispositions[:2] == ["metadata", "metadata"]


def test_a_fork_made_by_the_sdk_names_its_parent_and_the_event_it_left_at() -> None:
    log = Log(OTHER)
    for place, text in enumerate(("one", "two")):
        log.prompt(text, forkedFrom={"sessionId": SESSION, "messageUuid": f"parent-{place}"})
    log.prompt("own")
    found = log.read()
    header = found.headers[session_id(OTHER)]
    assert (header.kind, header.parent) == ("fork", MAIN)
    forked = found.one(SessionForked)
    assert forked == SessionForked(
        parent=MAIN, at=ids.event_id(MAIN, "parent-1"), mode="copy", parent_native=SESSION
    )
    assert found.kinds.index("session.forked") < found.kinds.index("message.user", 6)

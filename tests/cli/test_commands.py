"""Every verb: what it prints, what it exits with, what its document holds."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Run

from reenact.cli.app import VERBS
from reenact.integrations.otlp import GenAiSpan, Spool
from reenact.samples import SAMPLES

SESSION_KEYS = {
    "id", "native_id", "agent", "agent_version", "kind", "title", "cwd", "project", "models", "started_at",
    "ended_at", "status", "completeness", "parent", "children", "hidden", "loops", "turns", "events",
    "tool_calls", "warnings", "removed_at_source", "tags", "source", "usage", "usage_total", "inherited",
    "cost_usd", "cost_known_usd", "cost_total_usd",
}  # fmt: skip
USAGE_KEYS = {
    "input", "cache_read", "cache_write", "cache_write_5m", "cache_write_1h", "output", "reasoning", "total",
    "quality",
}  # fmt: skip
EXPECTED = json.loads((Path(__file__).parents[1] / "data" / "transcripts" / "expected.json").read_text())


def expected_sessions() -> list[dict[str, Any]]:
    """Gives what the endpoint's books say of the sample's sessions."""
    return [session for part in EXPECTED["samples"] for session in part["sessions"]]


@pytest.mark.usefixtures("full_home")
class TestWithTranscripts:
    def test_the_one_screen_shows_sums_sessions_and_disk(self, run: Run) -> None:
        shown = run()
        assert shown.code == 0
        assert "ever" in shown.out
        assert "sessions" in shown.out
        assert "on disk for" in shown.out
        assert all(len(line) <= 80 for line in shown.out.splitlines() if "/" not in line)

    def test_import_tells_what_it_did_and_the_second_time_that_nothing_changed(self, run: Run) -> None:
        first = {source["agent"]: source for source in run("import", "--json").document["sources"]}
        assert set(first) == {"claude_code", "codex"}
        assert first["claude_code"]["new"] == first["claude_code"]["found"] > 0
        second = run("import", "--json").document
        assert second["version"] == 1
        for source in second["sources"]:
            assert source["unchanged"] == source["found"]
            assert source["new"] == source["changed"] == source["events"] == source["errors"] == 0
        assert "unchanged" in run("import").out
        assert run("import", "--quiet").out == ""

    def test_list_has_a_row_a_session_and_the_contracts_document(self, run: Run) -> None:
        table = run("list")
        document = run("list", "--json").document
        assert document["version"] == 1
        sessions = document["sessions"]
        assert all(set(session) == SESSION_KEYS for session in sessions)
        assert all(set(session["usage"]) == set(session["usage_total"]) == USAGE_KEYS for session in sessions)
        mains = [session for session in sessions if session["kind"] != "subagent"]
        assert len(table.out.splitlines()) == len(mains) + 2
        assert {session["kind"] for session in sessions} == {"main", "subagent", "fork"}
        assert all(session["source"]["present"] for session in sessions)
        assert len(run("list", "--subagents").out.splitlines()) == len(sessions) + 2

    def test_numbers_are_those_of_the_endpoints_books(self, run: Run) -> None:
        sessions = {session["native_id"]: session for session in run("list", "--json").document["sessions"]}
        for expected in expected_sessions():
            session = sessions[expected["id"]]
            parent = sessions[expected["parent"]]["id"] if expected.get("parent") else None
            assert (session["kind"], session["parent"]) == (expected["kind"], parent)
            for name in ("input", "cache_read", "cache_write", "output"):
                assert session["usage"][name] == expected["usage"][name], (expected["id"], name)
        total = run("usage", "--json").document["totals"]["usage"]
        for name in ("input", "cache_read", "cache_write", "output"):
            assert total[name] == sum(expected["usage"][name] for expected in expected_sessions())

    def test_filters_choose_sessions(self, run: Run) -> None:
        def ids(*words: str) -> set[str]:
            return {session["id"] for session in run("list", "--json", *words).document["sessions"]}

        everything = ids()
        assert ids("--agent", "codex") | ids("--agent", "claude_code") == everything
        assert ids("--agent", "codex") & ids("--agent", "claude_code") == set()
        assert ids("--project", "todo") == everything
        assert ids("--project", "elsewhere") == set()
        days = sorted(session["ended_at"][:10] for session in run("list", "--json").document["sessions"])
        assert set() < ids("--until", days[0]) < everything
        assert set() < ids("--since", days[-1]) < everything
        assert ids("--since", days[0], "--until", days[-1]) == everything
        assert len(ids("--limit", "2")) == 2
        assert ids("--model", "gpt-5") == ids("--agent", "codex")
        assert run("list", "--status", "asleep").code == 2
        assert run("list", "--since", "soon").code == 2

    def test_show_prints_the_trace_its_summary_and_the_state_at_a_point(self, run: Run) -> None:
        assert "▌ 1 ·" in run("show", "last").out
        assert "tools" in run("show", "last", "--summary").out
        state = run("show", "last", "--at", "20", "--context", "1")
        assert state.code == 0
        assert "context" in state.out
        assert run("show", "last", "--at", "20", "--json").document["state"]["seq"] == 20
        assert run("show", "last", "--json").document["events"][0]["body"]["kind"] == "session.started"
        assert run("show", "last", "--summary", "--json").document["statistics"]["tools"]
        assert "▌" not in run("show", "last", "--ascii", "-v", "--thinking").out
        beyond = run("show", "last", "--at", "100000")
        assert (beyond.code, beyond.err.startswith("error: ")) == (4, True)

    def test_sessions_are_named_by_prefixes_and_wrong_names_are_told(self, run: Run) -> None:
        (main,) = [s for s in expected_sessions() if s["kind"] == "main" and "Agent" in s["tool_calls"]][:1]
        assert run("show", main["id"][:6], "--json").document["session"]["native_id"] == main["id"]
        missing = run("show", "zzzz")
        assert missing.code == 4
        assert missing.err == (
            "error: no session is called 'zzzz'\n"
            "hint: `reenact list` shows the sessions; `last` names the latest\n"
        )
        assert run("show", "").code in {2, 4}

    def test_tree_shows_sub_agents_below_their_call(self, run: Run) -> None:
        (main,) = [s for s in expected_sessions() if s["kind"] == "main" and "Agent" in s["tool_calls"]][:1]
        assert "↳" in run("tree", main["id"]).out
        document = run("tree", main["id"], "--json").document
        assert document["version"] == 1
        assert document["subagents"][0]["session"]["kind"] == "subagent"
        assert document["subagents"][0]["session"]["parent"] == document["session"]["id"]
        assert run("tree", main["id"], "--all").code == 0

    def test_a_sub_agent_that_was_cut_off_stands_below_its_call(self, run: Run, full_home: Path) -> None:
        (meta,) = full_home.glob(".claude/projects/*/*/subagents/*.meta.json")
        call = json.loads(meta.read_text())["toolUseId"]
        main = meta.parent.parent.with_suffix(".jsonl")
        rows = main.read_text().splitlines(keepends=True)
        end = next(n for n, row in enumerate(rows) if f'"tool_use_id":"{call}"' in row)
        main.write_text("".join(rows[:end]))  # killed while the sub-agent was at work: nothing came back
        tree = run("tree", main.stem).out.splitlines()
        (asked,) = [number for number, line in enumerate(tree) if " · Agent " in line]
        below = tree[asked + 1]
        assert "↳" in below
        assert below.index("↳") > tree[asked].index("·")

    def test_every_name_a_table_or_a_tree_shows_names_one_session(self, run: Run) -> None:
        shown = {line.split()[0] for line in run("list", "--subagents").out.splitlines()[2:]}
        assert len(shown) == len(expected_sessions())
        assert {run("tree", name).out.split()[0] for name in shown} == shown

    @pytest.mark.parametrize("columns", [32, 40, 65, 66, 120])
    def test_no_number_of_usage_is_cut_off(
        self, run: Run, columns: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("COLUMNS", str(columns))
        title, rule, *rows = run("usage").out.splitlines()
        assert len(rule) <= columns
        assert title.split()[-1] == "cost"
        assert [row.split()[0] for row in rows if "$" in row][-1].startswith("tot")
        assert not [row for row in rows if "$" in row and "…" in row]

    @pytest.mark.parametrize(
        "by", ["daily", "weekly", "monthly", "session", "project", "model", "agent", "blocks"]
    )
    def test_usage_adds_up_whatever_the_rows_are(self, run: Run, by: str) -> None:
        document = run("usage", by, "--json").document
        assert document["version"] == 1
        assert document["timezone"] == "UTC"
        for name in ("input", "cache_read", "cache_write", "output", "total"):
            assert sum(row["usage"][name] for row in document["rows"]) == document["totals"]["usage"][name]
        assert "total" in run("usage", by).out

    def test_usage_can_be_priced_as_another_model(self, run: Run) -> None:
        own = run("usage", "--json").document["totals"]
        other = run("usage", "--json", "--as", "claude-haiku-4-5").document["totals"]
        assert own["usage"] == other["usage"]
        assert other["cost_usd"] != own["cost_usd"]
        unknown = run("usage", "--as", "no-such-model")
        assert unknown.code == 0
        assert unknown.out.splitlines()[-2].split()[-1] == "—"
        assert "— no price is known" in unknown.out
        assert run("usage", "--timezone", "Mars/Olympus").code == 2

    def test_export_gives_bytes_lines_or_a_document(self, run: Run, tmp_path: Path) -> None:
        path = next((SAMPLES / "claude" / "projects").rglob("*.jsonl"))
        out = tmp_path / "out"
        name = path.stem
        assert run("export", name, "--format", "native", "-o", str(out)).code == 0
        assert hashlib.sha256(out.read_bytes()).digest() == hashlib.sha256(path.read_bytes()).digest()
        again = run("export", name, "-o", str(out))
        assert (again.code, "exists" in again.err) == (2, True)
        assert run("export", name, "-o", str(out), "--force").code == 0
        assert out.read_text().startswith("# ")
        lines = run("export", name, "--format", "jsonl").out.splitlines()
        assert json.loads(lines[0])["header"]["native_id"] == name
        assert [json.loads(line)["seq"] for line in lines[1:]] == list(range(1, len(lines)))

    def test_verify_accounts_for_every_line_and_sees_damage(self, run: Run, tmp_path: Path) -> None:
        run("import")
        sound = run("verify", "--sources")
        assert (sound.code, "everything reads back" in sound.out) == (0, True)
        document = run("verify", "--sources", "--json").document
        assert document["sources"]["lines"] == sum(document["sources"]["booked"].values())
        kept = max((tmp_path / "archive" / "originals").rglob("*.zst"), key=lambda path: path.stat().st_size)
        data = bytearray(kept.read_bytes())
        data[len(data) // 2] ^= 0xFF
        kept.write_bytes(data)
        damaged = run("verify")
        assert (damaged.code, "lost:" in damaged.out) == (1, True)

    def test_reindex_and_gc_change_no_answer(self, run: Run) -> None:
        before = run("list", "--json").out, run("usage", "--json").out
        assert "events derived" in run("reindex").out
        assert run("reindex", "--quiet").out == ""
        assert run("gc").code == 0
        assert (run("list", "--json").out, run("usage", "--json").out) == before

    def test_a_removed_session_stays_away_until_it_is_wanted_again(self, run: Run) -> None:
        (main,) = [s for s in expected_sessions() if s["kind"] == "main" and "Agent" in s["tool_calls"]][:1]
        before = run("list", "--json").document["sessions"]
        trial = run("rm", main["id"], "--dry-run", "--json").document
        assert trial["dry_run"] is True
        assert len(trial["removed"]) == 2  # with its sub-agent
        assert run("list", "--json").document["sessions"] == before
        assert run("rm", main["id"], "--yes").code == 0
        assert main["id"] not in run("list", "--json").out
        assert sum(source["skipped"] for source in run("import", "--json").document["sources"]) == 2
        assert run("import", "--again").code == 0
        assert run("list", "--json").document["sessions"] == before

    @pytest.mark.parametrize(
        ("answer", "code", "said"),
        [("", 2, "add --yes"), ("n\n", 1, "nothing was changed"), ("y\n", 0, "for good?")],
        ids=["nobody there", "no", "yes"],
    )
    def test_nothing_is_removed_without_a_yes(
        self, run: Run, monkeypatch: pytest.MonkeyPatch, answer: str, code: int, said: str
    ) -> None:
        first = run("list", "--json").document["sessions"][0]["id"]
        monkeypatch.setattr("sys.stdin", io.StringIO(answer))
        asked = run("rm", first, "--with-forks")
        assert asked.code == code
        assert said in asked.err
        assert (first in run("list", "--json").out) is (code != 0)

    def test_doctor_names_what_is_at_risk_and_what_is_ours(self, run: Run, tmp_path: Path) -> None:
        run("import")
        shown = run("doctor")
        assert shown.code == 0
        assert "transcripts will be deleted" in shown.out
        assert str(tmp_path / "archive") in shown.out
        document = run("doctor", "--json", "--days", "10000").document
        assert document["version"] == 1
        assert document["at_risk"]
        assert all(risk["kept"] for risk in document["at_risk"])
        assert document["installed"] is False

    def test_spans_that_wait_for_their_trace_are_told_and_are_no_damage(
        self, run: Run, tmp_path: Path
    ) -> None:
        run("import")
        assert "OTLP" not in run("doctor").out + run("verify").out
        spans = [GenAiSpan(trace="t", id=str(number), parent="root") for number in range(2)]
        Spool(tmp_path / "archive" / "incoming", lambda value: value).keep(spans)
        size = sum(path.stat().st_size for path in (tmp_path / "archive" / "incoming").iterdir())
        told = f"2 spans of 1 trace came over OTLP, {size} B"
        assert told in run("doctor").out
        sound = run("verify")
        assert (sound.code, told in sound.out, "everything reads back" in sound.out) == (0, True, True)
        incoming = {"spans": 2, "traces": 1, "bytes": size}
        assert run("doctor", "--json").document["incoming"] == incoming
        document = run("verify", "--json").document
        assert (document["incoming"], document["damages"]) == (incoming, [])

    def test_the_hook_comes_and_goes(self, run: Run, full_home: Path) -> None:
        assert run("doctor", "--install", "--yes").code == 0
        settings = json.loads((full_home / ".claude" / "settings.json").read_text())
        assert "reenact import" in json.dumps(settings["hooks"]["SessionEnd"])
        assert run("doctor", "--json").document["installed"] is True
        assert "nothing to change" in run("doctor", "--install", "--yes").out
        assert run("doctor", "--uninstall", "--yes").code == 0
        assert run("doctor", "--json").document["installed"] is False
        assert run("doctor", "--install", "--uninstall").code == 2


class TestWithoutTranscripts:
    def test_the_one_screen_says_so_and_shows_the_sample(self, run: Run, home: Path) -> None:
        shown = run()
        assert shown.code == 0
        assert "no agent has left a transcript on this machine" in shown.out
        assert all(line.split(" in ")[1] for line in shown.out.splitlines() if "looked for" in line)
        assert str(home / ".claude") in shown.out
        assert "claude" in shown.out
        assert "ever" in shown.out
        assert run("list", "--json").document == {"version": 1, "sessions": []}

    def test_an_empty_archive_is_no_error(self, run: Run) -> None:
        assert run("list").code == 0
        assert run("usage").code == 0
        assert run("verify", "--sources").code == 0
        assert run("import").code == 0
        assert run("show", "last").code == 4

    def test_the_sample_is_a_word_away(self, run: Run) -> None:
        assert len(run("--sample", "list", "--json").document["sessions"]) == len(expected_sessions())
        assert run("--sample", "show", "last").code == 0
        assert run("list", "--json").document["sessions"] == []

    def test_wrong_words_exit_with_2_and_say_what_is_wrong(self, run: Run) -> None:
        assert run("import", "no/such/place").code == 2
        assert run("fly").code == 2
        assert run("usage", "hourly").code == 2
        assert run("record").code == 2
        assert run("replay", "last").code == 2

    def test_a_settings_file_that_cannot_be_used_is_named(self, run: Run, home: Path) -> None:
        path = home / ".config" / "reenact" / "config.toml"
        path.parent.mkdir(parents=True)
        path.write_text("colour = 'blue'\n")
        refused = run("list")
        assert (refused.code, str(path) in refused.err) == (2, True)
        path.write_text('[prices."x"]\ninput = "much"\n')
        assert run("list").code == 2
        path.write_text('[redaction.patterns]\nmine = "("\n')
        assert run("list").code == 2

    def test_projects_can_be_left_out_for_good(self, run: Run, full_home: Path) -> None:
        path = full_home / ".config" / "reenact" / "config.toml"
        path.parent.mkdir(parents=True)
        path.write_text('[import]\nnever = ["/home/dev/code/todo"]\n')
        document = run("import", "--json").document
        assert sum(source["skipped"] for source in document["sources"]) > 0
        assert run("list", "--json").document["sessions"] == []

    def test_the_demonstration_ends_as_it_says(self, run: Run) -> None:
        shown = run("demo")
        assert shown.code == 0
        assert "2 calls kept; the model was asked 2 times" in shown.out
        assert "2 calls answered; the model was asked 0 times" in shown.out
        assert "cause: messages[0]" in shown.out

    @pytest.mark.parametrize("verb", VERBS)
    def test_every_verb_explains_itself(self, run: Run, verb: str) -> None:
        shown = run(verb, "--help")
        assert shown.code == 0
        assert shown.out.startswith(f"Usage: reenact {verb}")

    def test_a_defect_shows_no_traceback_unless_asked(
        self, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from reenact.archive import Archive

        def fail(*_: object, **__: object) -> None:
            raise ZeroDivisionError("of ours")

        monkeypatch.setattr(Archive, "standing", fail)
        shown = run("list")
        assert shown.code == 1
        assert shown.err == (
            "error: ZeroDivisionError: of ours\nhint: this is a defect of reenact; --debug shows where\n"
        )


def test_an_agents_broken_settings_do_not_stop_a_checkup(run: Run, full_home: Path) -> None:
    (full_home / ".claude" / "settings.json").write_text("")
    assert run("doctor", "--json").document["installed"] is False


def test_in_a_narrow_terminal_titles_keep_their_room(
    run: Run, full_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del full_home
    monkeypatch.setenv("COLUMNS", "48")
    heading = run("list").out.splitlines()[0]
    assert ("title" in heading, "turns" in heading, len(heading) <= 48) == (True, False, True)


def test_what_cannot_be_read_is_in_the_document_too(run: Run, home: Path) -> None:
    database = home / ".local" / "share" / "opencode" / "opencode.db"
    database.parent.mkdir(parents=True)
    database.write_bytes(b"this is no database at all")
    said = run("import", "--json")
    (problem,) = said.document["problems"]
    assert (problem["agent"], problem["path"]) == ("opencode", str(database))
    assert said.err.count(str(database)) == 1


@pytest.mark.usefixtures("full_home")
@pytest.mark.parametrize("words", ["list --json", "show last -v", "export last --format jsonl", "doctor", ""])
def test_a_reader_that_has_enough_is_no_failure(run: Run, words: str) -> None:
    run("import")
    program = [sys.executable, "-m", "reenact", *words.split()]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as worker:
        assert worker.stdout is not None
        worker.stdout.close()
        assert worker.stderr is not None
        assert (worker.stderr.read(), worker.wait()) == (b"", 0)

"""What `doctor --install` changes, and that `--uninstall` leaves nothing of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reenact.errors import ConfigError
from reenact.ingest import keepup


def settings_of(home: Path) -> Path:
    return home / ".claude" / "settings.json"


def apply(changes: tuple[keepup.Change, ...]) -> None:
    for change in changes:
        change.apply()


def test_installing_the_hook_adds_one_command_that_imports(tmp_path: Path) -> None:
    apply(keepup.install("hook", {"HOME": str(tmp_path)}))
    hooks = json.loads(settings_of(tmp_path).read_text())["hooks"]["SessionEnd"]
    assert [entry["command"] for group in hooks for entry in group["hooks"]] == [
        f"{sys.executable} -m reenact import --quiet"
    ]


def test_installing_twice_changes_nothing_more(tmp_path: Path) -> None:
    variables = {"HOME": str(tmp_path)}
    apply(keepup.install("hook", variables))
    assert keepup.install("hook", variables) == ()
    apply(keepup.install("timer", variables))
    assert keepup.install("timer", variables) == ()


def test_uninstalling_leaves_the_settings_of_others_as_they_were(tmp_path: Path) -> None:
    variables = {"HOME": str(tmp_path)}
    path = settings_of(tmp_path)
    path.parent.mkdir()
    mine = {
        "model": "opus",
        "hooks": {"SessionEnd": [{"hooks": [{"type": "command", "command": "say bye"}]}], "Stop": []},
    }
    path.write_text(json.dumps(mine))
    path.chmod(0o640)
    apply(keepup.install("hook", variables))
    assert len(json.loads(path.read_text())["hooks"]["SessionEnd"]) == 2
    apply(keepup.uninstall(variables))
    assert json.loads(path.read_text()) == mine
    assert path.stat().st_mode & 0o777 == 0o640


def test_uninstalling_where_nothing_is_installed_plans_nothing(tmp_path: Path) -> None:
    assert keepup.uninstall({"HOME": str(tmp_path)}) == ()
    assert not settings_of(tmp_path).exists()


def test_the_timer_and_its_link_come_and_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    variables = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    apply(keepup.install("timer", variables))
    units = tmp_path / "config" / "systemd" / "user"
    link = units / "timers.target.wants" / "reenact-import.timer"
    assert link.resolve() == units / "reenact-import.timer"
    assert "reenact import --quiet" in (units / "reenact-import.service").read_text()
    apply(keepup.uninstall(variables))
    assert [path for path in units.rglob("*") if path.is_file() or path.is_symlink()] == []


def test_on_a_mac_the_timer_is_a_launch_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    (change,) = keepup.install("timer", {"HOME": str(tmp_path)})
    assert change.path.endswith("Library/LaunchAgents/reenact.import.plist")
    assert "<string>import</string>" in (change.after or "")


@pytest.mark.parametrize("text", ["{", "[]", '"x"'], ids=["torn", "list", "text"])
def test_settings_that_cannot_be_understood_are_left_alone(tmp_path: Path, text: str) -> None:
    path = settings_of(tmp_path)
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"settings\.json"):
        keepup.install("hook", {"HOME": str(tmp_path)})
    assert path.read_text() == text


commands = st.fixed_dictionaries({"type": st.just("command"), "command": st.sampled_from(["a", "b c"])})
groups = st.lists(st.fixed_dictionaries({"hooks": st.lists(commands, max_size=2)}), min_size=1, max_size=2)
settings = st.fixed_dictionaries(
    {},
    optional={
        "theme": st.just("dark"),
        "hooks": st.fixed_dictionaries({"Stop": groups}, optional={"SessionEnd": groups}),
    },
)


@given(settings)
def test_undoing_the_hook_gives_the_settings_back(before: dict[str, object]) -> None:
    there = keepup._with_hook(before, present=True)
    assert there != before
    assert keepup._with_hook(there, present=False) == before

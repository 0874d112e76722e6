"""Keeps the archive caught up without a daemon: an agent's end-of-session hook, or a user timer.

Each change is planned first (`Change`: file, text before and after), shown by the caller, and
written only when it is applied. Undoing takes out what was put in and leaves the rest alone.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from reenact.config import home_directory
from reenact.errors import ConfigError

MARK = "reenact import"
Way = Literal["hook", "timer"]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it is and as it is to be; None means that it does not exist.

    For a link the texts are what it points to.
    """

    path: str
    before: str | None
    after: str | None
    link: bool = False

    def apply(self) -> None:
        """Writes the file (atomically), or removes it."""
        path = Path(self.path)
        if self.after is None:
            path.unlink(missing_ok=True)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        if self.link:
            path.unlink(missing_ok=True)
            path.symlink_to(self.after)
            return
        staging = path.with_name(f"{path.name}.reenact-new")
        staging.write_text(self.after, encoding="utf-8")
        if path.exists():
            staging.chmod(path.stat().st_mode & 0o777)
        staging.replace(path)


def install(way: Way, variables: Mapping[str, str]) -> tuple[Change, ...]:
    """Plans what has to change so that imports happen by themselves; empty where they do already."""
    return _only_real(_hook(variables, present=True) if way == "hook" else _timer(variables, present=True))


def uninstall(variables: Mapping[str, str]) -> tuple[Change, ...]:
    """Plans what has to change so that nothing of `install` is left."""
    return _only_real((*_hook(variables, present=False), *_timer(variables, present=False)))


def traces(variables: Mapping[str, str]) -> tuple[str, ...]:
    """Gives the files that hold something of `install`; settings that nobody can read hold nothing of it."""
    try:
        return tuple(change.path for change in uninstall(variables))
    except ConfigError:
        return ()


def command() -> list[str]:
    """Gives the command that imports quietly, by the interpreter that runs now."""
    return [sys.executable, "-m", "reenact", "import", "--quiet"]


def _only_real(changes: tuple[Change, ...]) -> tuple[Change, ...]:
    return tuple(change for change in changes if change.before != change.after)


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), f"it cannot be read: {error}") from error


def _hook(variables: Mapping[str, str], *, present: bool) -> tuple[Change, ...]:
    """Plans Claude Code's SessionEnd hook in its settings (format: Claude Code 2.x `settings.json`)."""
    folder = variables.get("CLAUDE_CONFIG_DIR", "").split(",")[0]
    path = (Path(folder) if folder else home_directory(variables) / ".claude") / "settings.json"
    before = _read(path)
    if before is None and not present:
        return ()
    try:
        settings: Any = json.loads(before) if before else {}
    except ValueError as error:
        raise ConfigError(str(path), f"it is not JSON: {error}") from error
    if not isinstance(settings, dict):
        raise ConfigError(str(path), "it is not an object")
    after = _with_hook(settings, present=present)
    if after == settings:
        return ()
    text = json.dumps(after, indent=2, ensure_ascii=False) + "\n"
    return (Change(path=str(path), before=before, after=text),)


def _with_hook(settings: dict[str, Any], *, present: bool) -> dict[str, Any]:
    hooks = dict(settings.get("hooks") or {})
    groups = [group for group in hooks.get("SessionEnd") or [] if not _is_ours(group)]
    had = len(groups) != len(hooks.get("SessionEnd") or [])
    if present and had:
        return settings
    if present:
        groups.append({"hooks": [{"type": "command", "command": shlex.join(command()), "timeout": 60}]})
    if groups:
        hooks["SessionEnd"] = groups
    else:
        hooks.pop("SessionEnd", None)
    result = {**settings, "hooks": hooks}
    if not hooks:
        del result["hooks"]
    return result


def _is_ours(group: Any) -> bool:
    entries = group.get("hooks") if isinstance(group, dict) else None
    return any(isinstance(entry, dict) and MARK in str(entry.get("command", "")) for entry in entries or ())


def _timer(variables: Mapping[str, str], *, present: bool) -> tuple[Change, ...]:
    if sys.platform == "darwin":
        return (_launch_agent(variables, present=present),)
    folder = variables.get("XDG_CONFIG_HOME")
    base = (Path(folder) if folder else home_directory(variables) / ".config") / "systemd" / "user"
    service = (
        "[Unit]\nDescription=reenact import: keep agent transcripts before they are deleted\n\n"
        f"[Service]\nType=oneshot\nExecStart={shlex.join(command())}\nNice=10\n"
    )
    timer = (
        "[Unit]\nDescription=reenact import, daily\n\n"
        "[Timer]\nOnCalendar=daily\nPersistent=true\nRandomizedDelaySec=15min\n\n"
        "[Install]\nWantedBy=timers.target\n"
    )
    files = {base / "reenact-import.service": service, base / "reenact-import.timer": timer}
    link = base / "timers.target.wants" / "reenact-import.timer"
    return (
        *(
            Change(path=str(path), before=_read(path), after=text if present else None)
            for path, text in files.items()
        ),
        Change(
            path=str(link),
            before=os.readlink(link) if link.is_symlink() else None,
            after=str(base / "reenact-import.timer") if present else None,
            link=True,
        ),
    )


def _launch_agent(variables: Mapping[str, str], *, present: bool) -> Change:
    path = home_directory(variables) / "Library" / "LaunchAgents" / "reenact.import.plist"
    words = "".join(f"<string>{os.fsdecode(word)}</string>" for word in command())
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0"><dict>'
        "<key>Label</key><string>reenact.import</string>"
        f"<key>ProgramArguments</key><array>{words}</array>"
        "<key>StartCalendarInterval</key><dict><key>Hour</key><integer>12</integer></dict>"
        "<key>RunAtLoad</key><true/></dict></plist>\n"
    )
    return Change(path=str(path), before=_read(path), after=text if present else None)

"""Another process that works on the live sessions of archives, and who talks to it.

`python -m tests.sessions.elsewhere` reads commands, one a line, like `[FOLDER, "inject", "chat", "user", "text"]`, and
answers in JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.recorder.rooms import archive_in

from reenact.errors import ReenactError
from reenact.sessions import LiveSessions


class Elsewhere:
    """Another process."""

    def __init__(self) -> None:
        words = [sys.executable, "-m", "tests.sessions.elsewhere"]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, folder: Path, *words: Any) -> dict[str, Any]:
        """Has something done in the archive of a folder."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([str(folder), *words]) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def leave(self) -> None:
        """Lets it end."""
        self._process.communicate()
        assert self._process.returncode == 0


def obey(live: LiveSessions, verb: str, name: str, more: list[Any]) -> Any:
    match verb:
        case "texts":
            return [message.text for message in live.read(name).messages()]
        case "read":
            return live.read(name).length()
        case "close":
            live.get(name).close()
        case "inject":
            live.open(name).inject(*more)
        case "add":
            with live.open(name) as chat:
                chat.inject(*more)
                return chat.length()
        case _:
            raise ValueError(verb)
    return None


def main() -> None:
    stack, folder, live = ExitStack(), "", None
    for line in sys.stdin:
        where, verb, name, *more = json.loads(line)
        if where != folder or live is None:
            stack.close()
            folder, live = where, stack.enter_context(archive_in(Path(where))).live()
        try:
            answer: Any = {"ok": obey(live, verb, name, more)}
        except ReenactError as error:
            answer = {"error": type(error).__name__, "message": error.message, "hint": error.hint}
        print(json.dumps(answer), flush=True)
    stack.close()


if __name__ == "__main__":
    main()

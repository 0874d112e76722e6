"""Another process that works on an archive's live sessions, one command a line; answers are JSON.

`python -m tests.sessions.elsewhere FOLDER` reads commands like `["inject", "chat", "user", "text"]`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.recorder.rooms import archive_in

from reenact.errors import ReenactError
from reenact.sessions import LiveSessions


def obey(live: LiveSessions, words: list[Any]) -> Any:
    verb, name, *more = words
    match verb:
        case "texts":
            return [message.text for message in live.read(name).messages()]
        case "close":
            live.get(name).close()
        case "open":
            live.open(name)
        case "inject":
            live.open(name).inject(*more)
        case "trim":
            return live.open(name).trim(*more)
        case _:
            raise ValueError(verb)
    return None


def main(folder: Path) -> None:
    with archive_in(folder) as archive:
        for line in sys.stdin:
            try:
                answer: Any = {"ok": obey(archive.live(), json.loads(line))}
            except ReenactError as error:
                answer = {"error": type(error).__name__, "message": error.message, "hint": error.hint}
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

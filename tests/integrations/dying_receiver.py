"""A receiver that dies at the k-th boundary of its writes.

`python -m tests.integrations.dying_receiver FOLDER STEP` feeds `FOLDER/batches.json` (a list of exports) to a receiver
on each of the archives FOLDER/<k>; which of them were acknowledged is in FOLDER/<k>.told, one letter each.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.integrations.rooms import archive_in
from tests.recorder import dying

from reenact.integrations.otlp import Receiver, Spool


def live(folder: Path, told: int) -> None:
    batches = json.loads((folder.parent / "batches.json").read_text())
    with archive_in(folder) as archive:
        receiver = Receiver(archive, Spool(archive.path / "incoming", archive.guard.value))
        for batch in batches:
            status, message = receiver.take(json.dumps(batch).encode())
            if status != 200:
                raise RuntimeError(message)
            dying.REAL(told, b".")
        receiver.close()


if __name__ == "__main__":
    setattr(dying, "live", live)  # noqa: B010 - what it lets die
    dying.main(Path(sys.argv[1]), int(sys.argv[2]))

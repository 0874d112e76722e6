"""Adds to the kept file of the present format one full record of every kind that it lacks.

Run `python -m tests.events.keep` after a new kind was added. Lines that are there never change:
they are what archives hold. A new format version begins a new file.
"""

from __future__ import annotations

from pathlib import Path

from tests.events.values import sample

from reenact.events import FORMAT, KINDS, decode_record, encode_record

FORMATS = Path(__file__).parent.parent / "data" / "formats"


def main() -> None:
    path = FORMATS / f"v{FORMAT}.jsonl"
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    kept = {decode_record(line).body.kind for line in lines}
    lacking = [kind for kind in KINDS if kind not in kept]
    lines += [encode_record(sample(kind, len(lines) + 1 + index)) for index, kind in enumerate(lacking)]
    path.write_bytes(b"".join(lines))


if __name__ == "__main__":
    main()

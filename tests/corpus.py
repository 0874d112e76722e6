"""Where genuine sessions lie beside the checkout, and what the other side of the wire wrote down of them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

CORPUS = Path(os.environ.get("REENACT_CORPUS") or Path(__file__).parents[2] / "shared" / "corpus")
GENERATED = CORPUS / "generated"
"""What real clients were made to do, with books: `<client>-<version>/<scenario>/`."""


def scenarios(*clients: str) -> list[Path]:
    """Gives the folders of what these clients were made to do; each has a `log` and an `oracle.json`."""
    return sorted(path.parent for client in clients for path in GENERATED.glob(f"{client}-*/**/oracle.json"))


def title(scenario: Path) -> str:
    return scenario.relative_to(GENERATED).as_posix()


def oracle_of(scenario: Path) -> Any:
    """Gives what the scripted endpoint wrote into its own books."""
    return json.loads((scenario / "oracle.json").read_text())


def wire_of(scenario: Path, kind: str) -> list[Any]:
    """Gives the requests (`req`) or the answers (`resp`) as they went over the wire."""
    return [json.loads(path.read_text()) for path in sorted((scenario / "wire").glob(f"*.{kind}.json"))]

"""Runs benchmarks and keeps their figures: `python -m bench [NAME…]`, `make bench ARGS="NAME…"`.

Figures are ratios or differences within one run, so that they hold on any machine; what the machine
was is kept beside them. Results of benchmarks that were not run stay in `bench/results.json`.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

from bench.figures import Figure

RESULTS = Path(__file__).with_name("results.json")
NAMES = ("replay", "search", "importing", "reading", "recording", "following", "live")
HEAVY = ("heavy", "page")
"""Run only when named: they take long."""


def main(names: list[str]) -> int:
    known = (*NAMES, *HEAVY)
    unknown = set(names) - set(known)
    if unknown:
        print(f"error: no benchmark is called {', '.join(sorted(unknown))}; there are: {', '.join(known)}")
        return 2
    missed = 0
    for name in names or NAMES:
        print(f"{name}:", flush=True)
        figures: list[Figure] = []
        for figure in importlib.import_module(f"bench.{name}").measure():
            print(f"  {figure.line()}", flush=True)
            figures.append(figure)
            missed += figure.met is False
        keep(name, figures)
    return 1 if missed else 0


def keep(name: str, figures: list[Figure]) -> None:
    """Puts a benchmark's figures beside those of the others."""
    kept: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    kept[name] = {**machine(), "figures": [figure.kept() for figure in figures]}
    RESULTS.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")


def machine() -> dict[str, Any]:
    return {
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
        "python": platform.python_version(),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

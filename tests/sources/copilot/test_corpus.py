"""Genuine sessions of Copilot CLI, imported whole, against what really went over the wire."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tests.corpus import scenarios, title
from tests.ingest.corpus import CATEGORIES, GenuineSessions
from tests.ingest.machines import imported

SCENARIOS = scenarios("copilot")

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not SCENARIOS, reason="no corpus lies beside the checkout"),
]


@pytest.fixture(params=SCENARIOS, ids=title)
def scenario(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


class TestGenuineSessions(GenuineSessions):
    def side(self, oracle: dict[str, Any]) -> Counter[str]:
        # The call that compacts is stated apart, without its reasoning; it is a side session here.
        compacted = oracle["usage_totals"].get("side", {})
        return Counter({name: compacted.get(name, 0) for name in CATEGORIES if name != "reasoning"})

    def test_a_transcript_is_kept_byte_for_byte(self, scenario: Path, tmp_path: Path) -> None:
        with imported(tmp_path, scenario / "log") as archive:
            for row in archive.sessions():
                if row.source_path and row.kind == "main":
                    kept = b"".join(archive.export_native(row.id))
                    assert kept == Path(row.source_path).read_bytes()

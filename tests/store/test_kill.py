"""The importer, the indexer, the writer, the sealer and the collector, killed wherever they stand."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.store.builders import FlatPricer, header, key
from tests.store.worker import NAMES, bring_up

from reenact.clock import SystemClock
from reenact.store import Filter, LocalStore, open_store

ROOT = Path(__file__).parents[2]
ROUNDS = int(os.environ.get("REENACT_KILLS", "15"))
OF_ONE = 50
"""Kills that one archive goes through; then another begins, for each round reads all that is there."""


def answers(store: LocalStore) -> tuple[object, ...]:
    rows = store.sessions(Filter())
    return (
        rows,
        list(store.entries(Filter())),
        store.rollups(Filter()),
        {row.id: [event.id for event in store.events(row.id)] for row in rows},
    )


def run_until_killed(root: Path, seed: int) -> int:
    """Lets a worker go on until it is killed; gives the seq of the last event that it acknowledged."""
    worker = subprocess.run(
        [sys.executable, "-m", "tests.store.worker", str(root), str(seed)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}/src{os.pathsep}{ROOT}"},
        check=False,
    )
    assert worker.returncode == -signal.SIGALRM
    acknowledged = worker.stdout.split(b"\n")[:-1]
    return int(acknowledged[-1]) if acknowledged else 0


@pytest.mark.crash
@pytest.mark.parametrize("first", range(0, ROUNDS, OF_ONE))
def test_what_was_acknowledged_survives_kills_and_answers_are_those_of_a_fresh_index(
    tmp_path: Path, first: int
) -> None:
    root = tmp_path / "archive"
    for seed in range(first, min(first + OF_ONE, ROUNDS)):
        acknowledged = run_until_killed(root, seed)
        store = open_store(root, clock=SystemClock(), pricer=FlatPricer())
        damage = [found for found in store.verify() if found.severity != "note"]
        assert damage == []
        store.catch_up()
        seqs = [event.seq for event in store.events("rec")]
        assert seqs == list(range(1, len(seqs) + 1))
        assert len(seqs) >= acknowledged
        store.close()
    store = open_store(root, clock=SystemClock(), pricer=FlatPricer())
    for name in NAMES:
        if store.original(key(name).id) is not None:
            bring_up(store, name)
    before = answers(store)
    store.clear_cache()
    store.catch_up()
    for name in NAMES:
        if store.original(key(name).id) is not None:
            bring_up(store, name)
    assert answers(store) == before
    store.writer(header("rec")).close()
    store.close()

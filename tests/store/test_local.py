from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.store.builders import FlatPricer
from tests.store.contract import StoreContract

from reenact.clock import SystemClock
from reenact.store import Store, open_store


class TestLocalStore(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        store = open_store(tmp_path / "archive", clock=SystemClock(), pricer=FlatPricer())
        yield store
        store.close()

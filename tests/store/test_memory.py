import pytest
from tests.store.builders import FlatPricer
from tests.store.contract import StoreContract

from reenact.clock import ManualClock
from reenact.store import MemoryStore, Store


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def store(self) -> Store:
        return MemoryStore(clock=ManualClock(), pricer=FlatPricer())

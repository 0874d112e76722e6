"""The index when the disk has no room left."""

import errno
from pathlib import Path

import pytest

from reenact.store.index import Index


def test_a_full_disk_is_said_as_such_and_takes_nothing(tmp_path: Path) -> None:
    index = Index(tmp_path / "core.db")
    with index.writing() as connection:
        connection.execute("CREATE TABLE kept (text)")
        connection.execute("INSERT INTO kept VALUES ('before')")
        connection.execute("PRAGMA max_page_count=1")
    with pytest.raises(OSError, match="No space left on device") as raised, index.writing() as connection:
        connection.execute("INSERT INTO kept VALUES (zeroblob(1000000))")
    assert raised.value.errno == errno.ENOSPC
    with index.writing() as connection:
        assert connection.execute("SELECT count(*) FROM kept").get == 1
    index.close()

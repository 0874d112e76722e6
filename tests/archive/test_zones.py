"""The viewer's zone, whichever way the environment says it."""

import pytest

from reenact.archive import zones
from reenact.errors import UsageError


@pytest.mark.parametrize(
    ("stated", "name"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        (":America/New_York", "America/New_York"),
        ("/usr/share/zoneinfo/Asia/Tokyo", "Asia/Tokyo"),
        ("EST5EDT", "EST5EDT"),
        ("<+03>-3", "UTC"),
        ("Nowhere/Land", "UTC"),
        ("/nowhere", "UTC"),
        ("../../etc/passwd", "UTC"),
    ],
)
def test_every_form_of_tz_gives_a_zone(stated: str, name: str) -> None:
    assert zones.here({"TZ": stated}) == name


def test_without_tz_the_machine_has_a_zone() -> None:
    assert zones.zone(zones.here({})).key


def test_a_zone_that_somebody_asked_for_must_exist() -> None:
    with pytest.raises(UsageError, match="is no time zone"):
        zones.zone("Nowhere/Land")

"""The door of the room: every public name is there, and none is loaded before it is asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

from reenact import wire


def test_every_public_name_is_there_and_explained() -> None:
    names = wire.__all__
    assert names == sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    for name in names:
        value = getattr(wire, name)
        if callable(value) and getattr(value, "__module__", "").startswith("reenact"):
            assert value.__doc__, name


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="unheard_of"):
        wire.unheard_of  # noqa: B018  # that is the point


def test_the_journal_alone_does_not_load_the_whole_dialect() -> None:
    code = "import sys; import reenact.wire.anthropic.journal; print(sorted(n for n in sys.modules if n.startswith('reenact.wire')))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == str(
        ["reenact.wire", "reenact.wire.anthropic", "reenact.wire.anthropic.journal", "reenact.wire.canonical"]
    )

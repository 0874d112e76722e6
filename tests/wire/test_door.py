"""The doors of the room: every public name is there, and none is loaded before it is asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

from reenact import wire
from reenact.wire import anthropic, gemini, openai_chat, openai_responses

each_room = pytest.mark.parametrize(
    "room",
    [wire, anthropic, gemini, openai_chat, openai_responses],
    ids=["wire", "wire.anthropic", "wire.gemini", "wire.openai_chat", "wire.openai_responses"],
)


@each_room
def test_every_public_name_is_there_and_explained(room: object) -> None:
    names: list[str] = getattr(room, "__all__")  # noqa: B009  # a module is an object to mypy
    assert names == sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    for name in names:
        value = getattr(room, name)
        if callable(value) and getattr(value, "__module__", "").startswith("reenact"):
            assert value.__doc__, name


@each_room
def test_an_unknown_name_is_an_attribute_error(room: object) -> None:
    with pytest.raises(AttributeError, match="unheard_of"):
        room.unheard_of  # type: ignore[attr-defined]  # noqa: B018  # that is the point


def test_the_journal_alone_does_not_load_the_whole_dialect() -> None:
    code = "import sys; import reenact.wire.anthropic.journal; print(sorted(n for n in sys.modules if n.startswith('reenact.wire')))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == str(
        ["reenact.wire", "reenact.wire.anthropic", "reenact.wire.anthropic.journal", "reenact.wire.canonical"]
    )

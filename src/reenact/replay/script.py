"""A script: the exchanges of a session, arranged for playing back."""

from __future__ import annotations

import msgspec

from reenact.replay.model import Exchange, Fidelity
from reenact.wire.declared import Declared


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """The recorded calls in order of arrival, and what the recorded run declared about itself."""

    exchanges: tuple[Exchange, ...]
    declared: Declared = Declared()
    rules: tuple[object, ...] = ()
    fidelity: Fidelity = "wire"
    warnings: tuple[str, ...] = ()

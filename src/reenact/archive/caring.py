"""Looking after what is kept: what `doctor` tells of an archive and of the machine around it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from reenact import config as configuration
from reenact.archive.values import Checkup
from reenact.ingest import keepup, secrets

if TYPE_CHECKING:
    from reenact.archive.facade import Archive

_DAY = 86_400_000_000
_SCAN_LIMIT = 1 << 30


def checkup(archive: Archive, *, days: int, everything: bool) -> Checkup:
    """Looks at what is at risk, odd, secret or large; secrets in the newest GB unless `everything`."""
    horizon = archive.clock.now() + days * _DAY
    traces = keepup.traces(archive.variables)
    scan = secrets.scan(archive.store, archive.guard.find, limit=None if everything else _SCAN_LIMIT)
    config = configuration.config_path(archive.variables)
    return Checkup(
        risks=tuple(risk for risk in archive.risks() if risk.retention.deletes_at <= horizon),
        problems=tuple(archive.problems()),
        drift=tuple(archive.store.drift()),
        warnings=tuple(archive.store.warnings(limit=10_000)),
        secrets=scan,
        sizes=tuple(archive.store.sizes()),
        incoming=archive.incoming(),
        source_bytes=archive.source_bytes(),
        paths=(
            str(archive.path),
            *([archive.variables["REENACT_CACHE"]] if archive.variables.get("REENACT_CACHE") else []),
            *([str(config)] if os.path.exists(config) else []),
            *traces,
        ),
        installed=bool(traces),
        prices=archive.prices.version,
    )

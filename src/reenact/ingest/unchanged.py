"""Tells transcripts of which all is kept and derived from those that have to be looked at."""

from __future__ import annotations

from reenact.ingest import content
from reenact.ingest.find import Found
from reenact.sources import Source
from reenact.store import Store


class Unchanged:
    """What the store had settled when it was asked: one question for all transcripts."""

    def __init__(self, store: Store) -> None:
        self._settled = store.settled()
        self._removed = store.removed()
        self._parsers: dict[int, str] = {}

    def holds(self, item: Found) -> bool:
        """Tells whether a transcript lies as it was kept, and its events are those of its parser now."""
        transcript = item.transcript
        known = self._settled.get(transcript.path)
        return (
            known is not None
            and known.look == (transcript.size, transcript.mtime_ns, transcript.inode)
            and known.parser == self._parser(item.source)
            and known.key == transcript.key
            and known.agent == transcript.agent
            and known.original not in self._removed
            and known.sidecars == (content.marks_of(transcript.sidecars) if transcript.sidecars else "")
        )

    def _parser(self, source: Source) -> str:
        found = self._parsers.get(id(source))
        if found is None:
            found = self._parsers[id(source)] = f"{source.agent}/{source.parser_version}"
        return found

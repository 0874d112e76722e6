"""Shows a source all kept states of a document before any of them is read, where the source asks for it."""

from __future__ import annotations

from contextlib import closing

from reenact.ingest.lines import document
from reenact.sources import Hindsight, Rewriting, Source
from reenact.store import Original, Store


def of_states(store: Store, source: Source, original: Original) -> Hindsight | None:
    """Gives what the generations of a document tell of each other; None where there is nothing to tell."""
    is_one = original.key.layout != "document" or len(original.generations) < 2
    if is_one or not isinstance(source, Rewriting):
        return None
    found = source.hindsight()
    for generation in original.generations:
        with closing(store.open_original(original.key.id, generation.number)) as stream:
            for line in document(stream):
                found.learn(line)
    return found

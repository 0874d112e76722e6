"""Derives again what is kept and not derived: after a cache was lost, or with parsers of a newer version."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reenact.ingest.backfill import Progress
from reenact.ingest.derive import derive, made_from
from reenact.sources import Source
from reenact.store import Store


def begin(store: Store, sources: Sequence[Source]) -> None:
    """Takes note that nothing is left to derive in an archive that keeps nothing yet."""
    if store.derived_by() is None and next(iter(store.originals()), None) is None:
        store.note_derived_by(_parsers(sources))


def derive_all(
    store: Store,
    sources: Sequence[Source],
    *,
    progress: Callable[[Progress], None] | None,
    is_over: Callable[[], bool] = lambda: False,
) -> int:
    """Derives what is kept and not derived by these sources' parsers; gives the number of events.

    A cache that was lost, or an index of another version, is filled again by it, also with what no
    agent has any more. Does nothing where it once came to its end; goes on where its time was over.
    """
    if store.derived_by() == _parsers(sources):
        return 0
    events = _derive_rest(store, sources, progress, is_over)
    if events is not None:
        store.note_derived_by(_parsers(sources))
    return events or 0


def _derive_rest(
    store: Store,
    sources: Sequence[Source],
    progress: Callable[[Progress], None] | None,
    is_over: Callable[[], bool],
) -> int | None:
    """Derives what is left; None where the time did not suffice."""
    by_agent = {source.agent: source for source in sources}
    left = [
        (original, source)
        for original in store.originals()
        if (source := by_agent.get(original.key.agent)) is not None
        and store.derived(original.key.id) != made_from(source, original)
    ]
    sizes = [sum(generation.length for generation in original.generations) for original, _ in left]
    done = events = 0
    for number, ((original, source), size) in enumerate(zip(left, sizes, strict=True)):
        if is_over():
            return None
        if progress is not None:
            told = Progress(
                done_bytes=done, total_bytes=sum(sizes), done=number, total=len(left), path=original.key.key
            )
            progress(told)
        try:
            events += derive(store, source, original).events
        except OSError:
            raise
        except Exception:  # noqa: BLE001, S112 - a source is a plug-in; an import of the transcript names its defect
            continue
        done += size
    return events


def _parsers(sources: Sequence[Source]) -> str:
    return ", ".join(sorted(f"{source.agent}/{source.parser_version}" for source in sources))

"""A session as its agent wrote it: the kept bytes, unchanged."""

from __future__ import annotations

from collections.abc import Iterator

from reenact.errors import NotFoundError
from reenact.store import Filter, Original, Store

_PIECE = 1 << 20


def native(store: Store, session: str, *, generation: int | None = None) -> Iterator[bytes]:
    """Yields the bytes of the transcript that a session was imported from.

    Sub-agents that their agent wrote into the same file come with it.

    Args:
        store: where it is kept.
        session: the session's id.
        generation: which state of the transcript; the newest where None.

    Raises:
        NotFoundError: the session has no transcript, or not that generation of it.
    """
    original = _original(store, session)
    numbers = [each.number for each in original.generations]
    number = numbers[-1] if generation is None else generation
    if number not in numbers:
        raise NotFoundError(
            f"the transcript of {session} has no generation {number}",
            hint=f"it has {', '.join(map(str, numbers))}",
        )
    return _pieces(store, original.key.id, number)


def _original(store: Store, session: str) -> Original:
    rows = store.sessions(Filter(sessions=(session,)))
    original_id = rows[0].original if rows else None
    original = store.original(original_id) if original_id is not None else None
    if original is None or not original.generations:
        raise NotFoundError(
            f"the session {session} was not imported from a transcript",
            hint="`--format jsonl` exports what was recorded",
        )
    return original


def _pieces(store: Store, original: str, generation: int) -> Iterator[bytes]:
    with store.open_original(original, generation) as stream:
        while piece := stream.read(_PIECE):
            yield piece

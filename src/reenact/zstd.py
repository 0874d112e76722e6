"""Unpacks zstd frames without believing what their heads claim: a damaged one may claim any size."""

from __future__ import annotations

import zstandard

DENSEST = 32 * 1024
"""Bytes that one byte of a frame can stand for at most: a block of 128 KB takes four."""


def unpack(
    data: bytes, *, most: int | None = None, dictionary: zstandard.ZstdCompressionDict | None = None
) -> bytes:
    """Gives what a frame holds.

    Args:
        data: the whole frame, and nothing else.
        most: how many bytes it holds at most, where that is known.
        dictionary: what it was packed against.

    Raises:
        zstandard.ZstdError: it is damaged, or claims to hold more than it can.
    """
    limit = len(data) * DENSEST
    if zstandard.frame_content_size(data) > (limit if most is None else min(limit, most)):
        raise zstandard.ZstdError("it claims to hold more than it can")
    try:
        return zstandard.ZstdDecompressor(dict_data=dictionary).decompress(data, max_output_size=most or 0)
    except MemoryError as error:
        raise zstandard.ZstdError("it claims to hold more than there is memory for") from error

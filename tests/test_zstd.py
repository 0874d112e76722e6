"""Packed bytes are read back, and no head is believed that claims more than its frame can hold."""

from __future__ import annotations

import pytest
import zstandard

from reenact import zstd


def packed(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


def claiming(size: int, data: bytes = b"as it was") -> bytes:
    """Gives a frame whose head claims another size than its content has (RFC 8878, 3.1.1.1)."""
    return packed(data)[:4] + b"\xe0" + size.to_bytes(8, "little") + packed(data)[6:]


@pytest.mark.parametrize("data", [b"", b"as it was", b"a" * 50_000_000, bytes(range(256)) * 4096])
def test_what_was_packed_is_read_back(data: bytes) -> None:
    assert zstd.unpack(packed(data)) == zstd.unpack(packed(data), most=len(data)) == data


def test_what_was_packed_against_other_bytes_is_read_back_with_them() -> None:
    beside = zstandard.ZstdCompressionDict(b"as it was " * 100, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    data = zstandard.ZstdCompressor(dict_data=beside).compress(b"as it was and is")
    assert zstd.unpack(data, dictionary=beside) == b"as it was and is"


@pytest.mark.parametrize("size", [10, 2**20, 2**40, 2**62, 2**64 - 3])
def test_a_head_that_claims_too_much_is_damage(size: int) -> None:
    assert zstandard.frame_content_size(claiming(9)) == 9
    assert zstd.unpack(claiming(9)) == b"as it was"
    for most in (None, 9):
        with pytest.raises(zstandard.ZstdError):
            zstd.unpack(claiming(size), most=most)


@pytest.mark.parametrize("data", [b"", b"no frame", packed(b"as it was")[:-3]])
def test_what_is_no_frame_is_damage(data: bytes) -> None:
    with pytest.raises(zstandard.ZstdError):
        zstd.unpack(data)


def test_a_frame_for_which_there_is_no_memory_is_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def __init__(self, **_: object) -> None:
            pass

        def decompress(self, *_: object, **__: object) -> bytes:
            raise MemoryError

    monkeypatch.setattr(zstandard, "ZstdDecompressor", Full)
    with pytest.raises(zstandard.ZstdError, match="memory"):
        zstd.unpack(packed(b"as it was"))

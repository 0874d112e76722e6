"""Bytes as damage and malice leave them: kept seeds, cut, spliced, repeated, with hostile pieces put in.

`tests/data/fuzz/<target>/` holds the seeds of each target; an input that ever broke something is added there.
"""

from __future__ import annotations

from pathlib import Path

from hypothesis import strategies as st

DATA = Path(__file__).parents[1] / "data"
HOSTILE = (
    b"\x00", b"\x00" * 64, b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\n", b"\r\n", b"\xed\xa0\x80", b"\\ud800",
    b"{", b"}", b"[", b"]", b'"', b"\\", b",", b":", b"null", b"true", b"NaN", b"-0", b"1e999", b"-1",
    b"9" * 40, b"9223372036854775808", b'{"a":' * 300, b"[" * 2000, b'""', b"{}", b"[]", b"../../x", b"/etc/x",
    b"\x1b]0;t\x07", b"\x1b[2J", b"\xe2\x80\xae", b"\xf0\x9f\x91\xa9\xe2\x80\x8d", b"<script>", b"A" * 5000,
)  # fmt: skip


def seeds(target: str) -> list[bytes]:
    """Gives the kept corpus of a target."""
    found = [path.read_bytes() for path in sorted((DATA / "fuzz" / target).iterdir())]
    assert found, target
    return found


def transcripts(agent: str) -> list[bytes]:
    """Gives small transcripts of an agent, whole: genuine ones, else those kept among the seeds."""
    if (DATA / "fuzz" / agent).is_dir():
        return seeds(agent)
    pattern = (
        "claude-*/*/.claude/projects/*/*.jsonl" if agent == "claude_code" else "codex-*/*/.codex/**/*.jsonl"
    )
    found = [path.read_bytes() for path in sorted((DATA / "transcripts").glob(pattern))]
    return [data for data in found if 0 < len(data) < 40_000]


@st.composite
def damaged(draw: st.DrawFn, among: list[bytes], *, most: int = 4) -> bytes:
    """Draws a seed, or any bytes, with up to so many changes in it."""
    data = bytearray(draw(st.sampled_from(among)))
    for _ in range(draw(st.integers(0, most))):
        begin = draw(st.integers(0, len(data)))
        end = draw(st.integers(begin, min(len(data), begin + 200)))
        match draw(st.sampled_from(["cut", "insert", "put", "any", "repeat", "splice", "flip"])):
            case "cut":
                del data[begin:end]
            case "insert":
                data[begin:begin] = draw(st.sampled_from(HOSTILE))
            case "put":
                data[begin:end] = draw(st.sampled_from(HOSTILE))
            case "any":
                data[begin:end] = draw(st.binary(max_size=20))
            case "repeat":
                data[end:end] = data[begin:end] * draw(st.integers(1, 3))
            case "splice":
                other = draw(st.sampled_from(among))
                data[begin:] = other[draw(st.integers(0, len(other))) :]
            case _ if begin < len(data):
                data[begin] ^= 1 << draw(st.integers(0, 7))
            case _:
                pass
    return bytes(data)

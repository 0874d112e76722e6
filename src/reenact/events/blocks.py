"""Content blocks of messages and the values that many bodies share."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Role = Literal["user", "assistant", "system", "tool"]
Quality = Literal["measured", "partial", "estimated"]
"""How far a count is to be trusted: as billed, a lower bound, or a guess."""
ToolKind = Literal[
    "shell", "file_read", "file_write", "file_edit", "search", "sub_agent", "web", "notebook", "other"
]


class Value(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A plain frozen value inside a body."""


class Block(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    tag_field="type",
):
    """One block of a message's content."""


class Text(Block, frozen=True, kw_only=True, tag="text"):
    """What was said, in words."""

    text: str
    extra: dict[str, Any] | None = None
    """What else the source said of this block (citations, cache marks)."""


class Image(Block, frozen=True, kw_only=True, tag="image"):
    """An image: base64 `data`, or a `url`, or the name of a stored `blob`."""

    media_type: str | None = None
    data: str | None = None
    url: str | None = None
    blob: str | None = None


class Audio(Block, frozen=True, kw_only=True, tag="audio"):
    media_type: str | None = None
    data: str | None = None
    url: str | None = None
    blob: str | None = None


class File(Block, frozen=True, kw_only=True, tag="file"):
    name: str | None = None
    media_type: str | None = None
    data: str | None = None
    url: str | None = None
    blob: str | None = None
    text: str | None = None


class Reasoning(Block, frozen=True, kw_only=True, tag="reasoning"):
    """Thinking. `signature` and `encrypted` are protocol values that must survive untouched."""

    text: str = ""
    summary: str | None = None
    signature: str | None = None
    encrypted: str | None = None
    id: str | None = None


class ToolCall(Block, frozen=True, kw_only=True, tag="tool_call"):
    """A call the model asked for. `input` is JSON, or text where the tool takes free text."""

    call: str
    name: str
    input: Any = None
    server: bool = False
    """True where the provider runs the tool itself."""


class ToolResult(Block, frozen=True, kw_only=True, tag="tool_result"):
    """What a tool gave back, as the model was shown it."""

    call: str
    output: Any = None
    is_error: bool = False


class Other(Block, frozen=True, kw_only=True, tag="other"):
    """A block of a kind we do not know, kept as it was."""

    raw: Any


AnyBlock = Text | Image | Audio | File | Reasoning | ToolCall | ToolResult | Other
"""Any block of a message's content."""


class Tokens(Value, frozen=True, kw_only=True):
    """Token counts of one model response. Total = input + cache_read + cache_write + output.

    `input` is what was neither read from nor written to a cache. `cache_write_5m` and
    `cache_write_1h` are parts of `cache_write` where the source tells them apart (else None).
    `output` includes `reasoning`, which is None where the source does not tell it.
    """

    input: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cache_write_5m: int | None = None
    cache_write_1h: int | None = None
    output: int = 0
    reasoning: int | None = None

    @property
    def total(self) -> int:
        return self.input + self.cache_read + self.cache_write + self.output


class Repository(Value, frozen=True, kw_only=True):
    """The version control state a session started in."""

    head: str | None = None
    branch: str | None = None
    remote: str | None = None
    dirty: bool | None = None


class RequestRef(Value, frozen=True, kw_only=True):
    """A model request by content: hashes of its parts (algorithm tag included).

    `messages` are the hashes of all messages; where `base` names an earlier exchange, the list is
    that exchange's first `keep` messages followed by `messages`.
    """

    shape: str | None = None
    messages: tuple[str, ...] = ()
    base: str | None = None
    keep: int = 0
    unresolved: tuple[str, ...] = ()
    """Hashes whose message the source no longer holds."""
    field: str = "messages"
    """The member of the body that the messages are taken from; the shape is the body without it."""
    parts: dict[str, str] = {}
    """JSON of the small parts that this request is the first of its session to name; others are blobs."""


class Tape(Value, frozen=True, kw_only=True):
    """How a response went over the wire: status, kept headers, body blob and chunk times (µs since start)."""

    status: int
    headers: dict[str, str] = {}
    body: str | None = None
    text: str | None = None
    """The body itself where it is small; `body` then names it without a blob."""
    chunks: tuple[tuple[int, int], ...] = ()
    end: Literal["complete", "client_abort", "upstream_error", "truncated"] = "complete"


class PlanItem(Value, frozen=True, kw_only=True):
    text: str
    status: str = "pending"
    id: str | None = None

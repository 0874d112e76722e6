"""Requests for embeddings: a text or a list of texts, answered with vectors. There are no streams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reenact.events import Tokens, blocks
from reenact.wire import canonical
from reenact.wire.counted import prepare_params, value_of
from reenact.wire.dialect import Route
from reenact.wire.fingerprint import Part, Prepared
from reenact.wire.openai import DROPPED, OpenAi, read_reply
from reenact.wire.reply import Outline, Reply, Stream, count, text_of
from reenact.wire.request import Layout

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reenact.events.blocks import AnyBlock
    from reenact.wire.canonical import Json, Object
    from reenact.wire.diff import Words
    from reenact.wire.request import Form


class _OpenAiEmbeddings(OpenAi):
    name = "openai-embeddings"
    layout = Layout(messages="input", heads=(), takes_text=True)

    def route(self, method: str, path: str) -> Route | None:
        base = path.partition("?")[0].rstrip("/")
        return Route(name=base) if method == "POST" and base.endswith("/embeddings") else None

    def prepare(self, part: Part) -> Prepared:
        value = value_of(part)
        if part.kind == "params":
            return prepare_params(value, transport=frozenset(), dropped=DROPPED)
        return Prepared(exact=value, value=value)

    def words(self) -> Words:
        from reenact.wire.diff import Words

        return Words(self.prepare, container=None, block=lambda *_: (None, None))

    def user_text(self, message: Json) -> str:
        del message
        return ""  # texts to embed are no instructions

    def parse_reply(self, body: bytes, *, status: int = 200) -> Reply:
        return read_reply(body, status=status, holds="data")

    def assemble(self, body: bytes) -> Stream:
        del body
        return Stream(defects=("embeddings are not streamed",))

    def render(self, message: Mapping[str, Json], form: Form) -> tuple[bytes, ...]:
        del form
        return (canonical.dump(dict(message)),)

    def outline(self, message: Mapping[str, Json]) -> Outline:
        return Outline(model=text_of(dict(message), "model"), is_final=True)

    def tokens(self, message: Mapping[str, Json]) -> Tokens | None:
        used = count(message.get("usage"), "prompt_tokens")
        return None if used is None else Tokens(input=used)

    def blocks(self, message: Mapping[str, Json]) -> Iterator[AnyBlock]:
        data = message.get("data")
        if isinstance(data, list):  # the vectors themselves are on the tape
            yield blocks.Other(raw={"type": "embeddings", "count": len(data)})

    def stub(self, model: str | None, text: str) -> Object:
        del text
        usage: Object = {"prompt_tokens": 0, "total_tokens": 0}
        return {"object": "list", "data": [], "model": model or "reenact-stub", "usage": usage}


DIALECT = _OpenAiEmbeddings()
"""The one object."""

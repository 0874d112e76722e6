"""What a Gemini address says: the model, what is asked of it, and the form of the answer.

Any version, or none, may stand before the model: clients differ in it.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs

from reenact.wire.dialect import Route
from reenact.wire.request import Layout

LAYOUT = Layout(messages="contents", heads=("systemInstruction", "tools"))
_BATCH = Layout(messages="requests", heads=())
_SINGLE = Layout(messages="content", heads=())
_ADDRESS = re.compile(r"(?:^|/)((?:tuned)?[mM]odels/[^/:]+):(\w+)$")
_COUNTS = "countTokens"
_LAYOUTS = {"batchEmbedContents": _BATCH, "embedContent": _SINGLE}
_CALLS = frozenset({"generateContent", "streamGenerateContent", *_LAYOUTS})


def route_of(method: str, path: str) -> Route | None:
    """Gives what an address asks for; None where it is not of this dialect."""
    base, _, query = path.partition("?")
    found = _ADDRESS.search(base)
    if found is None:
        return Route(name=base, purpose="models", is_kept=False) if "models" in base else None
    model, verb = found.group(1), found.group(2)
    if method != "POST" or verb not in (*_CALLS, _COUNTS):
        return Route(name=base, purpose=verb, is_kept=False)
    is_stream = verb == "streamGenerateContent"
    is_events = parse_qs(query).get("alt") == ["sse"]
    # An answer can be served as a stream or not, so both have one name; the model counts by itself.
    name = "generateContent" if is_stream else verb
    return Route(
        name=name,
        purpose="count_tokens" if verb == _COUNTS else None,
        told={"model": model.partition("/")[2]},
        form="json" if not is_stream else "sse" if is_events else "array",
        layout=_LAYOUTS.get(verb),
    )

"""A request as the matcher sees it: which lane it is of, what it is for, and its fingerprints."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property

import msgspec

from reenact.replay.declared import Sides
from reenact.replay.model import Exchange, Incoming
from reenact.replay.settling import Settled, Settler
from reenact.wire import canonical
from reenact.wire.canonical import Json
from reenact.wire.dialect import Dialect
from reenact.wire.dialects import dialect_named, dialect_of
from reenact.wire.fingerprint import Cache, Fingerprint
from reenact.wire.normalise import Normaliser
from reenact.wire.request import Request

LANE_HEADERS = ("x-reenact-lane", "x-test-id", "x-claude-code-agent-id")
"""Headers that name a lane, the most explicit first."""
RETRY_HEADER = "x-stainless-retry-count"

_SUMMARY = re.compile(r"\bsummary of (?:the|our|this) conversation\b", re.IGNORECASE)
_LEAST_INSTRUCTION = 1000
"""Characters: an agent's instruction for a summary is long, a person's wish for one is not."""
_NO_TOOLS = msgspec.Raw(b"[]")
_PROBES = {"quota": "quota", "warmup": "warmup"}


class Memory:
    """What is remembered of messages seen before, for one player."""

    def __init__(self) -> None:
        self.settler = Settler()
        self._caches: dict[str, Cache] = {}

    def cache(self, dialect: Dialect) -> Cache:
        """Gives what is known of a dialect's parts: equal bytes are read otherwise in another one."""
        return self._caches.setdefault(dialect.name, Cache())


class Subject:
    """One request, recorded or asked, with everything that comparing it needs.

    The request itself is made anew when somebody looks at it: a script holds thousands of them,
    each with its whole history, and only their fingerprints are needed again and again.
    """

    def __init__(
        self,
        make: Callable[[], Settled],
        *,
        dialect: Dialect,
        method: str,
        path: str,
        side: Normaliser,
        sides: Sides,
        memory: Memory,
    ) -> None:
        self._make = make
        self.dialect = dialect
        self._unite = sides.union
        self._memory = memory
        self.method = method
        self.path = path
        self.side = side
        settled = make()
        request = settled.request
        self.order = settled.order
        """The order of parallel results where it is not that of their calls."""
        self.own: Fingerprint = dialect.fingerprint_request(request, side, cache=memory.cache(dialect))
        """The fingerprints with this side's own values taken out."""
        route = dialect.route(method, path)
        self.base = f"{method} {path.partition('?')[0] if route is None else route.name}"
        """What is asked for, by its address."""
        self.route = _route(self.base, request)
        """What must be equal whatever the body says."""
        self.is_call = route is not None and route.purpose is None
        """True for a call of the model itself."""
        self.defect = request.defect
        self.model = request.model
        self.has_tools = bytes(request.fields.get("tools", _NO_TOOLS)) != bytes(_NO_TOOLS)
        self.is_single = len(request.raw_messages) == 1
        told = route.purpose if route is not None else None
        self.purpose = _purpose(dialect, request) if self.is_call else told or _route_words(path)
        """What it is for where it tells by itself; see `purpose_of`."""

    @property
    def request(self) -> Request:
        """The request, read again, parallel results in the order of their calls."""
        return self._make().request

    @property
    def sent(self) -> Request:
        """The request, read again, as it came."""
        return self._make().sent

    @cached_property
    def union(self) -> Fingerprint:
        """The fingerprints with the values of both sides taken out."""
        cache = self._memory.cache(self.dialect)
        return self.dialect.fingerprint_request(self.request, self._unite, cache=cache)


def asked_subject(incoming: Incoming, sides: Sides, memory: Memory) -> Subject:
    """Reads a request of the actual run."""
    dialect = spoken(incoming.method, incoming.path, incoming.headers)
    request = memory.settler.settle(
        incoming.request or dialect.parse_request(incoming.body, path=incoming.path, method=incoming.method)
    )
    return Subject(
        lambda: request,
        dialect=dialect,
        method=incoming.method,
        path=incoming.path,
        side=sides.actual,
        sides=sides,
        memory=memory,
    )


def recorded_subject(exchange: Exchange, sides: Sides, memory: Memory) -> Subject:
    """Reads a recorded request; what is not stored is an empty one."""
    body, method, path = exchange.request, exchange.method, exchange.path
    dialect = spoken(method, path)
    return Subject(
        lambda: memory.settler.settle(
            dialect.request_of(body, path=path, method=method)
            if isinstance(body, dict)
            else dialect.parse_request(_as_bytes(body), path=path, method=method)
        ),
        dialect=dialect,
        method=exchange.method,
        path=exchange.path,
        side=sides.recorded,
        sides=sides,
        memory=memory,
    )


def spoken(method: str, path: str, headers: Mapping[str, str] | None = None) -> Dialect:
    """Gives the dialect of a request; what is of none that is known is read as Anthropic's."""
    return dialect_of(method, path, headers) or dialect_named("anthropic")


def lane_of(incoming: Incoming) -> str:
    """Gives the lane a request says it is of; empty where nothing tells."""
    if incoming.lane is not None:
        return incoming.lane
    headers: Mapping[str, str] = incoming.headers
    return next((headers[name] for name in LANE_HEADERS if headers.get(name)), "")


def is_retry(incoming: Incoming) -> bool:
    """Tells whether the client says that it sent this request before."""
    count = incoming.headers.get(RETRY_HEADER, "")
    return count.isdigit() and int(count) > 0


def purpose_of(subject: Subject, *, models: Iterable[str] = ()) -> str | None:
    """Gives what an auxiliary call is for, or None for a call that moves the conversation on.

    `models` are those the recording called with tools: a single message without tools to another
    model is a side question (a title, the meaning of a command). Without such models none is.
    """
    if subject.purpose is not None or subject.defect is not None:
        return subject.purpose
    known = frozenset(models)
    is_aside = subject.is_single and not subject.has_tools and bool(known)
    return "side" if is_aside and subject.model not in known else None


def _purpose(dialect: Dialect, request: Request) -> str | None:
    last = request.raw_messages[-1:]
    text = dialect.user_text(canonical.decode_raw(last[0])).strip() if last else ""
    if text.lower() in _PROBES:
        return _PROBES[text.lower()]
    if request.params.get("max_tokens") in (0, 1):
        return "quota"
    is_instruction = len(text) >= _LEAST_INSTRUCTION and len(request.raw_messages) > 1
    return "compact" if is_instruction and _SUMMARY.search(text) else None


def _route(base: str, request: Request) -> str:
    if request.defect is None or not request.body:
        return base
    return f"{base} {hashlib.sha256(request.body).hexdigest()}"


def _route_words(path: str) -> str:
    last = path.partition("?")[0].rstrip("/").rpartition("/")[2]
    return "models" if "/models" in path else last or "root"


def _as_bytes(body: Json) -> bytes:
    return body.encode("utf-8", "replace") if isinstance(body, str) else b""

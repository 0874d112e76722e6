"""The questions about the archive as a whole, each with the address at which it is asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, get_args

from starlette.requests import Request

from reenact._version import __version__
from reenact.archive import SOURCES
from reenact.errors import UsageError
from reenact.query import Is, Not, Query
from reenact.store import Filter
from reenact.web import groups, home, lists, now, spent, suggestions, tapes
from reenact.web.answers import number
from reenact.web.views import Place, Status

if TYPE_CHECKING:
    from reenact.web.desk import Reading

_MOST_TAPES = 60
_LONGEST_WORD = 200
_MAINS = Query(text="", root=Not(part=Is(what="subagent")))


def _status(reading: Reading, request: Request) -> Any:
    archive = reading.archive
    looked_in = dict(archive.looked_in())
    return Status(
        version=__version__,
        archive=str(archive.path),
        timezone=archive.timezone,
        following=request.app.state.board.following,
        places=tuple(
            Place(
                agent=source.agent,
                title=source.title,
                paths=looked_in.get(source.title, ()),
                found=archive.store.count(Filter(agent=source.agent)),
            )
            for source in SOURCES
        ),
        sessions=archive.store.count(Filter(hidden=False, query=_MAINS)),
        indexed=request.app.state.board.is_indexed,
        now=archive.clock.now() // 1000,
    )


def _home(reading: Reading, request: Request) -> Any:
    care: home.Care = request.app.state.care
    if request.app.state.board.is_keeping:
        care.forget()
    elif care.at_hand(reading.archive.clock.now()) is None:
        reading.later(care.count)
    return home.home(reading, care)


def _sessions(reading: Reading, request: Request) -> Any:
    return lists.sessions(
        reading,
        request.query_params.get("q", ""),
        offset=number(request, "offset") or 0,
        limit=50 if (limit := number(request, "limit")) is None else limit,
        sort=request.query_params.get("sort", "ended"),
    )


def _groups(reading: Reading, request: Request) -> Any:
    return groups.groups(reading, request.query_params.get("q", ""))


def _tapes(reading: Reading, request: Request) -> Any:
    names = [name for name in request.query_params.get("ids", "").split(",") if name]
    return tapes.tapes(reading, names[:_MOST_TAPES])


def _suggest(reading: Reading, request: Request) -> Any:
    asked = request.query_params
    return suggestions.suggestions(
        reading, asked.get("field", "")[:_LONGEST_WORD], asked.get("prefix", "")[:_LONGEST_WORD]
    )


def _usage(reading: Reading, request: Request) -> Any:
    asked = request.query_params
    bys: dict[str, spent.By] = {word: word for word in get_args(spent.By)}
    splits: dict[str, spent.Split] = {word: word for word in get_args(spent.Split)}
    by, split = bys.get(asked.get("by", "day")), splits.get(asked.get("split", "model"))
    if by is None or split is None:
        raise UsageError("usage is not told so", hint=f"by: {', '.join(bys)}; split: {', '.join(splits)}")
    return spent.spent(
        reading, by=by, split=split, since=asked.get("since", ""), until=asked.get("until", "")
    )


def _now(reading: Reading, request: Request) -> Any:
    del request
    return now.now(reading)


ROUTES: tuple[tuple[str, Callable[[Reading, Request], Any]], ...] = (
    ("/api/status", _status),
    ("/api/home", _home),
    ("/api/sessions", _sessions),
    ("/api/groups", _groups),
    ("/api/tapes", _tapes),
    ("/api/suggest", _suggest),
    ("/api/usage", _usage),
    ("/api/now", _now),
)

"""The questions about one session, each with the address at which it is asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, get_args

from starlette.requests import Request
from starlette.responses import Response

from reenact.errors import NotFoundError, UsageError
from reenact.web import columns, contexts, files, inspecting, outline_view, pieces, requests, sheets, state
from reenact.web import streaming as streams
from reenact.web.answers import number
from reenact.web.texts import Cutter
from reenact.web.views import Winding

if TYPE_CHECKING:
    from reenact.store import SessionRow
    from reenact.web.desk import Reading
    from reenact.web.reel import Reel

_LONGEST_PATH = 4_096
_SANDBOX = {
    "content-security-policy": "sandbox; default-src 'none'",
    "cache-control": "private, max-age=3600",
}


def _name(request: Request) -> str:
    return str(request.path_params["name"])


def _of_path(request: Request, name: str) -> int:
    text = str(request.path_params[name])
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise NotFoundError(f"{text[:40]!r} is no step", hint="steps are numbers from 1")
    return int(text)


def _session(reading: Reading, request: Request) -> tuple[SessionRow, Reel, Cutter]:
    row = reading.row(_name(request))
    return row, reading.reel(row), Cutter(reading.archive.guard.text)


def _sheet(reading: Reading, request: Request) -> Any:
    return sheets.sheet(reading, _name(request))


def _children(reading: Reading, request: Request) -> Any:
    return sheets.children(reading, _name(request))


def _columns(reading: Reading, request: Request) -> Any:
    row = reading.row(_name(request))
    if request.query_params.get("part") == "1":
        reel = reading.reel(row) if row.events <= streams.SMALL else reading.reel_at_hand(row)
        if reel is None:
            return columns.part(streams.around(reading, row, at=number(request, "at")), row)
    return columns.columns(
        reading.reel(row),
        most=columns.most_of(request.query_params.get("buckets")),
        first=number(request, "from") or 1,
        last=number(request, "to"),
    )


def _winding(reading: Reading, request: Request) -> Any:
    row = reading.row(_name(request))
    return Winding(done=min(reading.shelf.done(row.id), row.events), total=row.events)


def _outline(reading: Reading, request: Request) -> Any:
    _, reel, _ = _session(reading, request)
    return outline_view.outline(
        reel,
        first=number(request, "from") or 0,
        limit=number(request, "limit"),
        depth=number(request, "depth"),
        at=number(request, "at"),
    )


def _stream(reading: Reading, request: Request) -> Any:
    return streams.stream(
        reading,
        _name(request),
        at=number(request, "at"),
        after=number(request, "after"),
        before=number(request, "before"),
        limit=number(request, "limit") or streams.LIMIT,
    )


def _body(reading: Reading, request: Request) -> Response:
    asked = request.query_params
    whole = asked.get("download") == "1"
    found = pieces.body(
        reading, _name(request), asked.get("part", ""), number(request, "offset") or 0, whole=whole
    )
    headers = {"x-reenact-size": str(found.size)}
    if whole:
        safe = "".join(sign if sign.isalnum() or sign in "-_." else "_" for sign in found.name)
        headers["content-disposition"] = f'attachment; filename="{safe}"'
    content = found.text.encode("utf-8", "replace")
    return Response(content, media_type="text/plain; charset=utf-8", headers=headers)


def _at(reading: Reading, request: Request) -> Any:
    _, reel, cutter = _session(reading, request)
    return state.at(reel, reading, _of_path(request, "seq"), cutter)


def _file(reading: Reading, request: Request) -> Any:
    _, reel, cutter = _session(reading, request)
    words: dict[str, files.Against] = {word: word for word in get_args(files.Against)}
    against = words.get(request.query_params.get("against", "previous"))
    path = request.query_params.get("path", "")[:_LONGEST_PATH]
    if against is None:
        raise UsageError("a file is shown against something else", hint="previous, start or none")
    return files.file_at(reading, reel, _of_path(request, "seq"), path=path, against=against, cutter=cutter)


def _context(reading: Reading, request: Request) -> Any:
    _, reel, _ = _session(reading, request)
    return contexts.context_at(reel, _of_path(request, "seq"))


def _requests(reading: Reading, request: Request) -> Any:
    _, reel, _ = _session(reading, request)
    return requests.requests(reel)


def _request(reading: Reading, request: Request) -> Any:
    row, reel, cutter = _session(reading, request)
    return requests.request(reading, row, reel, _of_path(request, "k"), cutter)


def _step(reading: Reading, request: Request) -> Any:
    row, seq = reading.row(_name(request)), _of_path(request, "seq")
    reel = reading.reel(row) if row.events <= streams.SMALL else reading.reel_at_hand(row)
    if reel is None:  # what the step itself says does not wait for the winding
        reel = streams.around(reading, row, at=seq)
    return inspecting.step(reading, row, reel, seq, Cutter(reading.archive.guard.text))


def _markdown(reading: Reading, request: Request) -> Response:
    row = reading.row(_name(request))
    text = "".join(reading.archive.export_markdown(row.id))
    return Response(text.encode("utf-8", "replace"), media_type="text/markdown; charset=utf-8")


def _image(reading: Reading, request: Request) -> Response:
    found = pieces.image(reading, _name(request), _of_path(request, "seq"), _of_path(request, "k"))
    return Response(found.data, media_type=found.media_type, headers=_SANDBOX)


ROUTES: tuple[tuple[str, Callable[[Reading, Request], Any]], ...] = (
    ("/api/sessions/{name}", _sheet),
    ("/api/sessions/{name}/children", _children),
    ("/api/sessions/{name}/columns", _columns),
    ("/api/sessions/{name}/winding", _winding),
    ("/api/sessions/{name}/outline", _outline),
    ("/api/sessions/{name}/stream", _stream),
    ("/api/sessions/{name}/body", _body),
    ("/api/sessions/{name}/at/{seq}", _at),
    ("/api/sessions/{name}/files/at/{seq}", _file),
    ("/api/sessions/{name}/context/at/{seq}", _context),
    ("/api/sessions/{name}/requests", _requests),
    ("/api/sessions/{name}/requests/{k}", _request),
    ("/api/sessions/{name}/step/{seq}", _step),
    ("/api/sessions/{name}/markdown", _markdown),
    ("/api/image/{name}/{seq}/{k}", _image),
)

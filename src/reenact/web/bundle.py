"""The page's own files: those that lay in its folder when the server started, and no others."""

from __future__ import annotations

import os
import re
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reenact.web.answers import Answering

STATIC = Path(__file__).parent / "static"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_HASHED = re.compile(r"chunk-[A-Z0-9]+\.js")
_LICENCES = "licences.txt"
_FOREVER = "public, max-age=31536000, immutable"
_AGAIN = "no-cache"
_ABSENT = (
    "<!doctype html><meta charset=utf-8><title>reenact</title><p>The page is not built. "
    "Run <code>make page</code> in the checkout and start <code>reenact up</code> again. "
    "The API below <code>/api</code> works."
)


class Bundle:
    """Reads its files once: what is not in memory cannot be asked for."""

    def __init__(self, folder: Path = STATIC) -> None:
        self._files: dict[str, bytes] = {}
        if not folder.is_dir():
            return
        for entry in os.scandir(folder):
            is_ours = _NAME.fullmatch(entry.name) and Path(entry.name).suffix in _TYPES
            if is_ours and entry.is_file(follow_symlinks=False):
                self._files[entry.name] = Path(entry.path).read_bytes()

    @property
    def is_built(self) -> bool:
        return "index.html" in self._files

    def routes(self) -> list[Route]:
        """Gives the routes of the page's files."""
        return [
            Route("/", self._file("index.html") if self.is_built else _absent, methods=["GET"]),
            Route("/licences", self._file(_LICENCES) if _LICENCES in self._files else _absent),
            *(Route(f"/static/{name}", self._file(name), methods=["GET"]) for name in self._files),
        ]

    def _file(self, name: str) -> Answering:
        content, media_type = self._files[name], _TYPES[Path(name).suffix]
        headers = {"cache-control": _FOREVER if _HASHED.fullmatch(name) else _AGAIN}

        async def give(request: Request) -> Response:
            del request
            return Response(content, headers={**headers, "content-type": media_type})

        return give


async def _absent(request: Request) -> Response:
    del request
    return Response(_ABSENT, media_type="text/html", status_code=503)

"""Finds the sessions of OpenCode: in its database, and in the JSON files of before 1.2.

A data folder is `$XDG_DATA_HOME/opencode` (else `~/.local/share/opencode`), a folder that mirrors one,
or a home; `$OPENCODE_DB` names the database, absolute or within the data folder. A session that is in
a database and in JSON files is read from the database, of which the files were the past.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from reenact.sources.database import Database
from reenact.sources.opencode import tables, tree
from reenact.sources.opencode.state import AGENT
from reenact.sources.protocol import Environment, Transcript

_NAME = re.compile(r"opencode[\w.-]*\.db")
_NS = 1_000_000
_FILE = b"SQLite format 3\x00"


def roots(environment: Environment) -> tuple[str, ...]:
    """Gives the data folder, a database elsewhere that `$OPENCODE_DB` names, and what the settings add."""
    share = environment.variables.get("XDG_DATA_HOME") or str(Path(environment.home, ".local", "share"))
    data = str(Path(share, "opencode"))
    named = environment.variables.get("OPENCODE_DB")
    own = (str(Path(data, named)),) if named and named != ":memory:" else ()
    elsewhere = tuple(path for path in own if not _is_found(Path(path), Path(data)))
    return (data, *elsewhere, *environment.extra_roots.get(AGENT, ()))


def _is_found(path: Path, data: Path) -> bool:
    return path.parent == data and _NAME.fullmatch(path.name) is not None


def transcripts(root: str) -> Iterator[Transcript]:
    """Yields each session below a root once: the newest where several databases hold it."""
    folder = _data(Path(root))
    best: dict[str, Transcript] = {}
    for path in _databases(folder):
        for transcript in _stored(path):
            known = best.get(transcript.key)
            if known is None or transcript.mtime_ns > known.mtime_ns:
                best[transcript.key] = transcript
    yield from best.values()
    for file in _files(folder):
        if file.stem not in best:
            try:
                size, mtime_ns, number = tree.watermark(file)
            except OSError:
                continue
            yield Transcript(
                agent=AGENT,
                key=file.stem,
                path=str(file),
                encoding="rows",
                size=size,
                mtime_ns=mtime_ns,
                inode=number,
            )


def _files(folder: Path) -> Iterator[Path]:
    if folder.suffix == ".json" and folder.name.startswith("ses_") and os.path.isfile(folder):
        yield folder
        return
    for storage in (folder / "storage", folder):
        yield from tree.sessions(storage)


def _stored(path: Path) -> Iterator[Transcript]:
    try:
        with Database(str(path)) as database:
            found = list(tables.sessions(database))
    except OSError:
        return
    for known in found:
        yield Transcript(
            agent=AGENT,
            key=known.id,
            path=f"{path}#{known.id}",
            encoding="rows",
            hints={"forked_from": known.forked_from} if known.forked_from else {},
            size=known.size,
            mtime_ns=known.updated * _NS,
            inode=known.rows,
        )


def problems(root: str) -> Iterator[tuple[str, str]]:
    """Yields databases that cannot be read as OpenCode's, and a folder that cannot be looked into."""
    folder = _data(Path(root))
    try:
        os.scandir(folder).close()
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as error:
        yield str(folder), error.strerror or "it cannot be read"
    for path in _databases(folder):
        try:
            with Database(str(path)) as database:
                if not database.has("session"):
                    yield str(path), "it is no database of OpenCode"
                else:
                    list(tables.sessions(database))
        except OSError as error:
            yield str(path), str(error).removeprefix(f"{path}: ")


def _data(root: Path) -> Path:
    """Gives the data folder that a root is, mirrors or holds."""
    for inner in (root / ".local" / "share" / "opencode", root / "opencode"):
        if _is_data(inner):
            return inner
    return root


def _is_data(folder: Path) -> bool:
    return os.path.isdir(folder / "storage") or next(_databases(folder), None) is not None


def _databases(folder: Path) -> Iterator[Path]:
    if os.path.isfile(folder):
        if _is_sqlite(folder):
            yield folder
        return
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return
    for name in names:
        if _NAME.fullmatch(name) and os.path.isfile(folder / name):
            yield folder / name


def _is_sqlite(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            is_database = file.read(len(_FILE)) == _FILE
    except OSError:
        return False
    return is_database and path.suffix == ".db"

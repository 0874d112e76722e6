"""Reads every stored byte and tells what does not check out."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import apsw
import msgspec

from reenact.errors import CorruptRecordError
from reenact.store import manifest as manifests
from reenact.store import segment, writer
from reenact.store.blobs import Blobs, read_blob
from reenact.store.kept import read_frame
from reenact.store.layout import Layout
from reenact.store.manifest import CHUNK, Held
from reenact.store.originals import Originals, read_sidecar
from reenact.store.packing import ReadOriginal, Unpacker
from reenact.store.part import MERGED, RECORDED
from reenact.store.recorded import Segments
from reenact.store.sql import fetch
from reenact.store.values import Damage


def originals(layout: Layout, kept: Originals) -> Iterator[Damage]:
    """Checks frames, chunks and sidecars of every original against their digests."""
    for folder in kept.folders():
        try:
            manifest = manifests.load(folder)
        except CorruptRecordError as error:
            yield Damage(where=error.where, reason=error.reason, severity="lost")
            continue
        if manifest is None:
            continue  # removed meanwhile
        for held in manifest.generations:
            yield from _generation(folder, held)
        for digest in sorted({sidecar.sha256 for sidecar in manifest.sidecars}):
            try:
                read_sidecar(folder, digest)
            except CorruptRecordError as error:
                yield Damage(where=error.where, reason=error.reason, severity="lost")
    for path in sorted(layout.originals.glob("*/*/*")):
        if not (path / manifests.NAME).exists():
            yield Damage(where=str(path), reason="nothing in it was kept to the end", severity="note")


def _generation(folder: Path, held: Held) -> Iterator[Damage]:
    path = folder / held.file
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        yield Damage(where=str(path), reason=error.strerror or str(error), severity="lost")
        return
    chunks: list[str] = []
    digest, length = hashlib.sha256(), 0
    try:
        for frame in held.frames:
            try:
                data = read_frame(handle, frame, str(path))
            except CorruptRecordError as error:
                yield Damage(where=error.where, reason=error.reason, severity="lost")
                return
            digest.update(data)
            length += len(data)
            if length == CHUNK:
                chunks.append(digest.hexdigest())
                digest, length = hashlib.sha256(), 0
    finally:
        os.close(handle)
    if length:
        chunks.append(digest.hexdigest())
    if tuple(chunks) != held.chunks:
        yield Damage(where=str(path), reason="the whole is not what was kept", severity="lost")


def segments(layout: Layout, recorded: Segments) -> Iterator[Damage]:
    """Checks every line of live and sealed segments against its checksum."""
    for pieces in recorded.pieces().values():
        for piece in pieces:
            try:
                if piece.is_live:
                    yield from _live(piece.path)
                else:
                    table = segment.read_table(piece.path)
                    plain = segment.read_sealed(piece.path, table, strict=True)
                    yield from _lines(piece.path, segment.lines(plain))
            except CorruptRecordError as error:
                yield Damage(where=error.where, reason=error.reason, severity="lost")
            except FileNotFoundError:
                continue  # sealed or removed meanwhile
    for path in sorted(layout.live.glob("*.torn")):
        yield Damage(where=str(path), reason="an unfinished end that a stopped writer left", severity="note")


def _live(path: Path) -> Iterator[Damage]:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield from _lines(path, segment.lines(segment.blocks_of(handle, 0)))
        end = segment.last_line_end(handle)
        if end < os.fstat(handle).st_size and not writer.is_written_to(path):
            yield Damage(where=f"{path} at {end}", reason="its last line is unfinished", severity="note")
    finally:
        os.close(handle)


def _lines(path: Path, lines: Iterator[bytes]) -> Iterator[Damage]:
    offset = 0
    for line in lines:
        if segment.event_of(line) is None and segment.opening(line) is None:
            yield Damage(where=f"{path} at {offset}", reason="the line is damaged", severity="lost")
        offset += len(line)


def blobs(kept: Blobs) -> Iterator[Damage]:
    """Checks every blob against its name."""
    for path in kept.paths():
        try:
            read_blob(path)
        except CorruptRecordError as error:
            yield Damage(where=error.where, reason=error.reason, severity="lost")
        except FileNotFoundError:
            continue


def index(connection: apsw.Connection, layout: Layout, kept: Originals) -> Iterator[Damage]:
    """Checks the index in itself and against what is kept."""
    where = str(layout.core)
    try:
        for (reason,) in fetch(connection, "PRAGMA integrity_check"):
            if reason != "ok":
                yield Damage(where=where, reason=str(reason), severity="cache")
        for reason in (*_parts(connection, kept.read), *_against_truth(connection, kept)):
            yield Damage(where=where, reason=reason, severity="cache")
    except apsw.Error as error:
        yield Damage(where=where, reason=str(error), severity="cache")


def _parts(connection: apsw.Connection, read: ReadOriginal) -> Iterator[str]:
    unpacker = Unpacker(connection, read)
    rows = connection.execute(
        "SELECT p.n, p.session, f.count, f.data, f.first_seq, f.generation, f.base, f.span "
        "FROM part p JOIN frame f ON f.part=p.n WHERE p.original<>? ORDER BY p.n, f.first_seq",
        (RECORDED,),
    )
    for part, session, count, data, first, *beside in rows:
        try:
            held = unpacker.frame(part, bytes(data), *beside).count(b"\n")
        except CorruptRecordError as error:
            yield f"events of {session} from {first} on: {error}"
            continue
        if held != count:
            yield f"events of {session} from {first} on: {held} and not {count}"
    rows = connection.execute(
        "SELECT p.session, p.events, (SELECT ifnull(sum(count), 0) FROM frame f WHERE f.part=p.n) held "
        "FROM part p WHERE p.original<>? AND held<>p.events",
        (RECORDED,),
    )
    for session, events, held in rows:
        yield f"events of {session}: {held} and not {events}"


def _against_truth(connection: apsw.Connection, kept: Originals) -> Iterator[str]:
    for original, lengths in fetch(connection, "SELECT id, lengths FROM original"):
        manifest = kept.manifest(original)
        if manifest is None:
            yield f"original {original} is known but not kept"
            continue
        here = [held.length for held in manifest.generations]
        if any(was > now for was, now in zip(msgspec.json.decode(lengths), here, strict=False)):
            yield f"original {original} was longer when its events were derived"
    rows = fetch(
        connection,
        "SELECT DISTINCT session, original FROM part WHERE original NOT IN (?, ?) "
        "AND original NOT IN (SELECT id FROM original)",
        (MERGED, RECORDED),
    )
    for session, original in rows:
        yield f"events of {session} are from original {original}, which is not known"

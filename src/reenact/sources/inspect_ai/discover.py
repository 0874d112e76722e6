"""Finds samples: in every `.eval` file below a path, and below `$INSPECT_LOG_DIR`."""

from __future__ import annotations

from collections.abc import Iterator

from reenact import ids
from reenact.sources.files import NO_HOMES, Candidate, candidates
from reenact.sources.inspect_ai.log import BadLogError, opened
from reenact.sources.members import mapping, text
from reenact.sources.protocol import Environment, Transcript

AGENT = "inspect"


def roots(environment: Environment) -> tuple[str, ...]:
    """Gives the folder that Inspect's own variable names, and those of the settings."""
    named = environment.variables.get("INSPECT_LOG_DIR")
    own = (named,) if named and "://" not in named else ()
    return (*own, *environment.extra_roots.get(AGENT, ()))


def transcripts(root: str) -> Iterator[Transcript]:
    """Yields the samples of all logs below a root."""
    for candidate in _logs(root):
        if candidate.problem is None:
            try:
                yield from _samples(candidate.path)
            except OSError:
                continue


def problems(root: str) -> Iterator[tuple[str, str]]:
    """Yields the logs that cannot be read, and why."""
    for candidate in _logs(root):
        if candidate.problem is not None:
            yield candidate.path, candidate.problem
            continue
        try:
            with opened(candidate.path) as log:
                log.head()
        except OSError as error:
            yield candidate.path, str(error)


def key_of(evaluation: str, member: str) -> str:
    """Gives the name of a sample: no sample has one of its own before it was run."""
    return f"{evaluation}.{ids.derive(member)[:16]}"


def _logs(root: str) -> Iterator[Candidate]:
    return candidates(root, is_named=lambda name: name.endswith(".eval"), but=NO_HOMES)


def _samples(path: str) -> Iterator[Transcript]:
    with opened(path) as log:
        evaluation = text(mapping(log.head(), "eval"), "eval_id") or text(
            mapping(log.head(), "eval"), "run_id"
        )
        if evaluation is None or "/" in evaluation or "#" in evaluation:
            raise BadLogError("it does not say which evaluation it is of")
        for member in log.samples():
            key = key_of(evaluation, member.filename)
            yield Transcript(
                agent=AGENT,
                key=key,
                path=f"{path}#{key}",
                encoding="rows",
                hints={"sample": member.filename},
                size=member.file_size,
                mtime_ns=member.CRC,
                inode=member.header_offset,
            )

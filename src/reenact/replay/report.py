"""The player's report for people (plain lines) and for programs (one versioned document)."""

from __future__ import annotations

import textwrap

import msgspec

from reenact.replay.divergence import lane_name
from reenact.replay.model import Difference, Divergence, Report
from reenact.tree import safe_lines
from reenact.wire.canonical import Object

VERSION = 1
_WIDTH = 100
_LEVELS = {
    "fp0": "exactly",
    "fp1": "after what belongs to each run was taken out",
    "fp1_union": "after what belongs to either run was taken out",
    "fp2": "but for what tools gave back (reported)",
    "order": "by order alone (nothing was kept to compare)",
}
_CONSEQUENCES = {
    "refused": "the request was refused; nothing was served",
    "served": "the recorded answer was served all the same",
    "live": "the request went to the model",
    "stubbed": "a made-up answer was given",
    "none": "",
}


def document(report: Report) -> Object:
    """Gives the report as JSON (`docs/reference/divergence.md` tells every field)."""
    told: Object = msgspec.json.decode(msgspec.json.encode(report))
    return {"version": VERSION, **told}


def render(report: Report) -> tuple[str, ...]:
    """Gives the report as lines of at most 100 columns that are harmless to a terminal."""
    lines = [_verdict(report)]
    for told in report.divergences:
        lines += ["", *_divergence(told)]
    lines += ["", *_books(report)]
    return tuple(cut for line in lines for cut in _wrapped(line))


def _verdict(report: Report) -> str:
    played = sum(report.matched.values())
    what = f"{played} of {report.recorded} recorded calls played"
    if report.diverged:
        return f"diverged: {what}"
    return f"replayed: {what}" + (f", {report.live} requests went on live" if report.live else "")


def _divergence(told: Divergence) -> list[str]:
    lines = _wrapped(f"cause: {told.cause}")
    lines.append(f"  {told.kind} at call {told.step} of {lane_name(told.lane)}; {told.classification}")
    if told.exchange is not None and told.messages:
        agreed = f"the first {told.common} of {told.messages} messages agree"
        lines.append(f"  closest recorded call: {told.exchange}; {agreed}")
    for item in told.differences:
        lines += _difference(item)
    if told.further:
        lines.append(f"  … and {told.further} more places")
    if told.rule:
        rule = told.rule
        lines += _wrapped(
            f"  a rule would cover this: {rule.does} {rule.name}: {rule.pattern}", indent="    "
        )
    consequence = _CONSEQUENCES[told.consequence]
    return [*lines, f"  {consequence}"] if consequence else lines


def _difference(item: Difference) -> list[str]:
    what = f" ({item.what})" if item.what else ""
    lines = _wrapped(f"  {item.change} {item.where}{what}", indent="    ")
    if item.lines:
        return lines + [cut for line in item.lines for cut in _wrapped(f"    {line}", indent="      ")]
    if item.recorded is not None:
        lines += _wrapped(f"    -{item.recorded}", indent="      ")
    if item.actual is not None:
        lines += _wrapped(f"    +{item.actual}", indent="      ")
    return lines


def _books(report: Report) -> list[str]:
    levels = [level for level in _LEVELS if report.matched.get(level)]
    lines = [f"  matched {_LEVELS[level]}: {report.matched[level]}" for level in levels]
    for count, words in (
        (report.rewritten, "answers put into the words of this run"),
        (report.repeats, "requests that came again and got the same answer"),
        (report.auxiliary, "auxiliary calls answered from the recording"),
        (report.before, "recorded calls that were over before this run began"),
        (report.live, "requests that went to the model"),
        (report.refusals, "requests refused"),
    ):
        if count:
            lines.append(f"  {words}: {count}")
    lines += [f"  made up: {one.purpose} ({one.path}) in {lane_name(one.lane)}" for one in report.stubs]
    for left in report.unplayed:
        what = f"call {left.step}" if left.kind == "main" else f"auxiliary call {left.purpose or ''}".rstrip()
        lines.append(f"  never asked for: {what} of {lane_name(left.lane)}")
    if report.fidelity != "wire":
        lines.append("  answers were rebuilt from a log and streamed anew")
    return lines + [cut for warning in report.warnings for cut in _wrapped(f"  warning: {warning}")]


def _wrapped(line: str, *, indent: str = "    ") -> list[str]:
    """Cuts a line at 100 columns; what comes from a recording may not steer a terminal."""
    cut: list[str] = []
    for part in safe_lines(line):
        cut += textwrap.wrap(
            part if not cut else indent + part,
            _WIDTH,
            subsequent_indent=indent,
            replace_whitespace=False,
            drop_whitespace=False,
            break_on_hyphens=False,
        ) or [""]
    return cut

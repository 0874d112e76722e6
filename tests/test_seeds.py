"""The page of the older recorders' cases is true: each case has one line, and the tests it names exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "reference" / "seeds.md"
ROW = re.compile(r"^\| (S[1-5]-\d\d) \| (.+) \|$", re.MULTILINE)
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")

# How many cases were collected of each, and the last of them.
COLLECTED = {
    "S1": (22, "S1-32"),
    "S2": (36, "S2-54"),
    "S3": (24, "S3-28"),
    "S4": (58, "S4-73"),
    "S5": (67, "S5-78"),
}


def rows() -> list[tuple[str, str]]:
    return ROW.findall(PAGE.read_text())


def test_every_case_has_one_line() -> None:
    cases = [case for case, _ in rows()]
    assert cases == sorted(set(cases))
    for seed, (count, last) in COLLECTED.items():
        own = [case for case in cases if case.startswith(seed)]
        assert (len(own), own[-1]) == (count, last)


@pytest.mark.parametrize(("case", "held"), rows(), ids=lambda value: value[:6])
def test_what_a_line_names_exists_or_it_says_why_not(case: str, held: str) -> None:
    named = NAMED.findall(held)
    for path, test in named:
        text = (ROOT / path).read_text()
        assert re.search(rf"def {test}\(", text), f"{case}: {path} has no {test}"
    if not named:
        assert re.match(r"(Not ours: .{10,}|Awaited: .{5,})\.$", held), f"{case}: {held}"

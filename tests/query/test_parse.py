"""Queries are read as they were meant, or refused at the place where they go wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reenact.errors import QuerySyntaxError
from reenact.query import (
    And,
    Compare,
    Everything,
    Field,
    Is,
    Node,
    Not,
    Or,
    Pattern,
    Since,
    Until,
    Words,
    leaves,
    parse,
)

NOW = 1_800_000_000_000_000  # 2027-01-15 08:00 UTC
DAY = 86_400_000_000
MIDNIGHT = NOW // DAY * DAY


def word(*words: str, prefix: bool = False) -> Words:
    return Words(words=words, prefix=prefix)


def read(text: str, *, scan: bool = False) -> Node:
    return parse(text, now=NOW, timezone="UTC", scan=scan).root


A, B, C = word("a"), word("b"), word("c")
TREES = {
    "": Everything(),
    "  ": Everything(),
    "a": A,
    "A b": And(parts=(A, B)),
    "a and b AND c": And(parts=(A, B, C)),
    "a or b c": Or(parts=(A, And(parts=(B, C)))),
    "a OR b or c": Or(parts=(A, B, C)),
    "(a or b) c": And(parts=(Or(parts=(A, B)), C)),
    "-a": Not(part=A),
    "a -(b or c)": And(parts=(A, Not(part=Or(parts=(B, C))))),
    "--a": Not(part=Not(part=A)),
    '"foo bar"': word("foo", "bar"),
    '"or"': word("or"),
    "order": word("order"),
    "foo_bar": word("foo", "bar"),
    "foo*": word("foo", prefix=True),
    '"foo ba"*': word("foo", "ba", prefix=True),
    "https://x.org/y": word("https", "x", "org", "y"),
    "std::vector": word("std", "vector"),
    "12:30": word("12", "30"),
    "tool:Bash": Field(name="tool", value="bash"),
    "TOOL:mcp__git*": Field(name="tool", value="mcp__git", prefix=True),
    'file:"src/My File.py"': Field(name="file", value="src/my file.py"),
    "project:/home/me/x": Field(name="project", value="/home/me/x"),
    "-is:error": Not(part=Is(what="error")),
    "cost:>1.5": Compare(name="cost", operator=">", number=1_500_000_000_000),
    "cost:<= $2": Compare(name="cost", operator="<=", number=2 * 10**12),
    "tokens:>=10k": Compare(name="tokens", operator=">=", number=10_000),
    "tokens:<1.5M": Compare(name="tokens", operator="<", number=1_500_000),
    "since:today": Since(moment=MIDNIGHT),
    "until:2027-01-14": Until(moment=MIDNIGHT),
    'since:"2 hours ago"': Since(moment=NOW - DAY // 12),
}


@pytest.mark.parametrize(("text", "tree"), TREES.items(), ids=TREES)
def test_a_query_is_read_as_meant(text: str, tree: Node) -> None:
    assert read(text) == tree


def test_in_a_scan_texts_are_taken_letter_by_letter_and_slashes_hold_expressions() -> None:
    assert read('fo* "a  b" /x\\/[yz]+/', scan=True) == And(
        parts=(Pattern(text="fo*"), Pattern(text="a  b"), Pattern(text="x/[yz]+", regex=True))
    )


WRONG = {
    "(a": (1, "a ')'"),
    "a)": (2, "the end of the query"),
    "a or": (5, "a word"),
    "or a": (1, "a word"),
    "()": (2, "a word"),
    "a -": (4, "what is not wanted"),
    'a "b': (3, 'a second "'),
    "colour:red": (1, "one of agent, project"),
    "cost:5": (6, "cost:>1"),
    "tokens:many": (8, "tokens:>1"),
    "is:nice": (4, "error, subagent, fork, live"),
    "since:never": (7, "yesterday"),
    "a ++": (3, "a word"),
    "tool:": (6, "a value right after"),
    "tool:--": (6, "letters or digits"),
    "(" * 60 + "a": (52, "at most"),
}


@pytest.mark.parametrize(("text", "told"), WRONG.items(), ids=[text[:12] for text in WRONG])
def test_a_query_that_cannot_be_read_tells_the_column_and_what_was_expected(
    text: str, told: tuple[int, str]
) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        read(text)
    assert caught.value.column == told[0]
    assert told[1] in caught.value.expected
    assert caught.value.exit_code == 2


def test_an_expression_that_cannot_be_read_tells_where_it_begins() -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        read("ab /[/", scan=True)
    assert caught.value.column == 4


PIECES = [
    "a",
    "b*",
    '"a b"',
    "(",
    ")",
    "-",
    "or",
    "and",
    " ",
    " ",
    "tool:x",
    "is:",
    "cost:>1",
    "since:3d",
    ":",
    '"',
    "*",
    "/",
    "é",
    "\x00",
]


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join), st.booleans())
def test_any_text_is_read_or_refused_and_nothing_else(text: str, scan: bool) -> None:
    columns = []
    try:
        query = parse(text, now=NOW, timezone="UTC", scan=scan)
        columns = [1 for _ in leaves(query.root)]
    except QuerySyntaxError as error:
        columns = [error.column]
    assert columns
    assert all(1 <= column <= len(text) + 1 for column in columns)

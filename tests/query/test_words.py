"""Words part as SQLite's own tokeniser parts them."""

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reenact.query import spans, tokens
from reenact.query.words import separators

TABLE = {
    "accents": ("Crème Brûlée", ["creme", "brulee"]),
    "combining accents": ("Cre\u0300me", ["creme"]),
    "upper case with accents": ("ÄÖÜ ÉÈ", ["aou", "ee"]),
    "sharp s stays": ("Straße", ["straße"]),
    "greek": ("ΣΊΣΥΦΟΣ σίσυφος", ["σίσυφοσ", "σίσυφοσ"]),
    "cyrillic": ("Привет, МИР", ["привет", "мир"]),
    "turkish capital i": ("İstanbul", ["istanbul"]),
    "chinese runs are one word": ("修复测试。好", ["修复测试", "好"]),
    "korean": ("테스트 실패", ["테스트", "실패"]),
    "emoji part words": ("done🎉ok 🤖bot", ["done", "ok", "bot"]),
    "joined emoji": ("a👩‍💻b", ["a", "b"]),
    "signs": ("a→b…c—d", ["a", "b", "c", "d"]),
    "other digits": ("٣ ½x ²y", ["٣", "½x", "²y"]),
    "full width": ("ＡＢＣ１", ["ａｂｃ１"]),
    "vowel signs part words": ("हिन्दी", ["ह", "न", "द"]),
    "private use": ("a\ue000b", ["a\ue000b"]),
    "no-break space": ("a\u00a0b\u200bc", ["a", "b", "c"]),
    "underscores and dots": ("foo_bar.baz-2", ["foo", "bar", "baz", "2"]),
    "nothing": ("…—!", []),
}


def by_sqlite(text: str) -> list[str]:
    """The words of a text as FTS5 with the index's tokeniser stores them."""
    connection = apsw.Connection(":memory:")
    connection.execute(
        "CREATE VIRTUAL TABLE f USING fts5(t, content='', "
        f"tokenize=\"unicode61 remove_diacritics 2 separators '{separators()}'\")"
    )
    connection.execute("CREATE VIRTUAL TABLE v USING fts5vocab(f, 'instance')")
    connection.execute("INSERT INTO f(rowid, t) VALUES (1, ?)", (text,))
    return [row[0] for row in connection.execute("SELECT term FROM v ORDER BY offset")]


@pytest.mark.parametrize(("text", "words"), TABLE.values(), ids=TABLE)
def test_beyond_ascii_words_are_as_in_the_table_and_as_sqlite_has_them(text: str, words: list[str]) -> None:
    assert tokens(text) == words
    assert by_sqlite(text) == words


@given(st.text(st.characters(max_codepoint=127), max_size=60))
def test_for_ascii_words_are_exactly_those_of_sqlite(text: str) -> None:
    assert tokens(text) == by_sqlite(text)


@given(st.text(st.characters(max_codepoint=0x24F), max_size=40))
def test_for_european_latin_words_are_exactly_those_of_sqlite(text: str) -> None:
    assert tokens(text) == by_sqlite(text)


@given(st.text(max_size=60))
def test_a_word_lies_where_its_span_says(text: str) -> None:
    found = spans(text)
    assert [word for word, _, _ in found] == tokens(text)
    assert all(tokens(text[start:end]) == [word] for word, start, end in found)
    assert [start for _, start, _ in found] == sorted(start for _, start, _ in found)

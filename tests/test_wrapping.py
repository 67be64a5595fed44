"""Paragraphs and tables keep to a width, and no word is broken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.model.wrapping import table, wrapped

texts = st.text("ab ", max_size=60)


@given(texts, st.integers(1, 80), st.integers(0, 20), st.integers(0, 8))
def test_lines_keep_to_the_width_and_have_all_words(text: str, width: int, used: int, indent: int) -> None:
    first, *more = wrapped(text, width, indent=" " * indent, used=used)

    assert " ".join([first, *(line[indent:] for line in more)]) == text
    assert used + len(first) <= width or " " not in first
    assert all(line[:indent].isspace() or not indent for line in more)
    assert all(len(line) <= width or " " not in line[indent:] for line in more)


def test_without_a_width_there_is_one_line() -> None:
    assert wrapped("a b " * 100, None) == ["a b " * 100]


def test_the_columns_of_a_word_are_measured() -> None:
    assert wrapped("한글 한글", 8, measure=lambda text: 2 * len(text)) == ["한글", "한글"]


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (60, ["  a    one two three four five six seven eight nine ten", "  bbb  two"]),
        (40, ["  a    one two three four five six seven", "       eight nine ten", "  bbb  two"]),
        (30, ["  a", "      one two three four five", "      six seven eight nine ten", "  bbb", "      two"]),
    ],
)
def test_a_text_stands_beside_another_one_or_below_it(width: int, lines: list[str]) -> None:
    rows = [("a", "one two three four five six seven eight nine ten"), ("bbb ", "two")]

    assert table(rows, width) == lines


def test_what_has_no_meaning_stands_alone() -> None:
    assert table([("a", "")], 10) == ["  a"]
    assert table([], 10) == []

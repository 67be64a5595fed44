"""Everything in a text has its place there, and a problem is shown at it, or where it would be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.describe.yaml.document import Document, Span
from runner.describe.yaml.loading import read
from runner.model.records import replace
from tests.describe.describing import FILE, marked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.describe.yaml.document import Path

TEXT = """\
title: 한글과 English
jobs:
- name: 'one two'
  이름: "가\\t나"
  args: [1, {깊이: 다}]   # why
  empty:
  text: |
    first
    second
- &x plain
- *x
"""

written_as_they_are = st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters="\ufffe\uffff")
texts = st.text(written_as_they_are, max_size=9)
data_of_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=10,
)


def document(text: str = TEXT, lead: str = "") -> Document:
    return read(text.encode(), FILE, lead=lead)


def at(document: Document, path: Path, *, key: bool = False, within: tuple[int, int] | None = None) -> str:
    """What is underlined of the value, or the key, of a path."""
    return marked(document.problem(path, "wrong", id="invalid-value", key=key, within=within))


def everything_in(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Each path of the data, with what stands there."""
    yield path, value
    if isinstance(value, list | dict):
        for step, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from everything_in(item, (*path, step))


@given(data_of_json, st.sampled_from([None, 1]))
def test_every_value_and_every_key_stands_where_its_span_says(data: Any, indent: int | None) -> None:
    found = document(json.dumps(data, ensure_ascii=False, indent=indent))

    for path, value in everything_in(data):
        span = found.span(path)
        first, last = found.excerpt(span.line), found.excerpt(span.end_line)
        written = json.dumps(value, ensure_ascii=False, indent=indent).split("\n")
        assert first[span.column - 1 :].startswith(written[0])
        assert last[: span.end_column - 1].endswith(written[-1].strip())
        assert found.line_of(path) == span.line
        if path and isinstance(path[-1], str):
            assert at(found, path, key=True) == json.dumps(path[-1], ensure_ascii=False)


@pytest.mark.parametrize(
    ("path", "line", "column", "value"),
    [
        (("title",), 1, 8, "한글과 English"),
        (("jobs", 0, "name"), 3, 9, "'one two'"),
        (("jobs", 0, "이름"), 4, 7, '"가\\t나"'),
        (("jobs", 0, "args"), 5, 9, "[1, {깊이: 다}]"),
        (("jobs", 0, "args", 0), 5, 10, "1"),
        (("jobs", 0, "args", 1, "깊이"), 5, 18, "다"),
        (("jobs", 1), 10, 3, "&x plain"),
        (("jobs", 2), 10, 3, "&x plain"),
    ],
)
def test_a_problem_underlines_the_value_of_its_path(path: Path, line: int, column: int, value: str) -> None:
    problem = document().problem(path, "wrong", "do it right", id="invalid-value")

    assert (problem.file, problem.message, problem.help) == (FILE, "wrong", "do it right")
    assert (problem.line, problem.column, marked(problem)) == (line, column, value)


@pytest.mark.parametrize(
    ("path", "key"),
    [
        (("title",), "title"),
        (("jobs",), "jobs"),
        (("jobs", 0, "이름"), "이름"),
        (("jobs", 0, "args", 1, "깊이"), "깊이"),
    ],
)
def test_a_problem_of_a_key_underlines_the_key(path: Path, key: str) -> None:
    assert at(document(), path, key=True) == key


def test_an_item_of_a_list_has_no_key_to_underline() -> None:
    assert at(document(), ("jobs", 0, "args", 0), key=True) == "1"


def test_a_value_that_is_empty_is_shown_at_its_key() -> None:
    assert at(document(), ("jobs", 0, "empty")) == "empty"


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (("jobs", 0, "args", 7), "[1, {깊이: 다}]"),
        (("jobs", 0, "args", 1, "다른", "것"), "{깊이: 다}"),
        (("title", "x"), "한글과 English"),
        (("jobs", 0, "args", 0, 0), "1"),
        (("jobs", 0, "empty", "x"), ""),
    ],
)
@pytest.mark.parametrize("key", [True, False])
def test_what_does_not_exist_is_shown_where_it_would_be(path: Path, shown: str, key: bool) -> None:
    found = document().problem(path, "missing", id="invalid-value", key=key)

    assert marked(found) == shown
    assert found.line in {document().line_of(path[:-1]), document().line_of(path[:-2])}


def test_a_value_of_several_lines_is_underlined_to_the_end_of_its_first() -> None:
    assert at(document(), ("jobs", 0)) == "name: 'one two'"
    assert at(document(), ("jobs", 0, "text")) == "|"
    assert at(document("a: {b: 1,   \n  c: 2}"), ("a",)) == "{b: 1,"


@pytest.mark.parametrize(
    ("written", "within", "shown"),
    [
        ("plain $x here", (6, 2), "$x"),
        ("한글 $x 여기", (3, 2), "$x"),
        ("'single $x'", (7, 2), "$x"),
        ('"한글 $x"', (3, 2), "$x"),
        ('"esca\\x70ed $x"', (8, 2), '"esca\\x70ed $x"'),
        ("'it''s $x'", (5, 2), "'it''s $x'"),
        ("[a, $x]", (4, 2), "[a, $x]"),
        ("&x tagged", (3, 2), "&x tagged"),
    ],
)
def test_a_part_of_a_text_is_underlined_where_it_stands_as_it_is(
    written: str, within: tuple[int, int], shown: str
) -> None:
    assert at(document(f"가: {written}\n"), ("가",), within=within) == shown


def test_a_part_of_a_text_is_found_among_other_texts() -> None:
    found = document("{가: 나 $x, '다': '라 $y', 마: 1}")

    assert [at(found, ("가",), within=(2, 2)), at(found, ("다",), within=(2, 2))] == ["$x", "$y"]


@pytest.mark.parametrize("written", ["|\n  a $x\n", "'a\n  $x'\n", "a\n  $x\n"])
def test_a_part_of_a_text_of_several_lines_is_not_looked_for(written: str) -> None:
    found = document(f"a: {written}")

    assert found.problem(("a",), "wrong", id="invalid-value", within=(2, 2)) == found.problem(
        ("a",), "wrong", id="invalid-value"
    )


def test_lines_end_where_the_yaml_parser_sees_them_end() -> None:
    found = document("a: 1\nb: 2\r\nc: 3\rd: 4\x85e: 5\u2028f: 6\u2029g: 7")

    assert [found.line_of((key,)) for key in "abcdefg"] == [1, 2, 3, 4, 5, 6, 7]
    assert [found.excerpt(line) for line in (2, 3, 7)] == ["b: 2", "c: 3", "g: 7"]


def test_there_is_no_text_behind_the_last_line() -> None:
    found = document("a: 1\n")

    assert found.excerpt(2) == found.excerpt(3) == found.excerpt(99) == ""


def test_what_stood_before_the_text_is_part_of_its_first_line() -> None:
    found = document("{가: 1,\n  b: 2}", lead="a.b=")

    assert [found.excerpt(1), found.excerpt(2)] == ["a.b={가: 1,", "  b: 2}"]
    assert found.problem(("가",), "wrong", id="invalid-value").column == 9
    assert [at(found, ("가",)), at(found, ("b",)), at(found, ("b",), key=True)] == ["1", "2", "b"]


def test_a_document_without_data_has_its_place_at_its_start() -> None:
    found = Document(FILE, "", None, None, "title=")

    assert found.span(("any", 1)) == Span(1, 1, 1, 1)
    assert found.problem((), "wrong", id="invalid-value").column == len("title=") + 1


OVER = replace(
    document("a: {b: {c: 1}, d: 2}\n"),
    overlays={("a", "b"): read(b"{c: x}", "--set", lead="a.b="), ("a", "e", 0): read(b"[y]", "--set", lead="a.e[0]=")},
)
"""A document with two parts replaced."""


@pytest.mark.parametrize(
    ("path", "excerpt", "shown"),
    [
        (("a", "b"), "a.b={c: x}", "{c: x}"),
        (("a", "b", "c"), "a.b={c: x}", "x"),
        (("a", "b", "c", "deeper"), "a.b={c: x}", "x"),
        (("a", "e", 0), "a.e[0]=[y]", "[y]"),
        (("a", "e", 0, 0), "a.e[0]=[y]", "y"),
        (("a", "d"), "a: {b: {c: 1}, d: 2}", "2"),
        (("a", "e", 1), "a: {b: {c: 1}, d: 2}", "{b: {c: 1}, d: 2}"),
    ],
)
def test_a_problem_in_what_was_replaced_is_shown_in_the_replacement(path: Path, excerpt: str, shown: str) -> None:
    problem = OVER.problem(path, "wrong", id="invalid-value")

    assert (problem.excerpt, marked(problem)) == (excerpt, shown)


@pytest.mark.parametrize(
    ("path", "excerpt", "shown"),
    [
        (("a", "b"), "a.b={c: x}", "b"),
        (("a", "b", "c"), "a.b={c: x}", "c"),
        (("a", "d"), "a: {b: {c: 1}, d: 2}", "d"),
    ],
)
def test_a_problem_of_a_replaced_key_is_shown_in_the_path_that_names_it(path: Path, excerpt: str, shown: str) -> None:
    problem = OVER.problem(path, "wrong", "do it right", id="invalid-value", key=True)

    assert (problem.excerpt, marked(problem), problem.help) == (excerpt, shown, "do it right")


def test_the_last_key_of_a_path_may_be_the_first_as_well() -> None:
    found = replace(document("a: 1\n"), overlays={("제목",): read(b"x", "--set", lead="제목=")})

    problem = found.problem(("제목",), "unknown", id="invalid-value", key=True)

    assert (problem.file, problem.line, problem.column, marked(problem)) == ("--set", 1, 1, "제목")


def test_a_part_of_a_replaced_text_is_underlined() -> None:
    found = replace(document("a: 1\n"), overlays={("a",): read(b"'x $y'", "--set", lead="a=")})

    assert at(found, ("a",), within=(2, 2)) == "$y"


def test_of_replacements_within_each_other_the_inner_counts() -> None:
    inner = replace(OVER, overlays={**OVER.overlays, ("a", "b", "c"): read(b"2", "--set", lead="a.b.c=")})

    assert inner.problem(("a", "b", "c"), "wrong", id="invalid-value").excerpt == "a.b.c=2"
    assert inner.problem(("a", "b"), "wrong", id="invalid-value").excerpt == "a.b={c: x}"


def test_a_scalar_is_told_as_it_is_written() -> None:
    replaced = replace(document("a: 1_0\n0x1: {b: 'c d'}\n"), overlays={("a",): document("3.10", lead="a=")})

    assert replaced.written(("a",)) == "3.10"
    assert replaced.written((1, "b")) == "c d"
    assert replaced.written((1,), key=True) == "0x1"
    assert replaced.written((1,)) is None
    assert replaced.written((1, "nothing")) is None

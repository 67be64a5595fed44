"""Bytes become plain data with places by the rules of YAML 1.2 and within limits; all else is refused at its place."""

from __future__ import annotations

import codecs
import json
import math
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.describe.yaml.document import Document
from runner.describe.yaml.file_bytes import MAX_FILE
from runner.describe.yaml.loading import MAX_DEPTH, MAX_NODES, decoded, read
from runner.model.errors import InvalidFile, Problem
from tests.describe.describing import FILE, marked
from tests.effort import share_of

TAGS = "remove it; tags here are !!str !!int !!float !!bool !!null !!seq !!map"

pieces = st.sampled_from(
    [
        *"ab10:,-?[]{}#&*!|>'\"@`\\~ \n\t\r",
        *("\n  ", "\n- ", "---\n", "...\n", "%YAML 1.2\n", "!!int ", "!!float ", "!!x ", "&a ", "*a"),
        *("<<", ".nan", "1e999", "0x", "\\x", "한글", "😀", "e\u0301", "\x85", "\u2028", "\ufeff", "\x07"),
    ]
)
yaml_like = st.lists(pieces, max_size=25).map("".join)
any_text = st.text(max_size=20)
json_text = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters="\ufffe\uffff"), max_size=20
)


def data_of(texts: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """What JSON can say, with these texts as keys and values."""
    return st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
        max_leaves=10,
    )


def data_in(text: str) -> Any:
    """The data that is read from the text of a file."""
    return read(text.encode(), FILE).value


def problems_of(text: str | bytes, lead: str = "") -> list[Problem]:
    """All that is wrong with the text of a file, which has to have something wrong."""
    with pytest.raises(InvalidFile) as caught:
        read(text.encode() if isinstance(text, str) else text, FILE, lead=lead)
    return list(caught.value.problems)


def problem_of(text: str | bytes, lead: str = "") -> Problem:
    """The only thing that is wrong with the text of a file."""
    (problem,) = problems_of(text, lead)
    return problem


def place(problem: Problem) -> tuple[int, int]:
    """The line and the column of a problem."""
    return problem.line, problem.column


@settings(max_examples=share_of(300))
@given(st.binary(max_size=40) | st.text(max_size=40).map(str.encode) | yaml_like.map(str.encode))
def test_any_bytes_are_a_document_or_an_invalid_file_with_places(data: bytes) -> None:
    try:
        document = read(data, FILE)
    except InvalidFile as refused:
        places = [place(problem) for problem in refused.problems]
        assert places
        assert places == sorted(places)
        for problem in refused.problems:
            assert 1 <= problem.column <= len(problem.excerpt) + 1
            assert problem.width >= 1
    else:
        assert isinstance(document, Document)
        assert document.text == data.decode("utf-8-sig")


@given(data_of(json_text), st.sampled_from([None, 1]))
def test_json_is_read_as_what_it_was_written_from(data: Any, indent: int | None) -> None:
    found = data_in(json.dumps(data, ensure_ascii=False, indent=indent))

    assert json.dumps(found) == json.dumps(data)  # which, other than ==, tells 1 from 1.0 and from true


@given(data_of(any_text), st.booleans(), st.booleans())
def test_tagged_and_quoted_yaml_is_read_as_what_it_was_written_from(data: Any, flow: bool, unicode: bool) -> None:
    written = yaml.safe_dump(data, default_style='"', default_flow_style=flow, allow_unicode=unicode, sort_keys=False)

    assert json.dumps(data_in(written)) == json.dumps(data)


@given(st.text("a한😀e\u0301 \t\n\r\x85"))
def test_a_byte_order_mark_before_the_text_is_no_part_of_it(text: str) -> None:
    assert decoded(codecs.BOM_UTF8 + text.encode(), FILE) == decoded(text.encode(), FILE) == text


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("a: 1\nb: [x, 2.5, true, ~]\n", {"a": 1, "b": ["x", 2.5, True, None]}),
        ("- a\n- - b\n  - c: d\n", ["a", ["b", {"c": "d"}]]),
        ("이름: 작업\n목록:\n- 가\n- 나\n", {"이름": "작업", "목록": ["가", "나"]}),
        ("a: no\nb: 1:30\nc: 012\nd: 2024-01-31\n", {"a": "no", "b": "1:30", "c": "012", "d": "2024-01-31"}),
        ("a: '1'\nb: \"true\"\nc: '~'\n", {"a": "1", "b": "true", "c": "~"}),
        ("a: |\n  one\n  two\nb: >-\n  one\n  two\n", {"a": "one\ntwo\n", "b": "one two"}),
        ('a:\nb: {c: , "d":}\n', {"a": None, "b": {"c": None, "d": None}}),
        ("? a\n: 1\n", {"a": 1}),
        ("1: a\n~: b\nfalse: c\n", {1: "a", None: "b", False: "c"}),
        ("{}", {}),
        ("[]", []),
        ("just text", "just text"),
        ("~", None),
        ("---\na: 1\n...\n", {"a": 1}),
        ("'<<': 1", {"<<": 1}),
        ("a: &x {b: 1}\nc: *x\n", {"a": {"b": 1}, "c": {"b": 1}}),
        ("a: &x\nb: *x\n", {"a": None, "b": None}),
        ("- &x a\n- &x b\n- *x\n", ["a", "b", "b"]),
        ("- &x a\n- {*x : 1}\n", ["a", {"a": 1}]),
        ("- &x <<\n- {*x : 1}\n", ["<<", {"<<": 1}]),
    ],
)
def test_a_text_is_read_as_yaml_1_2(text: str, data: Any) -> None:
    assert data_in(text) == data


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("!!str 12", "12"),
        ("!!str true", "true"),
        ("! 12", "12"),
        ("!", ""),
        ("!!int '12'", 12),
        ("!!int 0o17", 15),
        ("!!float 1", 1.0),
        ("!!float '1.5'", 1.5),
        ("!!bool 'true'", True),
        ("!!null ''", None),
        ("!<tag:yaml.org,2002:int> '3'", 3),
        ("!!seq [1]", [1]),
        ("!!map {a: 1}", {"a": 1}),
        ("! [1]", [1]),
        ("! {a: 1}", {"a": 1}),
    ],
)
def test_a_tag_says_what_its_value_is(written: str, value: object) -> None:
    found = data_in(f"a: {written}")["a"]

    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("written", "at", "message", "help"),
    [
        ("!x 1", "!x 1", "the tag `!x` has no meaning here", TAGS),
        ("!!set {a: 1}", "!!set {", "the tag `!!set` has no meaning here", TAGS),
        ("!!str {a: 1}", "!!str {", "the tag `!!str` has no meaning here", TAGS),
        ("!!map [1]", "!!map [", "the tag `!!map` has no meaning here", TAGS),
        ("!!seq 1", "!!seq 1", "the tag `!!seq` has no meaning here", TAGS),
        ("!!timestamp 2024-01-31", "!!timestamp 2024-01-31", "the tag `!!timestamp` has no meaning here", TAGS),
        ("!<tag:a,2000:b> 1", "!<tag:a,2000:b> 1", "the tag `tag:a,2000:b` has no meaning here", TAGS),
        (f"!{'x' * 50} 1", f"!{'x' * 50} 1", f"the tag `!{'x' * 38}…` has no meaning here", TAGS),
        ("!!int x", "!!int x", "`x` does not match its tag `!!int`", None),
        ("1e999", "1e999", "`1e999` is larger than the largest number, about 1.8e308", None),
    ],
)
def test_a_value_that_cannot_be_what_it_says_is_refused(written: str, at: str, message: str, help: str | None) -> None:
    problem = problem_of(f"a: {written}")

    assert (marked(problem), problem.message, problem.help) == (at, message, help)


def test_what_is_refused_is_underlined_as_a_whole_also_behind_wide_characters() -> None:
    problem = problem_of("한글: [가, !n 다, 라]")

    assert (place(problem), marked(problem)) == ((1, 9), "!n 다")


@pytest.mark.parametrize(
    ("text", "line", "column", "message", "help"),
    [
        ("", 1, 1, "the file is empty", "a file needs at least `jobs:` with one job"),
        ("# 없음\n", 2, 1, "the file is empty", "a file needs at least `jobs:` with one job"),
        (
            "a: 1\n---\nb: 2\n",
            2,
            1,
            "a second document begins here: a file contains one",
            "remove the line `---`, or put the second document into a file of its own",
        ),
        ("a: 1\nb: 2\n한글: 3\n한글: 4\n", 4, 1, "the key `한글` is given twice, first in line 3", None),
        ("a: {b: 1, b: 2}", 1, 11, "the key `b` is given twice, first in line 1", None),
        ("1: a\n1.0: b\n", 2, 1, "the key `1.0` is given twice, first in line 1", None),
        ("- &x a\n- a: 1\n  *x : 2\n", 3, 3, "the key `*x` is given twice, first in line 2", None),
        ("[a]: 1", 1, 1, "a key cannot be a list", "text that begins with `{` or `[` must be in quotes"),
        ("{{a: 1}: 2}", 1, 2, "a key cannot be a mapping", "text that begins with `{` or `[` must be in quotes"),
        ("- &x [a]\n- *x : 1\n", 2, 3, "a key cannot be a list", "text that begins with `{` or `[` must be in quotes"),
        (".nan: 1", 1, 1, "a key cannot be `.nan`", None),
        (
            "a: &x {b: 1}\nc:\n  <<: *x\n",
            3,
            3,
            "merge keys (`<<`) are not part of YAML 1.2 and not supported",
            "write the keys out; or use `replicas` for processes that are alike",
        ),
        ("a: *x", 1, 4, "the alias `*x` has no anchor `&x` before it", None),
        ("a: &x [*x]", 1, 8, "the alias `*x` is inside the value that it stands for", None),
        ("a: &x {b: &y [*x]}", 1, 15, "the alias `*x` is inside the value that it stands for", None),
        (
            "a: b: c",
            1,
            5,
            "a `:` is not expected here",
            "text that contains `: ` must be in quotes; or the line is indented too far",
        ),
    ],
)
def test_what_is_no_file_of_ours_is_refused_at_its_place(
    text: str, line: int, column: int, message: str, help: str | None
) -> None:
    problem = problem_of(text)

    assert (place(problem), problem.message, problem.help) == ((line, column), message, help)


@pytest.mark.parametrize(
    ("text", "at", "written"),
    [
        ("a: {i}", "i", "i"),
        ("a: {한글, b: 1}", "한글", "한글"),
        ('a: {"i"}', '"i"', "i"),
        ("? a\n? b\n: 1\n", "a", "a"),
    ],
)
def test_a_key_without_a_colon_is_taken_for_text_that_needs_quotes(text: str, at: str, written: str) -> None:
    problem = problem_of(text)

    assert problem.message == f"the key `{written}` has no `:` and no value"
    assert problem.help == f"if text is meant, put it in quotes: '{{{written}}}'; placeholders are written $name"
    assert marked(problem) == at


def test_an_alias_as_a_key_without_a_colon_is_refused_as_well() -> None:
    problem = problem_of("- &x a\n- {*x }\n")

    assert (place(problem), problem.message) == ((2, 4), "the key `*x` has no `:` and no value")


@pytest.mark.parametrize(("text", "at"), [("가: 나: 다", ":"), ("a: @b", "@"), ("a: [b, c", "["), ("a: ]", "]")])
def test_a_complaint_of_the_parser_underlines_one_character(text: str, at: str) -> None:
    assert marked(problem_of(text)) == at


def test_all_problems_are_told_in_the_order_of_the_file() -> None:
    problems = problems_of("a: 1\na: !x 1\nb: !y 2\n")

    assert [(problem.line, problem.column) for problem in problems] == [(2, 1), (2, 4), (3, 4)]


def test_a_problem_that_ends_the_reading_hides_none_before_it() -> None:
    problems = problems_of("a: !x 1\nb: [!y 2, *z]\nc: !never 3\n")

    assert [marked(problem) for problem in problems] == ["!x 1", "!y 2", "*z"]


def test_the_parsers_complaint_hides_no_problem_before_it() -> None:
    problems = problems_of("a: !x 1\nb: @\n")

    assert [problem.message for problem in problems] == [
        "the tag `!x` has no meaning here",
        "a value cannot begin with `@`",
    ]


def test_what_is_wrong_inside_of_a_key_that_is_a_mapping_is_not_told() -> None:
    problems = problems_of("a: !x 1\n? {b: !y 2}\n: 3\n")

    assert [problem.message for problem in problems] == [
        "the tag `!x` has no meaning here",
        "a key cannot be a mapping",
    ]


@pytest.mark.parametrize(
    ("mark", "name"),
    [
        (codecs.BOM_UTF16_LE, "UTF-16"),
        (codecs.BOM_UTF16_BE, "UTF-16"),
        (codecs.BOM_UTF32_LE, "UTF-32"),
    ],
)
def test_a_text_in_another_encoding_is_refused_by_its_mark(mark: bytes, name: str) -> None:
    problem = problem_of(mark + b"a\x00")

    assert problem == Problem(FILE, 1, 1, 1, "", f"the file is in {name}", "save it as UTF-8", "not-utf-8")


@pytest.mark.parametrize("start", [b"", codecs.BOM_UTF8])
def test_a_byte_that_is_not_utf_8_is_shown_behind_what_stands_before_it(start: bytes) -> None:
    problem = problem_of(start + "a: 1\r\n한글: caf".encode() + b"\xe9\n")

    assert (problem.message, problem.help) == ("byte 0xe9 is not UTF-8", "save the file as UTF-8")
    assert (place(problem), problem.excerpt, marked(problem)) == ((2, 8), "한글: caf\ufffd", "\ufffd")


@pytest.mark.parametrize(
    ("text", "at", "code"),
    [
        ("a: 1\nb: x\x07y\n", (2, 5), "0007"),
        ("a: 1\nb: \x7f\n", (2, 4), "007F"),
        ("한글: \x1b[31m\n", (1, 5), "001B"),
        ("a: \x9f\n", (1, 4), "009F"),
        ("a: \ufffe\n", (1, 4), "FFFE"),
        ("a\x00", (1, 2), "0000"),
    ],
)
def test_a_control_character_is_refused_at_its_place(text: str, at: tuple[int, int], code: str) -> None:
    problem = problem_of(text)

    assert problem.message == f"the control character U+{code} is not allowed"
    assert problem.help == 'inside double quotes, write it as an escape such as "\\e" or "\\x07"'
    assert (place(problem), marked(problem)) == (at, chr(int(code, 16)))


def test_control_characters_may_be_written_as_escapes() -> None:
    assert data_in('"\\e[31m\\x07\\0"') == "\x1b[31m\x07\x00"


def test_a_file_that_is_too_large_is_refused_before_it_is_read() -> None:
    problem = problem_of(b"\xff" * (MAX_FILE + 1))

    message = "the file has 16,777,217 bytes; at most 16,777,216 are read"
    assert problem == Problem(FILE, 0, 0, 0, "", message, id="too-large")


def test_too_many_levels_have_one_id_whether_the_parser_counts_them_first_or_not() -> None:
    assert {problem_of(b"[" * levels).id for levels in (100, 1_001)} == {"too-large"}


def test_a_file_of_the_largest_size_is_read() -> None:
    text = b"a: 1\n".ljust(MAX_FILE, b"\n")

    assert read(text, FILE).value == {"a": 1}


def test_lists_may_be_nested_to_the_limit_and_no_deeper() -> None:
    value = data_in("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    for _ in range(MAX_DEPTH - 1):
        (value,) = value

    assert value == []
    problem = problem_of("[" * MAX_DEPTH + "x" + "]" * MAX_DEPTH)
    assert (place(problem), problem.message) == ((1, MAX_DEPTH + 1), f"nested deeper than {MAX_DEPTH} levels")


def test_mappings_may_be_nested_to_the_limit_and_no_deeper() -> None:
    def text(around: int) -> str:
        return "{가: " * around + "1" + "}" * around

    assert list(data_in(text(MAX_DEPTH - 1))) == ["가"]
    problem = problem_of(text(MAX_DEPTH))
    assert (place(problem), problem.message) == ((1, 4 * MAX_DEPTH - 2), f"nested deeper than {MAX_DEPTH} levels")


def test_a_list_in_a_mapping_is_one_deeper_than_the_mapping() -> None:
    def text(lists: int) -> str:
        return f"{{가: {'[' * lists}{']' * lists}}}"

    assert list(data_in(text(MAX_DEPTH - 1))) == ["가"]
    problem = problem_of(text(MAX_DEPTH))
    assert (place(problem), problem.message) == ((1, 4 + MAX_DEPTH), f"nested deeper than {MAX_DEPTH} levels")


def test_an_alias_is_as_deep_as_what_it_stands_for() -> None:
    def text(around: int) -> str:
        return f"- &x {'[' * 60}{']' * 60}\n- {'[' * around}*x{']' * around}\n"

    assert len(data_in(text(3))) == 2
    assert problem_of(text(4)).message == f"nested deeper than {MAX_DEPTH} levels"


def test_an_alias_of_an_alias_is_as_deep_as_both() -> None:
    def text(around: int) -> str:
        return f"- &x {'[' * 30}{']' * 30}\n- &y {'[' * 30}*x{']' * 30}\n- {'[' * around}*y{']' * around}\n"

    assert len(data_in(text(3))) == 3
    assert problem_of(text(4)).message == f"nested deeper than {MAX_DEPTH} levels"


def test_an_alias_is_not_as_deep_as_what_stood_before_its_anchor() -> None:
    text = f"- {'[' * 63}{']' * 63}\n- &x [a]\n- {'[' * 61}*x{']' * 61}\n"

    assert data_in(text)[1] == ["a"]


def test_the_values_that_aliases_stand_for_are_counted() -> None:
    def text(more: int) -> str:
        size, singles = 10_000, 9_999 + more
        items = [f"&x [{'0,' * (size - 1)}]", *["*x"] * (MAX_NODES // size - 2), *["0"] * singles]
        return f"[{','.join(items)}]"

    assert len(data_in(text(0))) == 1 + 98 + 9_999
    problem = problem_of(text(1))
    assert problem.message == "the file has more than 1,000,000 values, counting what aliases stand for"
    assert place(problem) == (1, len(text(1)) - 1)


def test_nine_aliases_of_nine_are_refused_at_once() -> None:
    lines = ["- &x0 [a, a, a, a, a, a, a, a, a]"]
    lines += [f"- &x{level} [{', '.join([f'*x{level - 1}'] * 9)}]" for level in range(1, 12)]

    problem = problem_of("\n".join(lines))

    assert problem.message == "the file has more than 1,000,000 values, counting what aliases stand for"
    assert marked(problem) == "*x5"


def test_what_an_alias_stands_for_is_the_same_thing() -> None:
    found = data_in("- &x {a: 1}\n- *x\n")

    assert found[0] is found[1]


def test_a_number_that_is_none_is_found() -> None:
    found = data_in("[.nan, .inf, -.inf]")

    assert math.isnan(found[0])
    assert found[1:] == [math.inf, -math.inf]


def test_what_stood_before_the_text_is_shown_in_its_first_line_only() -> None:
    first, second = problems_of("{가: !x 1,\n  b: !y 2}", lead="args[0]=")

    assert (first.excerpt, place(first), marked(first)) == ("args[0]={가: !x 1,", (1, 13), "!x 1")
    assert (second.excerpt, place(second), marked(second)) == ("  b: !y 2}", (2, 6), "!y 2")


def test_a_complaint_of_the_parser_is_shown_behind_what_stood_before_the_text() -> None:
    problem = problem_of("@", lead="title=")

    assert (problem.excerpt, place(problem), marked(problem)) == ("title=@", (1, 7), "@")

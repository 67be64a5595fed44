"""Problems as people see them, with the caret under the right column, and as programs do."""

from __future__ import annotations

import json
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.describe.yaml.problem_rendering import render, render_all, to_json, width_of
from runner.model.errors import Problem
from runner.model.records import replace

DRAWN = {"a": 1, " ": 1, "…": 1, "|": 1, "ｱ": 1, "한": 2, "글": 2, "界": 2, "Ａ": 2, "😀": 2, "\u0301": 0, "\u200d": 0}
"""How many columns of a terminal each of these takes."""
MARKED = {"X": 1, "뜻": 2}
"""What is marked in a line, and stands nowhere else in it."""

REORDERING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
"""The kinds of characters that let a terminal draw others in another order."""

lines = st.text("a 한글界Ａ😀ｱ\u0301\u200d", max_size=250)
marks = st.tuples(st.text("X뜻", min_size=1, max_size=5), st.sampled_from(["", "\u0301"])).map("".join)
problems = st.builds(
    Problem,
    file=st.text(max_size=9),
    line=st.integers(1, 99_999),
    column=st.integers(1, 400),
    width=st.integers(0, 400),
    excerpt=st.text() | lines | st.text("\t\x1b\u202e\ud800가a", max_size=9),
    message=st.text(),
    help=st.none() | st.text() | st.text().map("did you mean {}".format),
)


def problem(excerpt: str, column: int, width: int = 1, help: str | None = None) -> Problem:
    return Problem("jobs.yaml", 7, column, width, excerpt, "is wrong", help)


def shown(found: Problem) -> tuple[str, str]:
    """The line of the file as it is shown, and what stands below it."""
    _, bar, text, carets, *_ = render(found, color=False).split("\n")
    margin = f"{found.line} | "
    assert text.startswith(margin.rstrip())
    assert bar == carets[: len(bar)] == f"{' ' * len(str(found.line))} |"
    return text[len(margin) :], carets[len(margin) :]


def columns(text: str) -> int:
    """The columns that text takes, by the table above."""
    return sum((DRAWN | MARKED)[character] for character in text)


def test_a_problem_is_shown_with_its_line_and_a_caret() -> None:
    found = Problem("jobs.yaml", 12, 3, 5, "  daemn: true", "unknown key `daemn`", "did you mean `daemon`?")

    assert render(found, color=False).split("\n") == [
        "jobs.yaml:12:3: error: unknown key `daemn`",
        "   |",
        "12 |   daemn: true",
        "   |   ^^^^^ did you mean `daemon`?",
    ]


def test_carets_stand_under_wide_characters() -> None:
    found = Problem("작업.yaml", 1, 5, 2, "이름: 한글 # 주석", "`이름` is wrong", "이렇게")

    assert render(found, color=False).split("\n") == [
        "작업.yaml:1:5: error: `이름` is wrong",
        "  |",
        "1 | 이름: 한글 # 주석",
        "  |       ^^^^",
        "  = help: 이렇게",
    ]


@pytest.mark.parametrize(
    ("excerpt", "column", "width", "line", "carets"),
    [
        ("a: b", 4, 1, "a: b", "   ^"),
        ("한글", 2, 1, "한글", "  ^^"),
        ("e\u0301: x", 5, 1, "e\u0301: x", "   ^"),
        ("e\u0301: x", 2, 1, "e\u0301: x", " ^"),
        ("😀😀: x", 2, 1, "😀😀: x", "  ^^"),
        ("\ta: b", 2, 1, "    a: b", "    ^"),
        ("\t\t한글\ta", 3, 2, "        한글    a", "        ^^^^"),
        ("a\tb", 3, 1, "a   b", "    ^"),
        ("a: b", 3, 9, "a: b", "  ^^"),
        ("a: b", 3, 0, "a: b", "  ^"),
        ("a:", 3, 1, "a:", "  ^"),
        ("a:", 9, 4, "a:", "  ^"),
        ("a:   ", 6, 1, "a:", "     ^"),
        ("a: \x1b[31m", 4, 1, "a: \ufffd[31m", "   ^"),
        ("a\u202eb", 3, 1, "a\ufffdb", "  ^"),
        ("a\u200bb\u3000c", 5, 1, "a\u200bb\u3000c", "    ^"),
    ],
)
def test_carets_stand_under_what_is_wrong(excerpt: str, column: int, width: int, line: str, carets: str) -> None:
    assert shown(problem(excerpt, column, width)) == (line, carets)


@given(lines, marks, lines)
def test_carets_stand_under_what_is_wrong_in_any_line(before: str, mark: str, after: str) -> None:
    after = after.lstrip("\u0301\u200d")  # which would be drawn as part of what is marked

    line, carets = shown(problem(before + mark + after, len(before) + 1, len(mark)))

    assert columns(line[: line.index(mark)]) == len(carets) - len(carets.lstrip())
    assert carets.strip() == "^" * columns(mark)


@pytest.mark.parametrize(
    ("excerpt", "column", "width", "line", "carets"),
    [
        ("a" * 160, 160, 1, "a" * 160, " " * 159 + "^"),
        ("a" * 161, 1, 1, "a" * 160 + "…", "^"),
        ("a" * 100 + "x" + "b" * 60, 101, 1, "…" + "a" * 59 + "x" + "b" * 60, " " * 60 + "^"),
        ("a" * 100 + "x" + "b" * 99, 101, 1, "…" + "a" * 59 + "x" + "b" * 99, " " * 60 + "^"),
        ("a" * 100 + "x" + "b" * 100, 101, 1, "…" + "a" * 59 + "x" + "b" * 99 + "…", " " * 60 + "^"),
        ("a" * 60 + "x" * 101, 61, 101, "a" * 60 + "x" * 100 + "…", " " * 60 + "^" * 100),
        ("a" * 60 + "x" * 99 + "bb", 61, 99, "a" * 60 + "x" * 99 + "b…", " " * 60 + "^" * 99),
        ("한" * 100 + "x" + "b" * 9, 101, 1, "…" + "한" * 59 + "x" + "b" * 9, " " * 119 + "^"),
        ("한" * 50 + "x" + "b" * 110, 51, 1, "한" * 50 + "x" + "b" * 109 + "…", " " * 100 + "^"),
    ],
)
def test_a_long_line_is_cut_around_what_is_wrong(excerpt: str, column: int, width: int, line: str, carets: str) -> None:
    assert shown(problem(excerpt, column, width)) == (line, carets)


@given(st.integers(0, 2_000), st.integers(1, 2_000), st.integers(0, 2_000))
def test_a_long_line_leaves_room_for_the_carets(before: int, width: int, after: int) -> None:
    line, carets = shown(problem("b" * before + "x" * width + "a" * after, before + 1, width))

    assert len(line) <= 161
    assert len(carets) <= 160
    assert line[len(carets) - len(carets.lstrip()) :].startswith("x" * carets.count("^"))


@given(problems)
def test_any_problem_can_be_shown_and_none_steers_the_terminal(found: Problem) -> None:
    text = render(found, color=False)

    for character in text.replace("\n", ""):
        assert character.isprintable() or unicodedata.category(character) in {"Cf", "Zs"}
        assert unicodedata.bidirectional(character) not in REORDERING


@given(problems)
def test_colours_change_nothing_but_colours(found: Problem) -> None:
    painted = render(found, color=True)

    assert painted != render(found, color=False) == re.sub(r"\x1b\[[0-9;]*m", "", painted)


def test_the_place_the_error_and_the_carets_have_colours() -> None:
    assert render(problem("a: b", 4, help="no\nnever"), color=True).split("\n") == [
        "\x1b[1mjobs.yaml:7:4\x1b[0m: \x1b[1;31merror\x1b[0m: \x1b[1mis wrong\x1b[0m",
        "  \x1b[1;34m|\x1b[0m",
        "\x1b[1;34m7\x1b[0m \x1b[1;34m|\x1b[0m a: b",
        "  \x1b[1;34m|\x1b[0m    \x1b[1;31m^\x1b[0m",
        "  \x1b[1;34m=\x1b[0m \x1b[36mhelp\x1b[0m: no",
        "  \x1b[1;34m=\x1b[0m \x1b[36mhelp\x1b[0m: never",
    ]


def test_the_nearest_name_stands_beside_the_caret_and_the_rest_below() -> None:
    text = render(problem("a: b", 1, help="did you mean `c`?\nor leave it out"), color=False)

    assert text.split("\n")[3:] == ["  | ^ did you mean `c`?", "  = help: or leave it out"]


def test_a_help_that_has_been_given_is_not_given_again() -> None:
    every = [problem("a: b", 1, help=help) for help in ("keys here: `c`", "did you mean `d`?", None)] * 2

    shown = render_all(every, color=False)

    assert shown.count("keys here") == 1
    assert shown.count("did you mean `d`?") == 2
    assert shown.count("jobs.yaml:7:1: error: is wrong") == 6
    assert shown.startswith(f"{render(every[0], color=False)}\n\n{render(every[1], color=False)}\n\n")


def test_of_nothing_wrong_nothing_is_shown() -> None:
    assert render_all([], color=False) == ""


@pytest.mark.parametrize(
    ("help", "given"), [("write `replicas: 3`", [True, False, True]), ("keys here: `jobs`", [True, False, False])]
)
def test_a_help_is_given_once_for_each_file_and_a_list_of_keys_once(help: str, given: list[bool]) -> None:
    every = [replace(problem("x: 1", 1, help=help), file=file) for file in ("a", "a", "b")]

    shown = render_all(every, color=False)

    assert [help in part for part in shown.split("\n\n")] == given


def test_a_problem_keeps_to_the_width_of_the_terminal() -> None:
    excerpt = "x" * 40 + ": daemn " + "y" * 40
    found = Problem("jobs.yaml", 12, 43, 5, excerpt, "one two three four five", "six seven eight nine ten eleven")

    assert render(found, color=False, width=40).split("\n") == [
        "jobs.yaml:12:43: error: one two three",
        "  four five",
        "   |",
        "12 | …" + "x" * 14 + ": daemn " + "y" * 11 + "…",
        "   | " + " " * 17 + "^^^^^",
        "   = help: six seven eight nine ten",
        "           eleven",
    ]


def test_the_nearest_name_stands_below_where_there_is_no_room_beside_the_caret() -> None:
    found = problem("a: " + "b" * 20, 4, 20, help="did you mean `c`?")

    assert render(found, color=False, width=45).split("\n")[3:] == ["  |    " + "^" * 20 + " did you mean `c`?"]
    assert render(found, color=False, width=44).split("\n")[3:] == ["  |    " + "^" * 20, "  = help: did you mean `c`?"]


def test_an_example_in_a_help_stays_as_it_is() -> None:
    help = "write, in lines of its own,\n  a:\n    - b c d e f g h i j"

    text = render(problem("a: b", 1, help=help), color=False, width=30)

    assert text.split("\n")[4:] == [
        "  = help: write, in lines of",
        "          its own,",
        "            a:",
        "              - b c d e f g h i j",
    ]


@given(problems, st.integers(20, 120))
def test_any_problem_keeps_its_words_at_any_width(found: Problem, width: int) -> None:
    text = render(found, color=False, width=width)

    whole = render(found, color=False).split("\n")[0]
    assert "".join(text.split()).startswith("".join(whole.split()))
    assert re.sub(r"\x1b\[[0-9;]*m", "", render(found, color=True, width=width)) == text


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (Problem("x.yaml", 0, 0, 0, "", "cannot be read"), "x.yaml: error: cannot be read"),
        (Problem("x.yaml", 0, 0, 0, "", "no", "do it"), "x.yaml: error: no\n = help: do it"),
        (Problem("x.yaml", 3, 1, 1, "", "no", "did you mean it?"), "x.yaml:3:1: error: no\n = help: did you mean it?"),
        (
            Problem("x.yaml", 3, 1, 1, "", "no", "did you mean it?\nor not"),
            "x.yaml:3:1: error: no\n = help: did you mean it?\n = help: or not",
        ),
        (Problem("a\n\x1bb", 0, 0, 0, "", "no\x07"), "a\ufffd\ufffdb: error: no\ufffd"),
    ],
)
def test_a_problem_without_a_line_is_shown_without_carets(found: Problem, text: str) -> None:
    assert render(found, color=False) == text


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("", 0),
        ("abc", 3),
        ("한글", 4),
        ("界", 2),
        ("Ａ１", 4),
        ("ｱ", 1),
        ("😀", 2),
        ("e\u0301", 1),
        ("a\u034f", 1),
        ("a\u20dd", 1),
        ("a\u200d\u200bb", 2),
        ("é…·│", 4),
    ],
)
def test_wide_characters_take_two_columns_and_combining_ones_none(text: str, columns: int) -> None:
    assert width_of(text) == columns


def test_a_program_gets_all_of_a_problem() -> None:
    found = to_json(Problem("작업.yaml", 7, 4, 2, "a: 한글", "is wrong", "did you mean `한굴`?", "unknown-key"))

    assert json.loads(json.dumps(found)) == {
        "file": "작업.yaml",
        "line": 7,
        "column": 4,
        "width": 2,
        "excerpt": "a: 한글",
        "message": "is wrong",
        "help": "did you mean `한굴`?",
        "id": "unknown-key",
    }


def test_a_program_gets_null_where_there_is_no_place() -> None:
    found = to_json(Problem("x.yaml", 0, 0, 0, "", "cannot be read"))

    assert [found[key] for key in ("line", "column", "width", "help")] == [None] * 4
    assert found["excerpt"] == ""

"""What YAML's parsers complain about is said in plain words, by the C parser and by the one in Python."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from runner.describe.yaml.syntax import explain

C, PYTHON = yaml.CBaseLoader, yaml.BaseLoader

COLON = "a `:` is not expected here"
LIST = "a list that begins with `[` is not closed"
MAPPING = "a mapping that begins with `{` is not closed"
QUOTE = "a quoted text that begins here has no end"
TAB = "a tab cannot indent"
MISSING = "a value is missing here"
ENDS = "the text ends here, and a value is missing"
CLOSE = "close what begins with `[` or `{`"
FIRST = "text that begins with this character must be in quotes"
INDENTED = "text that contains `: ` must be in quotes; or the line is indented too far"
CHECK = "check the indentation, and the quotes and brackets before it"
BELOW = f"{CHECK}; steps inside a step are below its `do:`"


def explained(text: str, parser: Any) -> tuple[tuple[int, int], str, str | None]:
    """What is said about a text that this parser refuses: where, what is wrong, what to do."""
    with pytest.raises(yaml.MarkedYAMLError) as caught:
        list(yaml.parse(text, parser))
    mark, message, help = explain(caught.value, text)
    return (mark.line + 1, mark.column + 1), message, help


@pytest.mark.parametrize("parser", [C, PYTHON])
@pytest.mark.parametrize(
    ("text", "place", "message", "help"),
    [
        ("a: b: c", (1, 5), COLON, INDENTED),
        ("한글: 나: 다", (1, 6), COLON, INDENTED),
        ("a: 1\n  b: 2", (2, 4), COLON, INDENTED),
        ("a: [1, 2\nb: 3", (1, 4), LIST, "add `,` or `]`"),
        ("한글: [가, [나], 다", (1, 5), LIST, "add `,` or `]`"),
        ("a: {b: [1}", (1, 8), LIST, "add `,` or `]`"),
        ("a: {b: 1", (1, 4), MAPPING, "add `,` or `}`"),
        ("a: 1\nb\nc: 2", (3, 1), "this line is not `key: value`", "add a `:` after the key"),
        ("a: 'b\nc: d", (1, 4), QUOTE, "add the closing quote"),
        ('가: "나\n', (1, 4), QUOTE, "add the closing quote"),
        ("a:\n\tb: 1", (2, 1), TAB, "use spaces"),
        ("a:\n  - b\n\t- c", (3, 1), TAB, "use spaces"),
        ("a: @b", (1, 4), "a value cannot begin with `@`", FIRST),
        ("가: %나", (1, 4), "a value cannot begin with `%`", FIRST),
        ("a: ]", (1, 4), MISSING, None),
        ("가: [", (1, 5), ENDS, CLOSE),
        ("a: {b: [\n\n", (1, 9), ENDS, CLOSE),
        ("[가,,나]", (1, 4), MISSING, None),
        ("a: !e!x 1", (1, 4), "the tag has no meaning here", "remove it"),
        ("%YAML 2.0\n---\na: 1", (1, 1), "this version of YAML is unknown", "remove the line `%YAML`"),
    ],
)
def test_a_complaint_is_said_in_plain_words_where_its_cause_is(
    text: str, place: tuple[int, int], message: str, help: str | None, parser: Any
) -> None:
    assert explained(text, parser) == (place, message, help)


@pytest.mark.parametrize(
    ("text", "place", "message", "help"),
    [
        (
            "- a\nb: 1",
            (2, 1),
            "this line belongs to no item of the list above",
            "begin it with `- `, or check its indentation",
        ),
        ("a: 1\n- b", (2, 1), "this is not a key of its mapping", BELOW),
        ("a: '나' 다", (1, 8), "this is not a key of its mapping", BELOW),
        ("{a:}", (1, 3), COLON, "write `: ` with a space after the colon"),
        (
            'a: "\\q"',
            (1, 5),
            "an unknown escape in double quotes",
            "write `\\\\` for a backslash, or use single quotes",
        ),
        ("[" * 1_001, (1, 1_001), "nested too deep", None),
    ],
)
def test_the_c_parser_says_more_about_some(text: str, place: tuple[int, int], message: str, help: str | None) -> None:
    assert explained(text, C) == (place, message, help)


@pytest.mark.parametrize(
    ("text", "place", "message", "help"),
    [
        ("- a\nb: 1", (2, 1), "this is not a key of its mapping or an item of its list", CHECK),
        ("a: 1\n- b", (2, 1), "this is not a key of its mapping or an item of its list", CHECK),
        (
            'a: "\\q"',
            (1, 6),
            "an unknown escape in double quotes",
            "write `\\\\` for a backslash, or use single quotes",
        ),
    ],
)
def test_the_python_parser_says_less_about_some(
    text: str, place: tuple[int, int], message: str, help: str | None
) -> None:
    assert explained(text, PYTHON) == (place, message, help)


@pytest.mark.parametrize(
    ("text", "place", "detail"),
    [
        ("a: *", (1, 5), "did not find expected alphabetic or numeric character while scanning an alias"),
        ('"한\\ud83d"', (1, 5), "found invalid Unicode character escape code while parsing a quoted scalar"),
        ("a: - b", (1, 4), "block sequence entries are not allowed in this context"),
    ],
)
def test_any_other_complaint_is_passed_on(text: str, place: tuple[int, int], detail: str) -> None:
    assert explained(text, C) == (place, f"not valid YAML: {detail}", None)

"""Explain the errors of the YAML parser in plain words, with a suggested correction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.describe.yaml.document import BREAK
from runner.model.records import record

if TYPE_CHECKING:
    from yaml import MarkedYAMLError

    from runner.describe.yaml.document import Mark

TOO_DEEP = "nested too deep"
_QUOTE = "text that begins with this character must be in quotes"

# The message of the C parser or of the Python parser -> our message, and what to do.
_WORDS: tuple[tuple[str, str, str | None], ...] = (
    (
        "mapping values are not allowed",
        "a `:` is not expected here",
        "text that contains `: ` must be in quotes; or the line is indented too far",
    ),
    ("did not find expected ',' or ']'", "a list that begins with `[` is not closed", "add `,` or `]`"),
    ("expected ',' or ']'", "a list that begins with `[` is not closed", "add `,` or `]`"),
    ("did not find expected ',' or '}'", "a mapping that begins with `{` is not closed", "add `,` or `}`"),
    ("expected ',' or '}'", "a mapping that begins with `{` is not closed", "add `,` or `}`"),
    ("could not find expected ':'", "this line is not `key: value`", "add a `:` after the key"),
    (
        "did not find expected '-' indicator",
        "this line belongs to no item of the list above",
        "begin it with `- `, or check its indentation",
    ),
    (
        "did not find expected key",
        "this is not a key of its mapping",
        "check the indentation, and the quotes and brackets before it; steps inside a step are below its `do:`",
    ),
    (
        "expected <block end>",
        "this is not a key of its mapping or an item of its list",
        "check the indentation, and the quotes and brackets before it",
    ),
    ("found unexpected ':'", "a `:` is not expected here", "write `: ` with a space after the colon"),
    (
        "found unknown escape character",
        "an unknown escape in double quotes",
        "write `\\\\` for a backslash, or use single quotes",
    ),
    ("node content", "a value is missing here", None),
    ("incompatible YAML document", "this version of YAML is unknown", "remove the line `%YAML`"),
    ("undefined tag handle", "the tag has no meaning here", "remove it"),
    ("found a tab character", "a tab cannot indent", "use spaces"),
    # The parser's own limit is 1,000 levels, far above ours; it may find that before it passes us the first of them.
    ("exceeded maximum nesting depth", TOO_DEEP, None),
)
_OPEN_QUOTE = "a quoted text that begins here has no end"


def explain(error: MarkedYAMLError, text: str) -> tuple[Mark, str, str | None]:
    """Return the best position for the parser's error, the message, and what to do."""
    problem, context = str(error.problem), str(error.context)
    mark: Mark = error.problem_mark or _end(text)
    if "end of stream" in problem and "quoted scalar" in context:
        return error.context_mark or mark, _OPEN_QUOTE, "add the closing quote"
    if "cannot start any token" in problem:
        return mark, *_bad_character(text[mark.index : mark.index + 1])
    if "node content" in problem and not text[mark.index :].strip():
        return _end(text), "the text ends here, and a value is missing", "close what begins with `[` or `{`"
    for said, message, help in _WORDS:
        if said in problem:
            unclosed = error.context_mark if "not closed" in message else None
            return unclosed or mark, message, help
    detail = f"{problem} {context}" if error.context else problem
    return mark, f"not valid YAML: {detail}", None


@record(frozen=True, slots=True)
class _Place:
    """A position in the text, counted from 0."""

    index: int
    line: int
    column: int


def _end(text: str) -> _Place:
    """Return the position right after the last character: the parser's own mark is often on an empty line, which
    editors do not show."""
    before = text.rstrip()
    lines = BREAK.split(before)
    return _Place(len(before), len(lines) - 1, len(lines[-1]))


def _bad_character(character: str) -> tuple[str, str]:
    if character == "\t":
        return "a tab cannot indent", "use spaces"
    return f"a value cannot begin with `{character}`", _QUOTE

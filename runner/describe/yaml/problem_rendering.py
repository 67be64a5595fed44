"""Format a problem for users, with its source line and a caret, and as JSON for programs."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from runner.model.records import replace
from runner.model.wrapping import wrapped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Literal

    from runner.model.errors import Problem
    from runner.model.json_types import Json

_RED, _BLUE, _BOLD, _CYAN, _RESET = "\033[1;31m", "\033[1;34m", "\033[1m", "\033[36m", "\033[0m"
_TAB = 4
_LONGEST = 160
_BESIDE = "did you mean"
"""A help that begins like this is printed next to the caret."""
_KEYS = "keys here"
"""A help that begins like this is a list of keys, which may be long."""
_NARROWEST = 20
_BEFORE = 60
"""A line that is too long is shown from at most this many characters before the caret."""


def render_all(
    problems: Iterable[Problem], *, color: bool, width: int | None = None, kind: Literal["error", "note"] = "error"
) -> str:
    """Return the problems one after the other, each as an error or as a note.

    A help that was already printed for the same file is left out, and a list of keys even if it was printed for another
    problem.
    """
    given: set[tuple[str | None, str | None]] = set()
    shown: list[str] = []
    for problem in problems:
        help_text = str(problem.help)
        help_of = None if help_text.startswith(_KEYS) else problem.file, problem.help
        is_new = help_of not in given or help_text.startswith(_BESIDE)
        shown.append(render(problem if is_new else replace(problem, help=None), color=color, width=width, kind=kind))
        given.add(help_of)
    return "\n\n".join(shown)


def render(problem: Problem, *, color: bool, width: int | None = None, kind: Literal["error", "note"] = "error") -> str:
    """Return the problem as text of several lines, the last without an end; no control character reaches the terminal.

    `width` is the width of the terminal; lines exceed it only if a single word is longer.
    """
    paint = _painted if color else _plain
    place = problem.file if not problem.line else f"{problem.file}:{problem.line}:{problem.column}"
    head = f"{_printable(place)}: {kind}: "
    message = wrapped(_printable(problem.message), width, indent="  ", used=width_of(head), measure=width_of)
    shown_kind = paint(kind, _RED if kind == "error" else _CYAN)
    lines = [f"{paint(_printable(place), _BOLD)}: {shown_kind}: {paint(message[0], _BOLD)}"]
    lines += [f"  {paint(line.removeprefix('  '), _BOLD)}" for line in message[1:]]
    next_to_caret, below = _split_help(problem.help)
    margin = ""
    if problem.line and problem.excerpt:
        number = str(problem.line)
        margin = " " * len(number)
        bar = paint("|", _BLUE)
        text, before, marked = _cut(problem, _LONGEST if width is None else width - len(margin) - 4)
        lines += [f"{margin} {bar}", f"{paint(number, _BLUE)} {bar} {text}"]
        lines.append(f"{margin} {bar} {' ' * before}{paint('^' * marked, _RED)}")
        if next_to_caret and (width is None or len(margin) + 4 + before + marked + width_of(next_to_caret) <= width):
            lines[-1] += f" {paint(next_to_caret, _RED)}"
            next_to_caret = None
    for line in [next_to_caret, *below] if next_to_caret else below:
        lines += _help_lines(line, margin, paint, width)
    return "\n".join(lines)


def _help_lines(text: str, margin: str, paint: Callable[[str, str], str], width: int | None) -> list[str]:
    """Return one line of a help; a line that begins with spaces is part of an example, and is not wrapped."""
    prefix = f"{margin} = help: "
    if text.startswith(" "):
        return [f"{' ' * len(prefix)}{_printable(text)}"]
    first, *more = wrapped(_printable(text), width, indent=" " * len(prefix), used=len(prefix), measure=width_of)
    return [f"{margin} {paint('=', _BLUE)} {paint('help', _CYAN)}: {first}", *more]


def to_json(problem: Problem) -> dict[str, Json]:
    """Return the problem as JSON data, for `check --json`. `line` and `column` are null if there is no position."""
    return {
        "file": problem.file,
        "line": problem.line or None,
        "column": problem.column or None,
        "width": problem.width or None,
        "excerpt": problem.excerpt,
        "message": problem.message,
        "help": problem.help,
        "id": problem.id,
    }


def width_of(text: str) -> int:
    """Return the columns that text takes on a terminal: 2 for wide characters, 0 for combining ones."""
    return sum(map(_columns, text))


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _split_help(help: str | None) -> tuple[str | None, list[str]]:
    """Split a help: the nearest name is printed next to the caret, everything else below."""
    lines = help.split("\n") if help else []
    if lines and lines[0].startswith(_BESIDE):
        return _printable(lines[0]), lines[1:]
    return None, lines


def _cut(problem: Problem, longest: int) -> tuple[str, int, int]:
    """Return the line as shown, within the given columns; the columns before the carets; and the number of carets."""
    longest = max(min(longest, _LONGEST), _NARROWEST)
    most_before = min(_BEFORE, longest // 2)
    start = min(problem.column - 1, len(problem.excerpt))
    end = min(start + max(1, problem.width), max(len(problem.excerpt), start + 1))
    before, marked, after = (
        _printable(problem.excerpt[:start]),
        _printable(problem.excerpt[start:end]),
        _printable(problem.excerpt[end:]),
    )
    if width_of(before + marked + after) > longest:
        before = before if len(before) <= most_before else "…" + before[1 - most_before :]
        room = max(longest - len(before), 1)
        line = marked + after
        after = line[len(marked) : room] + ("…" if len(line) > room else "") if len(marked) < room else "…"
        marked = marked[:room]
    return (before + marked + after).rstrip(), width_of(before), max(1, width_of(marked))


def _printable(text: str) -> str:
    """Return text with tabs expanded and invisible characters replaced."""
    expanded = text.expandtabs(_TAB) if "\t" in text else text
    return "".join(
        one if one.isprintable() or (unicodedata.category(one) in ("Cf", "Zs") and one not in _BIDI) else "\ufffd"
        for one in expanded
    )


_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""These characters would make a line look different from what it is."""


def _painted(text: str, style: str) -> str:
    return f"{style}{text}{_RESET}"


def _plain(text: str, style: str) -> str:
    return text

"""A problem as a person reads it, with the line and a caret, and as a program does."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runner.errors import Problem
    from runner.plan import Json

_RED, _BLUE, _BOLD, _CYAN, _RESET = "\033[1;31m", "\033[1;34m", "\033[1m", "\033[36m", "\033[0m"
_TAB = 4
_LONGEST = 160
_BEFORE = 60
"""Of a line longer than `_LONGEST`, what is shown begins at most so many characters before the caret."""


def render(problem: Problem, *, color: bool) -> str:
    """The problem as text of several lines, the last without an end; nothing in it can steer a terminal."""
    paint = _painted if color else _plain
    place = problem.file if not problem.line else f"{problem.file}:{problem.line}:{problem.column}"
    message = paint(_printable(problem.message), _BOLD)
    beside, below = _split_help(problem.help)
    lines = [f"{paint(_printable(place), _BOLD)}: {paint('error', _RED)}: {message}"]
    margin = ""
    if problem.line and problem.excerpt:
        number = str(problem.line)
        margin = " " * len(number)
        bar = paint("|", _BLUE)
        text, before, width = _cut(problem)
        carets = paint("^" * width, _RED)
        label = f" {paint(beside, _RED)}" if beside else ""
        lines += [
            f"{margin} {bar}",
            f"{paint(number, _BLUE)} {bar} {text}",
            f"{margin} {bar} {' ' * before}{carets}{label}",
        ]
    elif beside:
        below = [beside, *below]
    lines += [f"{margin} {paint('=', _BLUE)} {paint('help', _CYAN)}: {_printable(line)}" for line in below]
    return "\n".join(lines)


def to_json(problem: Problem) -> dict[str, Json]:
    """The problem as JSON data, for `check --json`. `line` and `column` are null where there is no place."""
    return {
        "file": problem.file,
        "line": problem.line or None,
        "column": problem.column or None,
        "width": problem.width or None,
        "excerpt": problem.excerpt,
        "message": problem.message,
        "help": problem.help,
    }


def width_of(text: str) -> int:
    """The columns that text takes on a terminal: 2 for wide characters, 0 for combining ones."""
    return sum(map(_columns, text))


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _split_help(help: str | None) -> tuple[str | None, list[str]]:
    """A nearest name stands beside the caret, everything else below."""
    lines = help.split("\n") if help else []
    if lines and lines[0].startswith("did you mean"):
        return _printable(lines[0]), lines[1:]
    return None, lines


def _cut(problem: Problem) -> tuple[str, int, int]:
    """The line as shown, the columns before the carets, and how many carets."""
    start = min(problem.column - 1, len(problem.excerpt))
    end = min(start + max(1, problem.width), max(len(problem.excerpt), start + 1))
    before, marked, after = (
        _printable(problem.excerpt[:start]),
        _printable(problem.excerpt[start:end]),
        _printable(problem.excerpt[end:]),
    )
    if width_of(before + marked + after) > _LONGEST:
        before = before if len(before) <= _BEFORE else "…" + before[1 - _BEFORE :]
        room = max(_LONGEST - len(before), 1)
        line = marked + after
        after = line[len(marked) : room] + ("…" if len(line) > room else "") if len(marked) < room else "…"
        marked = marked[:room]
    return (before + marked + after).rstrip(), width_of(before), max(1, width_of(marked))


def _printable(text: str) -> str:
    """Text with tabs expanded and everything that is no visible character replaced."""
    expanded = text.expandtabs(_TAB) if "\t" in text else text
    return "".join(
        one if one.isprintable() or (unicodedata.category(one) in ("Cf", "Zs") and one not in _BIDI) else "\ufffd"
        for one in expanded
    )


_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They would let a line look different from what it is."""


def _painted(text: str, style: str) -> str:
    return f"{style}{text}{_RESET}"


def _plain(text: str, style: str) -> str:
    return text

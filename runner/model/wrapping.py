"""Wrap text to the width of a terminal. This module imports nothing, so that `--help` is fast."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def wrapped(
    text: str, width: int | None, *, indent: str = "", used: int = 0, measure: Callable[[str], int] = len
) -> list[str]:
    """Return the lines of one paragraph, none wider than `width` unless a single word is; one line if there is no
    width.

    The first line begins in column `used` of a line that exists, all others with the indent. `measure` returns the
    columns of a word.
    """
    if width is None:
        return [text]
    line, *words = text.split(" ")
    lines: list[str] = []
    columns = used + measure(line)
    for word in words:
        needed = measure(word)
        if columns + 1 + needed > width:
            lines.append(line)
            line, columns = indent + word, len(indent) + needed
        else:
            line, columns = f"{line} {word}", columns + 1 + needed
    return [*lines, line]


def table(rows: list[tuple[str, str]], width: int) -> list[str]:
    """Return rows of two columns: what is written, and its meaning, wrapped next to it or, if the width is small, below
    it."""
    margin = 2
    start = margin + max((len(left) for left, _ in rows), default=0) + 1
    lines: list[str] = []
    for left, right in rows:
        if width - start < _NARROWEST:
            indent = " " * (margin + 4)
            lines.append(f"{' ' * margin}{left}".rstrip())
            lines += [f"{indent}{line}" for line in wrapped(right, width - len(indent))] if right else []
        else:
            first, *more = wrapped(right, width - start)
            lines.append(f"{' ' * margin}{left:<{start - margin}}{first}".rstrip())
            lines += [f"{' ' * start}{line}" for line in more]
    return lines


_NARROWEST = 28
"""The least number of columns for a text next to another one."""

"""Break long lines of code as `ruff format` does."""

from __future__ import annotations

import io
import tokenize
from itertools import pairwise
from typing import TYPE_CHECKING

from runner.model.records import record

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH = 100
INDENT = "    "
_F_START = getattr(tokenize, "FSTRING_START", -1)
_F_END = getattr(tokenize, "FSTRING_END", -1)
"""A token type from Python 3.12 on: before, an f-string is one token."""


@record(frozen=True, slots=True)
class Bracket:
    """A pair of brackets inside no other pair: the positions of both, and the commas and `for` directly in it."""

    start: int
    end: int
    commas: tuple[int, ...]
    fors: tuple[int, ...]


def indented(lines: list[str]) -> list[str]:
    """Return the lines one level deeper."""
    return [f"{INDENT}{line}" if line else "" for line in lines]


def wrapped(lines: list[str]) -> list[str]:
    """Return the lines, each that is too long broken at its brackets."""
    return [piece for line in lines for piece in _broken(line)]


def _broken(line: str) -> Iterator[str]:
    code = line.lstrip(" ")
    indent = line[: len(line) - len(code)]
    bracket = _last_bracket(code) if len(line) > WIDTH else None
    if bracket is None:
        yield line
        return
    yield f"{indent}{code[: bracket.start + 1]}"
    for piece in _pieces(code, bracket, len(indent) + len(INDENT)):
        yield from _broken(f"{indent}{INDENT}{piece}")
    yield f"{indent}{code[bracket.end :]}"


def _pieces(code: str, bracket: Bracket, indent: int) -> list[str]:
    """Return the contents of the brackets, on one line or on several."""
    inside = code[bracket.start + 1 : bracket.end]
    cuts = bracket.commas or bracket.fors
    in_a_row = _is_call(code, bracket) or not bracket.commas
    ends_with_comma = bool(bracket.commas) and bracket.commas[-1] == bracket.end - 1
    if in_a_row and indent + len(inside) <= WIDTH and not (ends_with_comma and len(cuts) > 1):
        alone_in_def = code.startswith("def ") and not bracket.commas
        return [f"{inside}," if alone_in_def else inside]
    end = bracket.end - 1 if ends_with_comma else bracket.end
    places = [bracket.start, *(cut for cut in cuts if cut < end), end]
    pieces = [code[start + 1 : end].strip() for start, end in pairwise(places)]
    if bracket.fors and not bracket.commas:
        return pieces
    return [f"{piece}," for piece in pieces]


def _is_call(code: str, bracket: Bracket) -> bool:
    before = code[: bracket.start]
    return code[bracket.start] == "(" and (before[-1:].isalnum() or before.endswith(("_", ")", "]")))


def _last_bracket(code: str) -> Bracket | None:
    """Return the last pair of brackets that is not empty."""
    found, depth, start = None, 0, 0
    commas: list[int] = []
    fors: list[int] = []
    for text, at in _tokens(code):
        if text in ("(", "[", "{"):
            depth += 1
            if depth == 1:
                start, commas, fors = at, [], []
        elif text in (")", "]", "}"):
            depth -= 1
            if depth == 0 and at > start + 1:
                found = Bracket(start, at, tuple(commas), tuple(fors))
        elif depth == 1 and text == ",":
            commas.append(at)
        elif depth == 1 and text == "for":
            fors.append(at - 1)
    return found


def _tokens(code: str) -> Iterator[tuple[str, int]]:
    """Return the tokens, each with its position; empty text for those in f-strings."""
    within = 0
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        within += (token.type == _F_START) - (token.type == _F_END)
        yield "" if within else token.string, token.start[1]

"""Format values of a plan as Python expressions, in the style of `ruff format`."""

from __future__ import annotations

from keyword import iskeyword
from typing import TYPE_CHECKING

from runner.model.records import record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from runner.model.json_types import Encoded

    Look = Callable[[str], str]

MIN_GROUPED = 10_000
"""The digits of larger numbers are grouped: 10_000."""


@record(frozen=True, slots=True)
class Code:
    """An expression that is Python already, inside text."""

    text: str


def expression(encoded: Encoded, look: Look) -> str:
    """Return the expression of an encoded value; `look` returns the expression of a reference."""
    match encoded:
        case list():
            return f"[{', '.join(expression(item, look) for item in encoded)}]"
        case {"ref": str(name)}:
            return look(name)
        case {"text": list(parts)}:
            return _text(parts, look)
        case {"dict": list(pairs)}:
            return f"{{{', '.join(_pair(pair, look) for pair in pairs)}}}"
    return literal(encoded)


def docstring(text: str) -> str:
    """Return a docstring with this text, ending with a full stop."""
    visible = "".join(
        one if one == "\n" or one.isprintable() else repr(one)[1:-1] for one in text.replace("\\", "\\\\")
    )
    harmless = visible.replace('"""', r"\"\"\"")
    return f'"""{harmless}{"" if text[-1:] in ".!?" else "."}"""'


def literal(value: object) -> str:
    """Return a scalar as Python writes it."""
    match value:
        case str():
            return _quoted([value])
        case bool():
            return repr(value)
        case int():
            return f"{value:_}" if abs(value) >= MIN_GROUPED else repr(value)
        case float() if value - value != 0:  # infinite, or not a number
            return f'float("{value}")'
    return repr(value)


def seconds(duration: float) -> str:
    """Return a duration, without a fraction if it has none."""
    return literal(int(duration) if duration == int(duration) else duration)


def arguments(given: Iterable[str], named: Iterable[tuple[str, str]] = ()) -> str:
    """Return the arguments of a call; a name that is not an identifier is passed in a mapping."""
    pairs = list(named)
    plain = [f"{name}={value}" for name, value in pairs if is_name(name)]
    rest = [f"{literal(name)}: {value}" for name, value in pairs if not is_name(name)]
    return ", ".join([*given, *plain, *([f"**{{{', '.join(rest)}}}"] if rest else [])])


def is_name(text: str) -> bool:
    """Return whether this is an identifier in Python."""
    return text.isidentifier() and not iskeyword(text)


def tuple_of(items: list[str]) -> str:
    """Return a tuple of expressions."""
    return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"


def _pair(pair: Encoded, look: Look) -> str:
    key, value = pair if isinstance(pair, list) else (pair, None)
    return f"{expression(key, look)}: {expression(value, look)}"


def _text(parts: list[Encoded], look: Look) -> str:
    pieces: list[str | Code] = []
    for part in parts:
        pieces.append(Code(look(str(part["ref"]))) if isinstance(part, dict) else str(part))
    return _quoted(pieces)


def _quoted(pieces: list[str | Code]) -> str:
    """Return text in the quotes that need fewer backslashes; an f-string if it contains expressions."""
    plain = "".join(piece for piece in pieces if isinstance(piece, str))
    quote = "'" if plain.count('"') > plain.count("'") else '"'
    if all(isinstance(piece, str) for piece in pieces):
        return f"{quote}{_escaped(plain, quote)}{quote}"
    inner = "".join(
        f"{{{piece.text}}}" if isinstance(piece, Code) else _escaped(piece, quote).replace("{", "{{").replace("}", "}}")
        for piece in pieces
    )
    return f"f{quote}{inner}{quote}"


def _escaped(text: str, quote: str) -> str:
    return "".join("\\" + one if one == quote else one if one in "\"'" else repr(one)[1:-1] for one in text)

"""Resolve YAML scalars by the core rules of YAML 1.2, and explain the differences from YAML 1.1.

`no`, `on`, `1:30`, `012` and dates are text. A `_` may stand between digits.
"""

from __future__ import annotations

import json
import math
import re
from typing import TypeAlias

Scalar: TypeAlias = None | bool | int | float | str
Value: TypeAlias = Scalar | list["Value"] | dict[Scalar, "Value"]
"""What a file can hold."""

MAX_DIGITS = 3_500
"""Python prints no whole number of more than 4,300 decimal digits; 3,500 hexadecimal ones stay below that."""

_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_FIRST = frozenset("-+.0123456789~nNtTfF")
_DIGITS = r"[0-9](?:_?[0-9])*"
_WHOLE = r"(?:0|[1-9](?:_?[0-9])*)"
_DECIMAL = re.compile(rf"[-+]?{_WHOLE}")
_BASED = re.compile(r"0o[0-7](?:_?[0-7])*|0x[0-9a-fA-F](?:_?[0-9a-fA-F])*")
_FLOAT = re.compile(rf"[-+]?(?:\.{_DIGITS}|{_WHOLE}(?:\.(?:{_DIGITS})?)?)(?:[eE][-+]?[0-9]+)?")
_INFINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)")
_NAN = frozenset((".nan", ".NaN", ".NAN"))

_OLD_BOOLS = {
    **dict.fromkeys(("no", "off", "n"), "false"),
    **dict.fromkeys(("yes", "on", "y"), "true"),
}
_OLD_OCTAL = re.compile(r"[-+]?0[0-9_]+")
_SIXTIES = re.compile(r"[0-9]{1,2}(?::[0-5]?[0-9])+")


class BadScalar(ValueError):
    """A scalar that looks like a number and cannot be one; the text is the reason."""


def plain(text: str) -> Scalar:
    """Return the value of a scalar without quotes and without a tag. Raise `BadScalar`."""
    if text and text[0] not in _FIRST:
        return text
    return _WORDS[text] if text in _WORDS else _number(text)


def _number(text: str) -> int | float | str:
    if _DECIMAL.fullmatch(text):
        return _integer(text, 10)
    if _BASED.fullmatch(text):
        return _integer(text, 16 if text[1] == "x" else 8)
    if _FLOAT.fullmatch(text):
        return _float(text)
    if _INFINITE.fullmatch(text):
        return -math.inf if text[0] == "-" else math.inf
    return math.nan if text in _NAN else text


def tagged(text: str, kind: str) -> Scalar:
    """Return the value of a scalar with the tag `!!kind`. Raise `BadScalar` if it cannot have that type."""
    if kind == "str":
        return text
    value = plain(text)
    match kind, value:
        case ("null", None) | ("bool", bool()) | ("float", float()):
            return value
        case "int", int() if not isinstance(value, bool):
            return value
        case "float", int() if not isinstance(value, bool):
            return float(value)
    raise BadScalar(f"`{shortened(text)}` does not match its tag `!!{kind}`")


def old_meaning(text: str, expected: str) -> str | None:
    """Return what to write instead of a text that YAML 1.1 would have read as the expected type.

    That type is "true or false", "a number" or "a whole number".
    """
    if expected == "true or false":
        meant = _OLD_BOOLS.get(text.lower())
        return f"`{text}` is text in YAML 1.2; write {meant}" if meant else None
    if _OLD_OCTAL.fullmatch(text):
        digits = text.lstrip("+-0_") or "0"
        return f"`{text}` is text in YAML 1.2; write {digits}, or 0o{digits} if octal is meant"
    if _SIXTIES.fullmatch(text):
        return f"`{text}` is text in YAML 1.2; write {_from_sixties(text)}"
    return None


def shortened(text: str, limit: int = 40) -> str:
    """Return the text in one line of at most `limit` characters."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _from_sixties(text: str) -> int:
    total = 0
    for part in text.split(":"):
        total = total * 60 + int(part)
    return total


def _integer(text: str, base: int) -> int:
    if len(text) > MAX_DIGITS:
        raise BadScalar(f"a number of {len(text):,} digits is too long: at most {MAX_DIGITS:,} are read")
    return int(text, base)


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise BadScalar(f"`{shortened(text)}` is larger than the largest number, about 1.8e308")
    return value


def found(value: object) -> str:
    """Return a value of a file, in words: "the text `no`"."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"the number {shortened(str(value))}"
        case str():
            return f"the text `{shortened(value)}`"
        case list():
            return "a list"
    return "a mapping"


_UNSEEN = re.compile("[\x7f-\xa0\u2028\u2029\ufeff\ufffe\uffff]")
"""Characters that JSON keeps, and YAML reads as a line break or refuses."""


def as_json(value: object) -> str:
    """Return a value as JSON that YAML reads as the same value."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))

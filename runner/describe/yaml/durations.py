"""Durations: seconds as a number, or text such as `500ms`, `1.5s`, `1m30s`, `2h`."""

from __future__ import annotations

import math
import re

from runner.describe.yaml.scalars import found

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pydantic.json_schema import JsonSchemaValue


SECONDS = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
"""The units, largest first: the order in which they are written."""

_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
_PATTERN = re.compile("".join(rf"(?:(?P<{unit}>{_NUMBER}){unit})?" for unit in SECONDS))
MAX_DURATION_S = 1_000_000_000
"""The longest duration: 31 years. Every system call accepts this number of seconds; some accept not many more."""
NEVER = "never"
"""Written in place of a duration for no limit."""
PATTERN = rf"^(?=.)(?:{_NUMBER}d)?(?:{_NUMBER}h)?(?:{_NUMBER}m)?(?:{_NUMBER}s)?(?:{_NUMBER}ms)?$"
"""The same for a JSON Schema."""
SCHEMA: JsonSchemaValue = {
    "anyOf": [{"type": "number", "minimum": 0, "maximum": MAX_DURATION_S}, {"type": "string", "pattern": PATTERN}]
}
LIMIT_SCHEMA: JsonSchemaValue = {"anyOf": [*SCHEMA["anyOf"], {"const": NEVER}, {"type": "null"}]}

EXAMPLES = "seconds (2, 0.5) or text such as 500ms, 1.5s, 1m30s, 2h"
LIMIT_EXAMPLES = f"{EXAMPLES}; or {NEVER}, for no limit"


class BadDuration(ValueError):
    """Not a duration; the text says why."""


def limit(value: object) -> float | None:
    """Return the seconds of a limit; None for no limit, which is written `never` or left out. Raise `BadDuration`."""
    return None if value is None or value == NEVER else seconds(value)


def seconds(value: object) -> float:
    """Return the seconds that a file's value means, from 0 to `MAX_DURATION_S`. Raise `BadDuration`."""
    match value:
        case bool() | None:
            pass
        case int() | float():
            return _checked(value)
        case str():
            return _checked(_parsed(value))
    raise BadDuration(f"expected a duration, found {found(value)}")


def _parsed(text: str) -> float:
    units = _PATTERN.fullmatch(text)
    if units is None or not text:
        if text.startswith("-") and _PATTERN.fullmatch(text[1:]):
            raise BadDuration("a duration cannot be negative")
        raise BadDuration(f"`{text[:40]}` is not a duration")
    return math.fsum(float(units[unit]) * SECONDS[unit] for unit in SECONDS if units[unit] is not None)


def _checked(value: float) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise BadDuration("a duration must be finite")
    if number < 0:
        raise BadDuration("a duration cannot be negative")
    if number > MAX_DURATION_S:
        raise BadDuration(f"a duration is at most {MAX_DURATION_S:,} s, which is 31 years")
    return number

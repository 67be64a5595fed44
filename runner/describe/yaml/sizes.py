"""Sizes of memory and files: bytes as a whole number, or text such as `512MiB`, `1.5GiB`, `10MB`."""

from __future__ import annotations

import re

from runner.describe.yaml.scalars import found

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pydantic.json_schema import JsonSchemaValue


BYTES: dict[str, int] = {
    "B": 1,
    **{f"{letter}iB": 1024**power for power, letter in enumerate("KMGT", 1)},
    **{f"{letter}B": 1000**power for power, letter in enumerate("kMGT", 1)},
}
"""The units: `MiB` is 1,048,576 bytes, `MB` a million."""

MAX_BYTES = 1 << 60
"""The largest size, 1 EiB: system calls take numbers of 63 bits."""
PATTERN = rf"^(?P<number>[0-9]+(?:\.[0-9]+)?)(?P<unit>{'|'.join(BYTES)})$"
SCHEMA: JsonSchemaValue = {
    "anyOf": [
        {"type": "integer", "minimum": 0, "maximum": MAX_BYTES},
        {"type": "string", "pattern": re.sub(r"\?P<\w+>", "?:", PATTERN)},
    ]
}

EXAMPLES = "bytes (1048576) or text such as 512MiB, 1.5GiB, 10MB"


class BadSize(ValueError):
    """Not a size; the text is the reason."""


def size(value: object) -> int:
    """Return the bytes that a file's value means, not negative. Raise `BadSize`."""
    match value:
        case bool() | None:
            pass
        case int():
            return _checked(value)
        case str():
            return _checked(_parsed(value))
    raise BadSize(f"expected a size, found {found(value)}")


def _checked(value: int) -> int:
    if value < 0:
        raise BadSize("a size cannot be negative")
    if value > MAX_BYTES:
        raise BadSize("a size is at most 1 EiB, which is 1,048,576 TiB")
    return value


def _parsed(text: str) -> int:
    parts = re.fullmatch(PATTERN, text)
    if parts is None:
        raise BadSize(f"`{text[:40]}` is not a size")
    whole, _, rest = parts["number"].partition(".")
    unit = BYTES[parts["unit"]]
    fraction: int = 10 ** len(rest)
    # With whole numbers: a float would round large values.
    return int(whole) * unit + int(rest or "0") * unit // fraction

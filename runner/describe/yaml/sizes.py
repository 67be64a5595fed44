"""Sizes of memory and files: bytes as a whole number, or text such as `512MiB`, `1.5GiB`, `10MB`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from runner.describe.yaml.scalars import found

if TYPE_CHECKING:
    from typing import Any

BYTES: dict[str, int] = {
    "B": 1,
    **{f"{letter}iB": 1024**power for power, letter in enumerate("KMGT", 1)},
    **{f"{letter}B": 1000**power for power, letter in enumerate("kMGT", 1)},
}
"""The units: `MiB` is 1,048,576 bytes, `MB` a million."""

MOST_BYTES = 1 << 60
"""The largest size, 1 EiB: system calls take numbers of 63 bits."""
PATTERN = rf"^(?P<number>[0-9]+(?:\.[0-9]+)?)(?P<unit>{'|'.join(BYTES)})$"
SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "integer", "minimum": 0, "maximum": MOST_BYTES},
        {"type": "string", "pattern": re.sub(r"\?P<\w+>", "?:", PATTERN)},
    ]
}

EXAMPLES = "bytes (1048576) or text such as 512MiB, 1.5GiB, 10MB"


class BadSize(ValueError):
    """Not a size; the text says why."""


def size(value: object) -> int:
    """The bytes that a value read from a file stands for, not negative. Raises `BadSize`."""
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
    if value > MOST_BYTES:
        raise BadSize("a size is at most 1 EiB, which is 1,048,576 TiB")
    return value


def _parsed(text: str) -> int:
    parts = re.fullmatch(PATTERN, text)
    if parts is None:
        raise BadSize(f"`{text[:40]}` is not a size")
    whole, _, rest = parts["number"].partition(".")
    unit = BYTES[parts["unit"]]
    fraction: int = 10 ** len(rest)
    # In whole numbers: a float would round what it cannot hold.
    return int(whole) * unit + int(rest or "0") * unit // fraction

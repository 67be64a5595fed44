"""Format YAML for help texts: single values in flow style, and whole files in block style."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from runner.describe.yaml.scalars import as_json, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

_BARE = re.compile(r"(?:--?)?[A-Za-z0-9_./][A-Za-z0-9_./@%+=-]*")
"""Text that means the same without quotes in any place, unless YAML reads it as another type."""


def flow(value: object) -> str:
    """Return a value in one line, as YAML that is read as the same value."""
    match value:
        case str() if _BARE.fullmatch(value) and plain(value) == value:
            return value
        case list():
            return f"[{', '.join(map(flow, value))}]"
        case dict():
            return "{" + ", ".join(f"{flow(key)}: {flow(item)}" for key, item in value.items()) + "}"
    return as_json(value)


def field(key: str, value: object) -> str:
    """Return a key with its value, in one line of block style, in which a `:` within a word needs no quotes."""
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.]*:[A-Za-z_][A-Za-z0-9_.]*", value):
        return f"{key}: {value}"
    return f"{key}: {flow(value)}"


def file_lines(top: Mapping[str, object], jobs: list[dict[str, object]]) -> list[str]:
    """Return the lines of a file with these fields and these jobs."""
    lines = [field(key, value) for key, value in top.items()]
    lines.append("jobs:")
    for job in jobs:
        marks = ("- ", *["  "] * len(job))
        lines += [f"  {mark}{field(key, value)}" for mark, (key, value) in zip(marks, job.items(), strict=False)]
    return lines

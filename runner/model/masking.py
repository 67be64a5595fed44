"""Mask values whose keys look like names of secrets."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.model.json_types import Json

MASK = "***"
_SECRET = re.compile(
    r"pass(word|wd|phrase|code)?$|pwd$|secret|token|credential|auth(orization)?$|(api|access|private|secret|signing)_?key",
    re.IGNORECASE,
)
_KEY = re.compile(r"""([\w-]+)["']?\s*[:=]\s*""")
"""A key before its value, in YAML or in a `--set`."""


def masked(value: Json) -> Json:
    """Return the value with a mask in place of each value, at any depth, whose key looks like the name of a secret."""
    if isinstance(value, list):
        return [masked(item) for item in value]
    return masked_mapping(value) if isinstance(value, dict) else value


def masked_mapping(values: dict[str, Json]) -> dict[str, Json]:
    """Return the mapping with such masks."""
    return {key: MASK if _SECRET.search(key) and item is not None else masked(item) for key, item in values.items()}


def without_secrets(line: str) -> str:
    """Return a line of a file, or a `--set`, that is masked from the first value whose key looks like the name of a
    secret."""
    for key in _KEY.finditer(line):
        if key.end() < len(line.rstrip()) and _SECRET.search(key[1]):
            return line[: key.end()] + MASK
    return line

"""Encoded arguments of targets: JSON data that the child resolves into Python values.

Children import this module, so it imports nothing. A value is encoded as

** a scalar: itself;
* a list: a list of encoded values;
* a mapping: `{"dict": [[key, value], ...]}`, so that keys keep their types and no key can be mistaken for a marker;
* a value that is known only later (`$pid`, a shared thing): `{"ref": name}`;
* text that contains such values: `{"text": [part, ...]}`, where a part is text or a `{"ref": name}`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.model.json_types import Encoded


def resolve(encoded: Encoded, lookup: Callable[[str], object]) -> object:
    """Return the Python value of an encoded one; `lookup` returns the value of a reference."""
    if isinstance(encoded, list):
        return [resolve(item, lookup) for item in encoded]
    if not isinstance(encoded, dict):
        return encoded
    ((kind, content),) = encoded.items()
    if kind == "ref" and isinstance(content, str):
        return lookup(content)
    if kind == "text" and isinstance(content, list):
        return "".join(str(resolve(part, lookup)) for part in content)
    if kind == "dict" and isinstance(content, list):
        return {resolve(key, lookup): resolve(value, lookup) for key, value in map(_pair, content)}
    raise ValueError(f"not an encoded argument: {encoded!r}")


def references(encoded: object) -> set[str]:
    """Return the names that an encoded value refers to."""
    found: set[str] = set()
    if isinstance(encoded, list):
        for item in encoded:
            found |= references(item)
    elif isinstance(encoded, dict):
        for kind, content in encoded.items():
            found |= {content} if kind == "ref" and isinstance(content, str) else references(content)
    return found


def _pair(item: Encoded) -> tuple[Encoded, Encoded]:
    if isinstance(item, list) and len(item) == 2:
        return item[0], item[1]
    raise ValueError(f"not a pair of key and value: {item!r}")

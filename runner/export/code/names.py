"""Convert names of a file into unused Python identifiers."""

from __future__ import annotations

import builtins
import keyword
import re
from itertools import takewhile
from typing import TYPE_CHECKING

from runner.export.code.imports import IMPORTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LOCALS = (
    *(
        "_",
        "awaited",
        "beat",
        "counted",
        "index",
        "main",
        "manager",
        "memory",
        "name",
        "places",
        "process",
        "processes",
        "run_body",
        "size",
        "start",
    ),
    *("terminate", "terminate_after", "timer", "until", "BATCH", "GRACE_PERIOD", "INCREMENTS", "WORKERS"),
)
"""The names of the script's own variables."""
TAKEN = frozenset({*keyword.kwlist, *dir(builtins), *IMPORTS, *LOCALS})
MIN_STEM = 3
"""In letters."""
_ORDINALS = ("first", "second", "third", "fourth", "fifth")


class Names:
    """The names in use; it returns new ones."""

    def __init__(self, taken: Iterable[str] = TAKEN) -> None:
        self._taken = set(taken)

    def give(self, wanted: str) -> str:
        """Return this name, or a similar one that is free."""
        name = identifier(wanted)
        name = f"{name}_" if name in self._taken else name
        number = 2
        while name in self._taken:
            name, number = f"{identifier(wanted)}_{number}", number + 1
        self._taken.add(name)
        return name

    def inner(self) -> Names:
        """Return the names for the inside of a function: names in use here are in use there, but not the reverse."""
        return Names(self._taken)


def identifier(text: str) -> str:
    """Return the text as an identifier in small letters."""
    found = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") if not text.isidentifier() else text
    return found if found.isidentifier() else f"_{found}" if found else "unnamed"


def stem(names: Sequence[str]) -> str:
    """Return what these names begin with, without a number at its end; empty if that is too short."""
    every = [identifier(name) for name in names]
    alike = takewhile(lambda letters: len(set(letters)) == 1, zip(*every, strict=False))
    common = "".join(letters[0] for letters in alike).rstrip("_0123456789")
    return common if len(common) >= MIN_STEM else ""


def ordinal(place: int, name: str) -> str:
    """Return the name of the first, the second … of several with the same name."""
    return f"{_ORDINALS[place]}_{name}" if place < len(_ORDINALS) else f"{name}_{place + 1}"

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
"""What the script calls something of its own."""
TAKEN = frozenset({*keyword.kwlist, *dir(builtins), *IMPORTS, *LOCALS})
LEAST_STEM = 3
"""Letters."""
_ORDINALS = ("first", "second", "third", "fourth", "fifth")


class Names:
    """The names that are taken; gives new ones."""

    def __init__(self, taken: Iterable[str] = TAKEN) -> None:
        self._taken = set(taken)

    def give(self, wanted: str) -> str:
        """This name, or one like it that is free."""
        name = identifier(wanted)
        name = f"{name}_" if name in self._taken else name
        number = 2
        while name in self._taken:
            name, number = f"{identifier(wanted)}_{number}", number + 1
        self._taken.add(name)
        return name

    def inner(self) -> Names:
        """For the inside of a function: what is taken here is taken there, and not the other way round."""
        return Names(self._taken)


def identifier(text: str) -> str:
    """The text as an identifier in small letters."""
    found = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") if not text.isidentifier() else text
    return found if found.isidentifier() else f"_{found}" if found else "unnamed"


def stem(names: Sequence[str]) -> str:
    """What these names begin with, without a number at its end; empty if that is too little."""
    every = [identifier(name) for name in names]
    alike = takewhile(lambda letters: len(set(letters)) == 1, zip(*every, strict=False))
    common = "".join(letters[0] for letters in alike).rstrip("_0123456789")
    return common if len(common) >= LEAST_STEM else ""


def ordinal(place: int, name: str) -> str:
    """The name of the first, the second … of several that are called alike."""
    return f"{_ORDINALS[place]}_{name}" if place < len(_ORDINALS) else f"{name}_{place + 1}"

"""A long sequence whose records are stored as text in shared memory, and created when they are used.

A fork copies the page tables of all private memory: the plan of 50,000 processes would cost each start more than the
start itself. Memory that is mapped as shared costs a fork nothing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeVar, overload

    Each = TypeVar("Each")

MAX_MADE = 256
"""The records that are cached: a row of starts uses the same ones several times."""


class MappedSequence(Sequence["Each"]):
    """The records that lines of JSON stand for."""

    def __init__(self, lines: str, make: Callable[..., Each]) -> None:
        """`lines` has a line for each record, which `make` creates from the line's data."""
        import mmap  # here: only long plans need them
        from array import array

        data = lines.encode()
        ends = array("Q", [0])
        while len(ends) == 1 or ends[-1] < len(data):
            end = data.find(b"\n", ends[-1])
            ends.append(len(data) if end < 0 else end + 1)
        self._lines = mmap.mmap(-1, len(data))
        self._lines[:] = data
        self._ends = mmap.mmap(-1, len(ends) * ends.itemsize)
        self._ends[:] = ends.tobytes()
        self._places = memoryview(self._ends).cast("Q")
        self._make = make
        self._made: dict[int, Each] = {}

    def __len__(self) -> int:
        return len(self._places) - 1

    if TYPE_CHECKING:

        @overload
        def __getitem__(self, place: int) -> Each: ...
        @overload
        def __getitem__(self, place: slice) -> tuple[Each, ...]: ...

    def __getitem__(self, place: int | slice) -> Each | tuple[Each, ...]:
        if isinstance(place, slice):
            return tuple([self[each] for each in range(*place.indices(len(self)))])
        made = self._made.get(place)
        if made is None:
            made = self._read(range(len(self))[place])
            if len(self._made) == MAX_MADE:
                self._made.clear()
            self._made[place] = made
        return made

    def __iter__(self) -> Iterator[Each]:
        return map(self._read, range(len(self)))

    def _read(self, place: int) -> Each:
        return self._make(json.loads(self._lines[self._places[place] : self._places[place + 1]]))


def lines_of(records: Sequence[object]) -> str:
    """Return the lines from which `MappedSequence` creates these records again."""
    return "\n".join([json.dumps(record, separators=(",", ":")) for record in records])

"""The table of waiters and owners in shared memory: one cell for each traced thing and process.

Each process writes only to its own cells. Children import this module, so it imports almost nothing.
"""

from __future__ import annotations

from runner.model.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    import mmap
    from typing import Literal, TypeAlias

    from runner.supervise.tracing.descriptor import Descriptor

    Cell: TypeAlias = "memoryview[int]"
    """The `CELL` numbers of one process and one thing, of 32 bits each."""

CELL = 8
"""The numbers in a cell: a power of two, so that no cell lies on two cache lines."""
NUMBER: Literal["I"] = "I"
"""The format of the numbers, for `memoryview`."""
NUMBER_SIZE = 4

MARK, PUT, SENT, WAITS, IN_VAIN, EXTRA, LOOKS_FIRST, SENDING = range(CELL)
"""The indexes in a cell.

* `MARK`: what the process owns and wants;
* `PUT`, `SENT`: how many items it has put, and how many of them it has sent or dropped;
* `WAITS`: how often it began a long wait;
* `IN_VAIN`: its notifications without a waiter;
* `EXTRA`: its releases without an acquisition;
* `LOOKS_FIRST`: whether it always checks before it waits to be notified (`wait_for`);
* `SENDING`: the number of the item that it began to send last.
"""

WANTS = 1 << 31
"""Set in a mark while the process is about to acquire or to release, so that a mark without it is exact; the lowest
bits count the permits that it owns."""
BLOCKED = 1 << 30
"""Set in a mark when the process could not acquire at once, and waits."""
INDEPENDENT = 1 << 29
"""Set in a mark if the waiter does not depend on another process: it has a timeout, or another thread."""
_SHIFT = 26
TIMED = 1 << 25
"""Set in a mark if the wait has a timeout."""
HELD = TIMED - 1

OPERATIONS = ("acquire", "wait", "get", "put", "join", "flush", "notify", "enter")
"""The operations in which a process waits, by the number in its mark: `notify` lasts until the processes that it has
notified are awake, `enter` is for the lock inside an event, a barrier or a joinable queue."""


def operation_bits(operation: str) -> int:
    """Return the bits of an operation in a mark."""
    return OPERATIONS.index(operation) << _SHIFT


@record(frozen=True, slots=True)
class Mark:
    """The fields of a mark."""

    held: int
    wants: bool
    blocked: bool
    goes_on: bool
    operation: str
    timed: bool = False

    @property
    def in_between(self) -> bool:
        """Whether the process is acquiring or releasing now, so that `held` may be wrong by one."""
        return self.wants and not self.blocked

    @classmethod
    def of(cls, mark: int) -> Mark:
        """Return the mark with this number in its cell."""
        operation = OPERATIONS[(mark >> _SHIFT) & 7]
        wants, blocked, goes_on, timed = (bool(mark & bit) for bit in (WANTS, BLOCKED, INDEPENDENT, TIMED))
        return cls(mark & HELD, wants, blocked, goes_on, operation, timed)


ALL_DONE = (1 << 32) - 1
"""The step number of a process that has no step left."""


class Table:
    """The table: `processes` cells for each of its things, and for each process the number of its current step."""

    __slots__ = ("_map", "_memory", "processes", "size")

    def __init__(self, memory: Descriptor, size: int, processes: int) -> None:
        self._memory = memory
        self._map: mmap.mmap | None = None
        self.size = size
        self.processes = processes

    def __reduce__(self) -> tuple[object, ...]:
        return Table, (self._memory, self.size, self.processes)

    def cell(self, thing: int, process: int) -> Cell:
        """Return the cell of this process."""
        start = (thing * self.processes + process) * CELL
        return self._numbers()[start : start + CELL]

    def position(self, process: int) -> Cell:
        """Return the place where this process records its step (see `releases`)."""
        rows = self.size // (self.processes * CELL * NUMBER_SIZE)
        return self.cell(rows - 1, process)[:1]

    def family(self, process: int) -> Cell:
        """Return the place where this process records that it has, or had, processes of its own (see
        `own_processes`)."""
        rows = self.size // (self.processes * CELL * NUMBER_SIZE)
        return self.cell(rows - 1, process)[1:2]

    def mark(self, thing: int, process: int) -> Mark:
        """Return the current mark of this process."""
        return Mark.of(self.cell(thing, process)[MARK])

    def marks(self, thing: int) -> list[int]:
        """Return the current marks of all processes."""
        start = thing * self.processes * CELL
        return self._numbers()[start + MARK : start + self.processes * CELL : CELL].tolist()

    def cells(self, thing: int) -> list[tuple[int, ...]]:
        """Return the current cells of all processes."""
        start = thing * self.processes * CELL
        numbers = self._numbers()[start : start + self.processes * CELL].tolist()
        return [tuple(numbers[at : at + CELL]) for at in range(0, len(numbers), CELL)]

    def _numbers(self) -> memoryview[int]:
        if self._map is None:
            import mmap  # here: each library that the supervisor loads makes every fork slower

            self._map = mmap.mmap(self._memory.number, self.size)
        return memoryview(self._map).cast(NUMBER)


def unsent(cell: Cell) -> int:
    """Return how many items a process has put that are not in the queue's pipe: they wait for room, or are being
    sent."""
    return (cell[PUT] - cell[SENT]) % 2**32


def is_sending(cell: Cell) -> bool:
    """Return whether a process has begun to send an item, and has not recorded that it has sent it."""
    return (cell[SENDING] - cell[SENT]) % 2**32 == 1


class Position:
    """The place where one process records the number of its current step, in a form that can be pickled."""

    __slots__ = ("_process", "_table")

    def __init__(self, table: Table, process: int) -> None:
        self._table = table
        self._process = process

    def __reduce__(self) -> tuple[object, ...]:
        return Position, (self._table, self._process)

    def cell(self) -> Cell:
        """Return the number: 0 before the first step, `ALL_DONE` after the last one."""
        return self._table.position(self._process)


def size_of(things: int, processes: int) -> int:
    """Return the size in bytes of a table of this many rows and processes; the last row is that of the steps."""
    return (things + 1) * processes * CELL * NUMBER_SIZE

"""The table of waiters and holders in shared memory: one cell for each traced thing and process.

Each process writes to its own cells only. Children import this module: it imports next to nothing.
"""

from __future__ import annotations

from runner.model.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    import mmap
    from typing import Literal, TypeAlias

    from runner.supervise.tracing.descriptor import Descriptor

    Cell: TypeAlias = "memoryview[int]"
    """The `CELL` numbers of one process and one thing, each of 32 bits."""

CELL = 8
"""Numbers in a cell; a power of two, so that none lies on two cache lines."""
NUMBER: Literal["I"] = "I"
"""Their format, for `memoryview`."""
NUMBER_SIZE = 4

MARK, PUT, SENT, WAITS, IN_VAIN, EXTRA, LOOKS_FIRST, SENDING = range(CELL)
"""Where in a cell: what the process has and wants; how many items it has put, and how many of them it has sent, or
dropped; how often it began to wait for long; notified without a waiter; released what it had not acquired; whether it
looks each time, before it waits to be notified, whether it has to (`wait_for`); the number of the item that it began to
send last."""

WANTS = 1 << 31
"""Set in a mark while the process is about to acquire or to release something, so that a mark without it is exact; the
lowest bits count what it has."""
BLOCKED = 1 << 30
"""It could not have it at once, and waits."""
GOES_ON = 1 << 29
"""It waits, but does not depend on another process: there is a timeout, or another thread."""
_SHIFT = 26
TIMED = 1 << 25
"""It waits with a timeout."""
HELD = TIMED - 1

OPERATIONS = ("acquire", "wait", "get", "put", "join", "flush", "notify", "enter")
"""What a process waits in, by the number in its mark; `notify` until those that it has notified are awake, `enter` for
the lock inside an event, a barrier or a joinable queue."""


def operation_bits(operation: str) -> int:
    """An operation as it stands in a mark."""
    return OPERATIONS.index(operation) << _SHIFT


@record(frozen=True, slots=True)
class Mark:
    """A mark in words."""

    held: int
    wants: bool
    blocked: bool
    goes_on: bool
    operation: str
    timed: bool = False

    @property
    def in_between(self) -> bool:
        """Whether the process is acquiring or releasing now, so that `held` may be one less or more."""
        return self.wants and not self.blocked

    @classmethod
    def of(cls, mark: int) -> Mark:
        """What a number in a cell says."""
        operation = OPERATIONS[(mark >> _SHIFT) & 7]
        wants, blocked, goes_on, timed = (bool(mark & bit) for bit in (WANTS, BLOCKED, GOES_ON, TIMED))
        return cls(mark & HELD, wants, blocked, goes_on, operation, timed)


ALL_DONE = (1 << 32) - 1
"""The number of a step that a process notes when it has none left."""


class Table:
    """The table: `processes` cells for each of its things, and for each process the number of the step it is in."""

    __slots__ = ("_map", "_memory", "processes", "size")

    def __init__(self, memory: Descriptor, size: int, processes: int) -> None:
        self._memory = memory
        self._map: mmap.mmap | None = None
        self.size = size
        self.processes = processes

    def __reduce__(self) -> tuple[object, ...]:
        return Table, (self._memory, self.size, self.processes)

    def cell(self, thing: int, process: int) -> Cell:
        """The cell of this process."""
        start = (thing * self.processes + process) * CELL
        return self._numbers()[start : start + CELL]

    def position(self, process: int) -> Cell:
        """Where this process notes its step (see `releases`)."""
        rows = self.size // (self.processes * CELL * NUMBER_SIZE)
        return self.cell(rows - 1, process)[:1]

    def family(self, process: int) -> Cell:
        """Where this process notes that it has, or had, processes of its own (see `own_processes`)."""
        rows = self.size // (self.processes * CELL * NUMBER_SIZE)
        return self.cell(rows - 1, process)[1:2]

    def mark(self, thing: int, process: int) -> Mark:
        """What this process has noted, as it is now."""
        return Mark.of(self.cell(thing, process)[MARK])

    def marks(self, thing: int) -> list[int]:
        """The marks of all processes, as they are now."""
        start = thing * self.processes * CELL
        return self._numbers()[start + MARK : start + self.processes * CELL : CELL].tolist()

    def cells(self, thing: int) -> list[tuple[int, ...]]:
        """The cells of all processes, as they are now."""
        start = thing * self.processes * CELL
        numbers = self._numbers()[start : start + self.processes * CELL].tolist()
        return [tuple(numbers[at : at + CELL]) for at in range(0, len(numbers), CELL)]

    def _numbers(self) -> memoryview[int]:
        if self._map is None:
            import mmap  # here: each library that the supervisor loads makes every fork dearer

            self._map = mmap.mmap(self._memory.number, self.size)
        return memoryview(self._map).cast(NUMBER)


def unsent(cell: Cell) -> int:
    """How many items a process has put that are not in the queue's pipe: they wait for room, or are being sent."""
    return (cell[PUT] - cell[SENT]) % 2**32


def is_sending(cell: Cell) -> bool:
    """Whether a process has begun to send an item, and has not noted that it has sent it."""
    return (cell[SENDING] - cell[SENT]) % 2**32 == 1


class Position:
    """Where one process notes the number of the step that it is in: so it travels to the process."""

    __slots__ = ("_process", "_table")

    def __init__(self, table: Table, process: int) -> None:
        self._table = table
        self._process = process

    def __reduce__(self) -> tuple[object, ...]:
        return Position, (self._table, self._process)

    def cell(self) -> Cell:
        """One number; 0 before the first step, `ALL_DONE` after the last one."""
        return self._table.position(self._process)


def size_of(things: int, processes: int) -> int:
    """Bytes that a table of so many rows and processes takes; the last row is that of the steps."""
    return (things + 1) * processes * CELL * NUMBER_SIZE

"""The abstract machine of the model: a state is a tuple of cells, and a process is a list of atomic actions.

No other process can interrupt an action. An action changes the cells and returns where its process goes on, or leaves
them unchanged if it cannot proceed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from runner.model.records import record

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    Cells: TypeAlias = list[Any]
    State: TypeAlias = tuple[Any, ...]
    Run: TypeAlias = Callable[[Cells], "Label | None"]

UNSTARTED = -1
"""The position of a process that main has not started."""


class Unmodelled(Exception):
    """The plan has something that the model does not represent; the text names it."""


class Label:
    """A place in a program, known once the program is whole."""

    __slots__ = ("at",)
    at: int


BLOCKED: Final = Label()
"""Returned by an action that cannot proceed; None stands for the next action, another label for a jump."""


@record(frozen=True, slots=True)
class Wait:
    """What a process waits for: an operation on a shared thing, or main's `join` of a process."""

    operation: str
    on: str

    def __str__(self) -> str:
        return f"{self.operation} {self.on}".rstrip()


NOTHING: Final = Wait("go on", "")
"""What an action that never blocks waits for."""


@record(frozen=True, slots=True)
class Action:
    """One action: `late` is done instead when it cannot proceed and its timeout is over.

    A `glued` action follows the one before it at once, unless the process can be killed in between: no other process
    can observe the difference. A `local` one can come before the actions of all other processes: none of them depends
    on its time.
    """

    run: Run
    wait: Wait = NOTHING
    late: Run | None = None
    glued: bool = False
    local: bool = False


class Layout:
    """Allocates the cells of a state."""

    def __init__(self) -> None:
        self.initial: Cells = []

    def cell(self, initial: object = 0) -> int:
        """Return the number of a new cell."""
        self.initial.append(initial)
        return len(self.initial) - 1

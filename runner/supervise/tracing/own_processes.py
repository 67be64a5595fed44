"""Record that a process has started children of its own, on systems that do not report it.

They may release things that other processes wait for, and are not traced. Children import this module.
"""

from __future__ import annotations

import os
from multiprocessing import process as processes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.supervise.tracing.table import Cell


class _Noted(set[object]):
    """The processes that `multiprocessing` has started here; each added process is recorded."""

    def __init__(self, started: set[object], note: Callable[[], None]) -> None:
        super().__init__(started)
        self._note = note

    def add(self, process: object) -> None:
        self._note()
        super().add(process)


def watch(cell: Cell) -> None:
    """Record from now on, in the cell's first number, that this process forks or starts a process."""

    def note() -> None:
        cell[0] = 1

    os.register_at_fork(before=note)
    theirs = vars(processes)  # there is no public way
    theirs["_children"] = _Noted(theirs["_children"], note)

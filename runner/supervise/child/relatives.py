"""The data that multiprocessing keeps about a forked child's parent and about its own children."""

from __future__ import annotations

import os
from itertools import count
from multiprocessing import process as processes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_processes: Any = processes  # there is no public way to what a child sets there


class Relatives:
    """What multiprocessing knows of its relatives in each forked child: made once, in their parent."""

    __slots__ = ("numbers", "parent")

    def __init__(self, alive: int) -> None:
        """`alive` is readable when the parent has ended."""
        self.parent = _processes._ParentProcess(processes.current_process().name, os.getpid(), alive)
        self.numbers = count(1)
        """Numbers for the names of the child's own processes."""

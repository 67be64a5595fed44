"""The data that multiprocessing keeps about a forked child's parent and about its own children."""

from __future__ import annotations

import os
from itertools import count
from multiprocessing import process as processes


class Relatives:
    """The data of multiprocessing about the relatives of each forked child: created once, in the parent."""

    __slots__ = ("numbers", "parent")

    def __init__(self, alive: int) -> None:
        """`alive` is readable when the parent has ended."""
        self.parent = processes._ParentProcess(  # type: ignore[attr-defined]  # there is no public way
            processes.current_process().name, os.getpid(), alive
        )
        self.numbers = count(1)
        """Numbers for the names of the child's own processes."""

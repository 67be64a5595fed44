"""The memory of a forked process that is its own: its peak, without the peak before its first step.

A forked process begins with the pages of the process that it was forked from, and its peak counts them.
"""

from __future__ import annotations

import mmap
import resource
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.supervise.surroundings import Surroundings

_CELL = 8


def peak() -> int:
    """The most bytes of this process that have been resident so far."""
    return max_rss_bytes(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def max_rss_bytes(ru_maxrss: int) -> int:
    """`ru_maxrss` in bytes: macOS counts bytes, every other system KiB."""
    return ru_maxrss if sys.platform == "darwin" else ru_maxrss * 1024


class FirstSteps:
    """The peaks of forked children before their first steps.

    Each child writes a cell of memory that is shared with them: so it is known of a child that is killed, too.
    """

    __slots__ = ("_cells",)

    def __init__(self, children: int) -> None:
        self._cells = memoryview(mmap.mmap(-1, max(children, 1) * _CELL)).cast("Q")

    def note(self, number: int) -> None:
        """Note in a child that this is its first step."""
        self._cells[number] = peak()

    def own(self, number: int, whole: int) -> int:
        """The bytes of a child's whole peak that are its own: none, if the child never came to its first step."""
        before = self._cells[number]
        return max(0, whole - before) if before else 0


def begin(around: Surroundings) -> None:
    """Take note of the peak so far, in a child that is about to do its first step."""
    if around.first_steps is not None:
        around.first_steps.note(around.number)
    elif around.parent is None:
        around.peak_before = peak()

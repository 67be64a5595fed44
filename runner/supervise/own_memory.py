"""The memory of a forked process that is its own: its peak, without what was resident at its first step.

A forked process begins with the pages of the process that it was forked from, and its peak counts them.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.supervise.surroundings import Surroundings

_CELL = 8
_PAGE = os.sysconf("SC_PAGE_SIZE")


def resident() -> int | None:
    """The bytes of this process that are resident; None where the system does not say."""
    try:
        statm = os.open("/proc/self/statm", os.O_RDONLY)
    except OSError:
        return None
    try:
        return int(os.read(statm, 64).split()[1]) * _PAGE
    finally:
        os.close(statm)


class FirstSteps:
    """What was resident in each forked child at its first step.

    Each child writes a cell of a file in memory: so it is known of a child that is killed, too.
    """

    __slots__ = ("_memory",)

    def __init__(self) -> None:
        has_both = hasattr(os, "memfd_create") and resident() is not None
        self._memory = os.memfd_create("run-jobs") if has_both else -1

    def note(self, number: int) -> None:
        """Note in a child that this is its first step; its descriptor of the file is closed."""
        if self._memory >= 0:
            os.pwrite(self._memory, (resident() or 0).to_bytes(_CELL, "little"), number * _CELL)
            os.close(self._memory)

    def own(self, number: int, peak: int) -> int:
        """The bytes of a child's peak that are its own: none, if the child never came to its first step."""
        if self._memory < 0:
            return peak
        at_first = int.from_bytes(os.pread(self._memory, _CELL, number * _CELL), "little")
        return max(0, peak - at_first) if at_first else 0


def begin(around: Surroundings) -> None:
    """Take note of what is resident, in a child that is about to do its first step."""
    if around.first_steps is not None:
        around.first_steps.note(around.number)
    elif around.parent is None:
        around.resident = resident() or 0

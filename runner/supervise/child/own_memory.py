"""Measure the peak memory of a forked process, without the memory inherited from its parent.

A forked process begins with the pages of the process that it was forked from, and its peak counts them.
"""

from __future__ import annotations

import mmap
import sys
from resource import RUSAGE_SELF, getrusage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.supervise.child.context import ChildContext

_CELL = 8


def peak() -> int:
    """Return the peak memory of this process so far, in bytes."""
    return max_rss_bytes(getrusage(RUSAGE_SELF).ru_maxrss)


def max_rss_bytes(ru_maxrss: int) -> int:
    """Return `ru_maxrss` in bytes: macOS counts bytes, every other system KiB."""
    return ru_maxrss if sys.platform == "darwin" else ru_maxrss * 1024


def first_steps(children: int) -> memoryview:
    """Return memory that forked children share: for each child the `ru_maxrss` that it had before its first step, or 0.

    So it is known even for a child that is killed.
    """
    return memoryview(mmap.mmap(-1, max(children, 1) * _CELL)).cast("Q")


def begin(around: ChildContext) -> None:
    """Store the peak so far, in a child that is about to do its first step."""
    if around.first_steps is not None:
        around.first_steps[around.number] = getrusage(RUSAGE_SELF).ru_maxrss  # a call of `peak` would copy pages
    elif around.parent is None:
        around.peak_before = peak()


def own(whole: int, before: int) -> int:
    """Return the part of a child's peak memory that is its own, with the stored peak `before`; 0 without a first
    step."""
    return max(0, whole - max_rss_bytes(before)) if before else 0

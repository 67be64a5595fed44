"""Linux's `prctl`, for the two things about a process that only it can set. Elsewhere `prctl` gives -1: it failed.

ctypes costs 10 ms and is imported with this module, by the supervisor: forked children have it.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

SET_PARENT_DEATH_SIGNAL = 1
"""Have the kernel send a signal to this process when the thread that started it ends. It never fires if the parent is
gone already: look after the call."""
SET_CHILD_SUBREAPER = 36
"""Become the parent of descendants whose own parent dies."""


def _load() -> Callable[..., int]:
    if not sys.platform.startswith("linux"):
        return lambda *_: -1
    import ctypes

    function: Callable[..., int] = ctypes.CDLL(None).prctl
    return function


prctl = _load()

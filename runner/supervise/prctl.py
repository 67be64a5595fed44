"""The two things about a process that only Linux's `prctl` can set. Elsewhere they do nothing and say so.

ctypes costs 10 ms; it is imported at the first call, which is the supervisor's, so that forked children have it.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_SET_PARENT_DEATH_SIGNAL = 1
_SET_CHILD_SUBREAPER = 36

_function: Callable[..., int] | None = None
"""The C function, loaded once in the supervisor; forked children have it."""


def die_with_parent(signal: int) -> bool:
    """Have the kernel send `signal` to this process when the thread that started it ends.

    It never fires if the parent is gone already: look after the call. False where there is no such thing.
    """
    return (_function or _load())(_SET_PARENT_DEATH_SIGNAL, signal) == 0


def adopt_orphans() -> bool:
    """Become the parent of descendants whose own parent dies (a subreaper). False where there is no such thing."""
    return (_function or _load())(_SET_CHILD_SUBREAPER, 1) == 0


def _load() -> Callable[..., int]:
    global _function  # noqa: PLW0603  # loading it in each child would cost more than calling it
    if not sys.platform.startswith("linux"):
        return lambda *_: -1
    import ctypes

    _function = ctypes.CDLL(None).prctl
    return _function

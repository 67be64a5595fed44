"""Call Linux's `prctl`. On other systems the function returns -1, as after a failure.

It is called by the C half of `ctypes`: the Python half creates dozens of types, and each fork would copy the page
tables of 40 pages more. It is loaded once in the supervisor, and so is present in forked children.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

SET_PARENT_DEATH_SIGNAL = 1
"""Have the kernel send a signal to this process when the thread that started it ends. The signal never comes if the
parent had ended before the call, so check the parent after the call."""
SET_CHILD_SUBREAPER = 36
"""Become the parent of descendants whose own parent dies."""


def _load() -> Callable[..., int]:
    if not sys.platform.startswith("linux"):
        return lambda *_: -1
    try:
        import _ctypes
    except ImportError:  # a Python without libffi
        return lambda *_: -1
    address = _ctypes.dlsym(_ctypes.dlopen(None, 0), "prctl")  # type: ignore[arg-type]  # None is ourselves
    return lambda *arguments: int(_ctypes.call_function(address, arguments))


prctl = _load()

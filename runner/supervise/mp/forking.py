"""Fork a process as `multiprocessing` does, for the processes that the supervisor forks itself."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextlib import AbstractContextManager

MAY_LOSE_THE_TRACKER = sys.version_info >= (3, 13)
"""Whether a fork may have to be announced for the child to keep the resource tracker: see `fork`."""
RAISES_AFTERWARDS = sys.version_info >= (3, 15)
"""From 3.15 `os.fork` raises a warning in the parent when the child already lives, and its pid is lost."""


def fork() -> int:
    """Fork this process; return 0 in the child, which shares this process's resource tracker, and its pid here.

    Since 3.13.18 and 3.14 a child closes its end of the tracker's pipe unless multiprocessing has announced the fork.
    Then the child would start another tracker, which removes the shared memory that the child created as soon as the
    child ends.
    """
    if not MAY_LOSE_THE_TRACKER:
        return os.fork()
    tracker = sys.modules.get("multiprocessing.resource_tracker")
    intent = getattr(tracker, "_fork_intent", None)  # there is no public way
    if intent is None:
        return os.fork()
    intent.preserve_fd = True
    try:
        with without_fork_warning():
            return os.fork()
    finally:
        intent.preserve_fd = False


def without_fork_warning() -> AbstractContextManager[object]:
    """Return a context in which a fork in a process with threads raises no warning: a note reports them."""
    if not RAISES_AFTERWARDS:
        return _AS_IT_IS
    import warnings

    return warnings.catch_warnings(action="ignore", category=DeprecationWarning)


_AS_IT_IS = nullcontext()
